/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/unpack.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHEN 1234567890

/* one entry of an archive that is made for a test; an entry without a name ends the list */
struct item {
	const char *name;
	mode_t type; /* AE_IF*; 0: a hard link */
	mode_t mode;
	const char *text; /* content, or target */
};

/* writes test_dir()/NAME, with the filter that its name asks for */
static char *
make_archive(struct arena *a, const char *name, const struct item *items)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), name);
	struct archive *ar = archive_write_new();

	archive_write_set_format_gnutar(ar);
	if (strstr(name, ".gz"))
		archive_write_add_filter_gzip(ar);
	else if (strstr(name, ".bz2"))
		archive_write_add_filter_bzip2(ar);
	else if (strstr(name, ".xz"))
		archive_write_add_filter_xz(ar);
	ck_assert_int_eq(archive_write_open_filename(ar, path), ARCHIVE_OK);
	for (; items->name; items++) {
		struct archive_entry *en = archive_entry_new();

		archive_entry_set_pathname(en, items->name);
		archive_entry_set_perm(en, items->mode);
		archive_entry_set_mtime(en, WHEN, 0);
		archive_entry_set_uid(en, 4711);
		archive_entry_set_filetype(en, items->type ? items->type : AE_IFREG);
		if (!items->type)
			archive_entry_set_hardlink(en, items->text);
		else if (items->type == AE_IFLNK)
			archive_entry_set_symlink(en, items->text);
		else if (items->type == AE_IFREG)
			archive_entry_set_size(en, (la_int64_t)strlen(items->text));
		ck_assert_int_eq(archive_write_header(ar, en), ARCHIVE_OK);
		if (items->type == AE_IFREG)
			archive_write_data(ar, items->text, strlen(items->text));
		archive_entry_free(en);
	}
	ck_assert_int_eq(archive_write_close(ar), ARCHIVE_OK);
	archive_write_free(ar);
	return path;
}

static const struct item good[] = {
	{ "pkg-1", AE_IFDIR, 0700, NULL },
	{ "pkg-1/configure", AE_IFREG, 04775, "#!/bin/sh\n" },
	{ "pkg-1/empty", AE_IFREG, 0, "" },
	{ "pkg-1/./src//main.c", AE_IFREG, 0666,
	    "int main(void);\n" }, /* whose folder no entry names */
	{ "pkg-1/src/deep/up", AE_IFLNK, 0777, "../../configure" },
	{ "pkg-1/src/beside", AE_IFLNK, 0777, "./main.c" },
	{ "pkg-1/loop", AE_IFLNK, 0777, "loop" },
	{ "pkg-1/hard", 0, 0644, "pkg-1/src/main.c" },
	{ "pkg-1/src/hard2", 0, 0644, "pkg-1/hard" },
	{ "pkg-1/src/linked", 0, 0777, "pkg-1/loop" },
	{ "pkg-1/caf\303\251", AE_IFREG, 0644, "a name that is not ASCII\n" },
	{ "pkg-1/twice", AE_IFREG, 0644, "the first\n" },
	{ "pkg-1/twice", AE_IFREG, 0644, "the second\n" },
	{ "pkg-1/link-first", AE_IFLNK, 0777, "configure" },
	{ "pkg-1/link-first", AE_IFREG, 0644, "then a file\n" },
	{ NULL, 0, 0, NULL },
};

static const struct result {
	const char *path;
	mode_t mode;
	const char *text; /* content or target; NULL: a folder */
} results[] = {
	{ ".", S_IFDIR | 0755, NULL },
	{ "configure", S_IFREG | 0755, "#!/bin/sh\n" },
	{ "empty", S_IFREG | 0644, "" },
	{ "src", S_IFDIR | 0755, NULL },
	{ "src/main.c", S_IFREG | 0644, "int main(void);\n" },
	{ "src/deep", S_IFDIR | 0755, NULL },
	{ "src/deep/up", S_IFLNK | 0777, "../../configure" },
	{ "src/beside", S_IFLNK | 0777, "./main.c" },
	{ "loop", S_IFLNK | 0777, "loop" },
	{ "hard", S_IFREG | 0644, "int main(void);\n" },
	{ "src/hard2", S_IFREG | 0644, "int main(void);\n" },
	{ "src/linked", S_IFLNK | 0777, "loop" },
	{ "caf\303\251", S_IFREG | 0644, "a name that is not ASCII\n" },
	{ "twice", S_IFREG | 0644, "the second\n" },
	{ "link-first", S_IFREG | 0644, "then a file\n" },
};

static int
count(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)rel, (void)st, (void)e;
	++*(size_t *)arg;
	return 0;
}

static const char *const kinds[] = { "pkg.tar", "pkg.tar.gz", "pkg.tar.bz2", "pkg.tar.xz",
	"xz-without-its-name" };

START_TEST(formats)
{
	struct arena *a = arena_new();
	char *dir = arena_printf(a, "%s/out/src", test_dir()),
	     *path = make_archive(a, kinds[_i], good);
	struct err e = { 0 };
	size_t n = 1;

	umask(077); /* which must not matter */
	ck_assert_msg(unpack(path, dir, 1, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		const struct result *r = &results[i];
		char *at = arena_printf(a, "%s/%s", dir, r->path), *text, target[64] = "";
		struct stat st;

		if (i == 0)
			continue;
		ck_assert_msg(lstat(at, &st) == 0, "%s", r->path);
		ck_assert_msg(st.st_mode == r->mode, "%s: mode %o", r->path, st.st_mode);
		ck_assert_uint_eq(st.st_uid, geteuid());
		if (r->text)
			ck_assert_int_eq(st.st_mtime, WHEN);
		if (S_ISREG(st.st_mode)) {
			ck_assert_int_eq(file_read(a, at, &text, NULL, &e), 0);
			ck_assert_str_eq(text, r->text);
		} else if (S_ISLNK(st.st_mode)) {
			ck_assert_int_gt(readlink(at, target, sizeof target - 1), 0);
			ck_assert_str_eq(target, r->text);
		}
	}
	ck_assert_int_eq(file_walk(dir, count, &n, &e), 0);
	ck_assert_uint_eq(n, sizeof results / sizeof *results); /* and nothing else */
	arena_free(a);
}
END_TEST

/* a name of 260 bytes */
#define TWENTY "aaaaaaaaaabbbbbbbbbb"
#define LONG                                                                                       \
	TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY

/*
 * archives that want out.  %O is the folder outside, absolute; what is expected behind "ARCHIVE:
 * refused: "
 */
static const struct hostile {
	struct item items[4];
	unsigned strip;
	const char *why;
} hostiles[] = {
	{ { { "/etc/passwd", AE_IFREG, 0644, "x" } }, 0, "/etc/passwd: absolute name" },
	{ { { "%O/victim", AE_IFREG, 0644, "x" } }, 0, "%O/victim: absolute name" },
	{ { { "%O/victim", AE_IFREG, 0644, "x" } }, 1, "%O/victim: absolute name" },
	{ { { "../outside/victim", AE_IFREG, 0644, "x" } }, 0, "../outside/victim: name with .." },
	{ { { "../outside/victim", AE_IFREG, 0644, "x" } }, 1, "../outside/victim: name with .." },
	{ { { "a/b/../../../outside/victim", AE_IFREG, 0644, "x" } }, 0,
	    "a/b/../../../outside/victim: name with .." },
	{ { { "a/..", AE_IFDIR, 0755, NULL } }, 0, "a/../: name with .." },
	{ { { "a/..", AE_IFLNK, 0777, "b" } }, 1, "a/..: name with .." },
	/* symlinks that lead outside */
	{ { { "out", AE_IFLNK, 0777, "%O" } }, 0, "out: symlink to an absolute name" },
	{ { { "out", AE_IFLNK, 0777, "../outside" } }, 0, "out: symlink that points outside" },
	{ { { "a/out", AE_IFLNK, 0777, "../../outside" } }, 0,
	    "a/out: symlink that points outside" },
	{ { { "a/b/out", AE_IFLNK, 0777, "../../../outside" } }, 1,
	    "a/b/out: symlink that points outside" },
	{ { { "a/out", AE_IFLNK, 0777, "././/..//../outside" } }, 0,
	    "a/out: symlink that points outside" },
	{ { { "here", AE_IFLNK, 0777, "." }, { "out", AE_IFLNK, 0777, "here/../outside" } }, 0,
	    "out: symlink with .. after a name" },
	{ { { "a", AE_IFDIR, 0755, NULL }, { "a/up", AE_IFLNK, 0777, ".." },
	      { "out", AE_IFLNK, 0777, "a/up/../outside" } },
	    0, "out: symlink with .. after a name" },
	/* symlinks that lead inside, but are not to be written through */
	{ { { "b", AE_IFDIR, 0755, NULL }, { "a", AE_IFLNK, 0777, "b" },
	      { "a/victim", AE_IFREG, 0644, "x" } },
	    0, "a/victim: passes through a symlink" },
	{ { { "a", AE_IFLNK, 0777, "b" }, { "a", AE_IFDIR, 0755, NULL } }, 0,
	    "a/: passes through a symlink" },
	{ { { "a", AE_IFREG, 0644, "x" }, { "a/b", AE_IFREG, 0644, "x" } }, 0,
	    "a/b: passes through a file" },
	{ { { "d/x", AE_IFREG, 0644, "x" }, { "d", AE_IFLNK, 0777, "e" } }, 0,
	    "d: a folder of that name exists already" },
	{ { { "d/x", AE_IFREG, 0644, "x" }, { "d", AE_IFREG, 0644, "x" } }, 0,
	    "d: a folder of that name exists already" },
	/* hard links */
	{ { { "a", 0, 0644, "%O/victim" } }, 0, "a: hard link to an absolute name" },
	{ { { "a", 0, 0644, "../outside/victim" } }, 0, "a: hard link to a name with .." },
	{ { { "d/a", 0, 0644, "victim" } }, 1, "d/a: hard link to a file that is not unpacked" },
	{ { { "a", 0, 0644, "nothing" } }, 0,
	    "a: hard link to a file that is not in this archive" },
	{ { { "d/l", AE_IFLNK, 0777, "../x" }, { "a", 0, 0644, "d/l" } }, 0,
	    "a: symlink that points outside" },
	{ { { "d", AE_IFDIR, 0755, NULL }, { "l", AE_IFLNK, 0777, "d" },
	      { "a", 0, 0644, "l/victim" } },
	    0, "a: passes through a symlink" },
	{ { { "d", AE_IFDIR, 0755, NULL }, { "a", 0, 0644, "d" } }, 0,
	    "a: hard link to a file that is not in this archive" },
	{ { { LONG, AE_IFREG, 0644, "x" } }, 0, LONG ": name too long" },
	{ { { LONG, AE_IFDIR, 0755, NULL } }, 0, LONG "/: name too long" },
	/* what a source tree has no use for */
	{ { { "null", AE_IFCHR, 0666, NULL } }, 0, "null: a device" },
	{ { { "sda", AE_IFBLK, 0666, NULL } }, 0, "sda: a device" },
	{ { { "pipe", AE_IFIFO, 0666, NULL } }, 0, "pipe: a fifo" },
	{ { { "pipe", AE_IFIFO, 0666, NULL } }, 1, "pipe: a fifo" },
};

static const char *
outside(struct arena *a, const char *text)
{
	const char *s = text ? strstr(text, "%O") : NULL;

	return s ? arena_printf(a, "%.*s%s/outside%s", (int)(s - text), text, test_dir(), s + 2)
		 : text;
}

START_TEST(refused)
{
	const struct hostile *h = &hostiles[_i];
	struct arena *a = arena_new();
	struct item items[5];
	char *path, before[DIGEST_HEX], after[DIGEST_HEX];
	const char *dir = arena_printf(a, "%s/tree", test_dir()),
		   *out = arena_printf(a, "%s/outside", test_dir());
	struct err e = { 0 };

	memcpy(items, h->items, sizeof h->items);
	items[4].name = NULL;
	for (struct item *it = items; it->name; it++) {
		it->name = outside(a, it->name);
		it->text = outside(a, it->text);
	}
	path = make_archive(a, "hostile.tar", items);
	ck_assert_int_eq(file_mkdirs(out, 0755, &e), 0);
	ck_assert_int_eq(file_write(arena_printf(a, "%s/victim", out), "safe\n", 5, 0644, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/victim", test_dir()), "safe\n", 5, 0644, &e), 0);
	ck_assert_int_eq(digest_tree(out, before, &e), 0);
	ck_assert_int_eq(unpack(path, dir, h->strip, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: refused: %s", path, outside(a, h->why)));
	ck_assert_int_eq(digest_tree(out, after, &e), 0);
	ck_assert_str_eq(before, after);
	/* beside the tree there is what there was */
	ck_assert_int_eq(file_remove(dir, &e), 0);
	ck_assert_int_eq(file_remove(path, &e), 0);
	ck_assert_int_eq(file_remove(out, &e), 0);
	ck_assert_int_eq(unlink(arena_printf(a, "%s/victim", test_dir())), 0);
	ck_assert_int_eq(rmdir(test_dir()), 0);
	ck_assert_int_eq(mkdir(test_dir(), 0700), 0);
	arena_free(a);
}
END_TEST

/* a symlink that was in the folder before is as bad as one from the archive */
START_TEST(symlink_waits_in_folder)
{
	struct arena *a = arena_new();
	static const struct item items[] = { { "a/victim", AE_IFREG, 0644, "x" },
		{ NULL, 0, 0, NULL } };
	char *path = make_archive(a, "a.tar", items), *dir = arena_printf(a, "%s/tree", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	ck_assert_int_eq(symlink(test_dir(), arena_printf(a, "%s/a", dir)), 0);
	ck_assert_int_eq(unpack(path, dir, 0, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s: refused: a/victim: passes through a symlink", path));
	ck_assert(!file_exists(arena_printf(a, "%s/victim", test_dir())));
	arena_free(a);
}
END_TEST

/*
 * cut: bytes that are left of the archive, -1: all; flip: byte that is turned over, below 0:
 * counted from the end; 0: none
 */
static const struct damage {
	const char *name;
	long cut, flip;
	const char *why; /* behind "ARCHIVE: " */
} damages[] = {
	{ "a.tar.gz", 60, 0, "damaged, or not a tar archive: truncated gzip input" },
	{ "a.tar.xz", 60, 0,
	    "damaged, or not a tar archive: Unrecognized archive format" }, /* xz(1) gives nothing
									     */
	{ "a.tar.xz", -1, 100, NULL },
	{ "a.tar.xz", -1, -1,
	    "damaged, or made to need more than 1GiB of memory: xz cannot decode it" }, /* behind
											   the last
											   byte of
											   the tar
											 */
	{ "a.tar", 700, 0,
	    "damaged, or not a tar archive: Truncated input file (needed 488 bytes, only 164 "
	    "available)" },
	{ "a.tar", 10, 0, "damaged, or not a tar archive: Unrecognized archive format" },
	{ "a.tar", 0, 0, "damaged, or not a tar archive: Unrecognized archive format" },
};

START_TEST(damaged)
{
	const struct damage *d = &damages[_i];
	struct arena *a = arena_new();
	char *text = arena_alloc(a, 20001), *path, *bytes;
	unsigned x = 1;
	struct item items[] = { { "pkg/a", AE_IFREG, 0644, "some text to begin with\n" },
		{ "pkg/b", AE_IFREG, 0644, text }, { NULL, 0, 0, NULL } };
	struct err e = { 0 };
	size_t n;

	for (size_t i = 0; i < 20000; i++)
		text[i] = (char)(' ' + ((x = x * 1103515245u + 12345u) >> 16) % 90);
	path = make_archive(a, d->name, items);
	ck_assert_int_eq(file_read(a, path, &bytes, &n, &e), 0);
	if (d->flip)
		bytes[d->flip > 0 ? (size_t)d->flip : n - (size_t)-d->flip] ^= 1;
	ck_assert_int_eq(file_write(path, bytes, d->cut >= 0 ? (size_t)d->cut : n, 0644, &e), 0);
	ck_assert_int_eq(unpack(path, arena_printf(a, "%s/tree", test_dir()), 1, &e), -1);
	if (d->why)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s: %s", path, d->why));
	else
		ck_assert_msg(strstr(e.msg, "damaged") != NULL, "%s", e.msg);
	arena_free(a);
}
END_TEST

START_TEST(not_there)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/none.tar", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(unpack(path, test_dir(), 1, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: No such file or directory", path));
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	arena_free(a);
}
END_TEST

/* what is asked of the archive of good[], and how many files, folders and links it gives */
static const struct {
	const char *only[2];
	size_t n;
	const char *there, *lacking; /* NULL lacking: it is no error */
} some[] = {
	{ { "src/deep", "tw*" }, 4, "src/deep/up", NULL },
	{ { "src/main.c", "src/?eep" }, 4, "src/main.c", NULL },
	{ { "*/deep" }, 3, "src/deep/up", NULL },
	{ { "*" }, 14, "configure", NULL },
	{ { "src/main.c", "*.c" }, 0, NULL, "*.c" },
	{ { "src/deep", "srd" }, 0, NULL, "srd" },
};

/* what is unpacked is what was pinned, or nothing is */
START_TEST(pinned)
{
	struct arena *a = arena_new();
	char *path = make_archive(a, kinds[_i], good), *dir = arena_printf(a, "%s/src", test_dir());
	char is[DIGEST_HEX], other[DIGEST_HEX];
	struct err e = { 0 };

	ck_assert_int_eq(digest_file(path, is, &e), 0);
	digest_bytes("", 0, other);
	ck_assert_int_eq(
	    unpack_with(path, dir, &(struct unpack_opts){ .sha256 = other, .strip = 1 }, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: sha256 is %s, expected %s", path, is, other));
	ck_assert(!file_exists(dir));
	ck_assert_msg(
	    unpack_with(path, dir, &(struct unpack_opts){ .sha256 = is, .strip = 1 }, &e) == 0,
	    "%s", e.msg);
	ck_assert(file_exists(arena_printf(a, "%s/configure", dir)));
	arena_free(a);
}
END_TEST

/* little that becomes much: one file, many files, a file of holes */
static const struct bomb {
	const char *name;
	size_t files;
	la_int64_t size; /* of each */
	bool hole;
	unsigned most;
	bool fits;
} bombs[] = {
	{ "bomb.tar.gz", 1, 3 << 20, false, 2, false },
	{ "bomb.tar.xz", 1, 3 << 20, false, 2, false },
	{ "bomb.tar.gz", 1, 3 << 20, false, 4, true },
	{ "bomb.tar.gz", 1, 3 << 20, false, 0, true },
	{ "many.tar.gz", 5000, 0, false, 2, false },
	{ "many.tar.gz", 3000, 0, false, 2, true },
	{ "hole.tar", 1, INT64_C(1) << 42, true, 1024, false },
};

static char *
make_bomb(struct arena *a, const struct bomb *b)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), b->name),
	     *zeros = arena_alloc(a, 1 << 20);
	struct archive *ar = archive_write_new();

	if (b->hole) {
		archive_write_free(ar);
		ck_assert_int_eq(
		    system(arena_printf(a,
			"cd %s && mkdir pkg && truncate -s %jd pkg/hole && tar -cSf %s pkg",
			test_dir(), (intmax_t)b->size, b->name)),
		    0);
		return path;
	}
	memset(zeros, 0, 1 << 20);
	archive_write_set_format_pax(ar);
	if (strstr(b->name, ".gz"))
		archive_write_add_filter_gzip(ar);
	else if (strstr(b->name, ".xz"))
		archive_write_add_filter_xz(ar);
	ck_assert_int_eq(archive_write_open_filename(ar, path), ARCHIVE_OK);
	for (size_t i = 0; i < b->files; i++) {
		struct archive_entry *en = archive_entry_new();

		archive_entry_set_pathname(en, arena_printf(a, "pkg/%zu", i));
		archive_entry_set_filetype(en, AE_IFREG);
		archive_entry_set_perm(en, 0644);
		archive_entry_set_size(en, b->size);
		ck_assert_int_eq(archive_write_header(ar, en), ARCHIVE_OK);
		for (la_int64_t n = 0; n < b->size; n += 1 << 20)
			archive_write_data(ar, zeros, 1 << 20);
		archive_entry_free(en);
	}
	archive_write_close(ar);
	archive_write_free(ar);
	return path;
}

START_TEST(bounded)
{
	const struct bomb *b = &bombs[_i];
	struct arena *a = arena_new();
	char *path = make_bomb(a, b), *dir = arena_printf(a, "%s/src", test_dir());
	struct unpack_look look = { .path = "absent" };
	struct err e = { 0 };
	int r = unpack_with(path, dir, &(struct unpack_opts){ .strip = 1, .most = b->most }, &e);

	ck_assert_msg(r == (b->fits ? 0 : -1), "%s", e.msg);
	if (!b->fits)
		ck_assert_str_eq(e.msg,
		    arena_printf(a,
			"%s: refused: unpacks to more than the %u MiB of UNPACK_LIMIT; raise it if "
			"this source is so large",
			path, b->most));
	ck_assert_int_eq(unpack_look(path, 1, b->most, &look, 1, &e), r);
	arena_free(a);
}
END_TEST

/* options of xz(1) come from the environment, too */
START_TEST(no_options_of_ours)
{
	static const struct item items[] = { { "pkg/a", AE_IFREG, 0644, "x" },
		{ NULL, 0, 0, NULL } };
	struct arena *a = arena_new();
	char *path = make_archive(a, "a.tar.xz", items),
	     *dir = arena_printf(a, "%s/src", test_dir());
	struct err e = { 0 };

	setenv("XZ_OPT", "--memlimit-decompress=1", 1);
	ck_assert_msg(unpack(path, dir, 1, &e) == 0, "%s", e.msg);
	ck_assert(file_exists(arena_printf(a, "%s/a", dir)));
	arena_free(a);
}
END_TEST

START_TEST(only_some)
{
	struct arena *a = arena_new();
	char *path = make_archive(a, "pkg.tar", good), *dir = arena_printf(a, "%s/src", test_dir());
	size_t n = 0;
	struct err e = { 0 };
	int r = unpack_with(path, dir,
	    &(struct unpack_opts){
		.strip = 1, .only = some[_i].only, .nonly = some[_i].only[1] ? 2 : 1 },
	    &e);

	if (some[_i].lacking) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a, "%s: no entry matches %s, which the recipe unpacks",
			       path, some[_i].lacking));
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_int_eq(file_walk(dir, count, &n, &e), 0);
		ck_assert_uint_eq(n, some[_i].n);
		ck_assert(file_exists(arena_printf(a, "%s/%s", dir, some[_i].there)));
	}
	arena_free(a);
}
END_TEST

/* without xz(1) the library decodes, with the same result */
START_TEST(without_xz_program)
{
	struct arena *a = arena_new();
	char *path = make_archive(a, "pkg.tar.xz", good), with[DIGEST_HEX], without[DIGEST_HEX];
	char *one = arena_printf(a, "%s/one", test_dir()),
	     *two = arena_printf(a, "%s/two", test_dir());
	struct err e = { 0 };

	ck_assert_msg(unpack(path, one, 1, &e) == 0, "%s", e.msg);
	setenv("PATH", "/nonexistent", 1);
	ck_assert_msg(unpack(path, two, 1, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(digest_tree(one, with, &e), 0);
	ck_assert_int_eq(digest_tree(two, without, &e), 0);
	ck_assert_str_eq(with, without);
	arena_free(a);
}
END_TEST

/* what is all zeros takes no room, and its end may be a hole */
START_TEST(sparse_files)
{
	struct arena *a = arena_new();
	char *command = arena_printf(a,
	    "cd %s && printf start >sparse && truncate -s 3M sparse && printf end >>sparse && "
	    "truncate -s 5M sparse && tar -S -cf s.tar sparse",
	    test_dir());
	char *path = arena_printf(a, "%s/out/sparse", test_dir()), was[DIGEST_HEX], is[DIGEST_HEX];
	struct stat st;
	struct err e = { 0 };

	ck_assert_int_eq(system(command), 0);
	ck_assert_msg(unpack(arena_printf(a, "%s/s.tar", test_dir()),
			  arena_printf(a, "%s/out", test_dir()), 0, &e) == 0,
	    "%s", e.msg);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 5 << 20);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	ck_assert_int_eq(digest_file(arena_printf(a, "%s/sparse", test_dir()), was, &e), 0);
	ck_assert_int_eq(digest_file(path, is, &e), 0);
	ck_assert_str_eq(was, is);
	arena_free(a);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* only what is asked for is looked at, wherever it stands; a link or folder of that name is no file
 */
START_TEST(looks)
{
	static const char *const names[] = { "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz" };
	static const struct item items[] = {
		{ "top/COPYING", AE_IFREG, 0644, "first" },
		{ "top/link", AE_IFLNK, 0777, "COPYING" },
		{ "top/doc/", AE_IFDIR, 0755, NULL },
		{ "./top/doc/more", AE_IFREG, 0600, "" },
		{ NULL, 0, 0, NULL },
	};
	struct unpack_look v[] = { { .path = "doc/more" }, { .path = "COPYING" },
		{ .path = "link" }, { .path = "doc" }, { .path = "top/COPYING" } };
	struct arena *a = arena_new();
	char first[DIGEST_HEX], empty[DIGEST_HEX], *path = make_archive(a, names[_i], items);
	struct buf text = { 0 };
	struct err e = { 0 };

	digest_bytes("first", 5, first);
	digest_bytes("", 0, empty);
	for (size_t n = 1; n <= 5;
	     n++) { /* the first two are all that has to be found; the others are not there */
		buf_clear(&text);
		v[1].text = &text;
		ck_assert_msg(unpack_look(path, 1, 0, v, n, &e) == 0, "%s", e.msg);
		for (size_t i = 0; i < n; i++)
			ck_assert_str_eq(v[i].sha256, i == 0 ? empty : i == 1 ? first : "");
	}
	ck_assert_str_eq(text.p, "first");
	buf_free(&text);
	ck_assert_int_eq(unpack_look(arena_printf(a, "%s/absent", test_dir()), 1, 0, v, 1, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s/absent: No such file or directory", test_dir()));
	arena_free(a);
}
END_TEST

Suite *
unpack_suite(void)
{
	Suite *s =
	    suite_of("unpack", (const TTest *[]){ symlink_waits_in_folder, not_there,
				   without_xz_program, sparse_files, no_options_of_ours, NULL });
	TCase *tc = harness_case(s, "archives");

	tcase_add_loop_test(tc, formats, 0, COUNT(kinds));
	tcase_add_loop_test(tc, pinned, 0, COUNT(kinds));
	tcase_add_loop_test(tc, only_some, 0, COUNT(some));
	tcase_add_loop_test(tc, refused, 0, COUNT(hostiles));
	tcase_add_loop_test(tc, damaged, 0, COUNT(damages));
	tcase_add_loop_test(tc, looks, 0, 4);
	tcase_add_loop_test(tc, bounded, 0, COUNT(bombs));
	return s;
}
