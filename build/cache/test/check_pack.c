/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/pack.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

static void
put(struct arena *a, const char *rel, const char *text, mode_t mode)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), mode, &e) == 0,
	    "%s", e.msg);
}

static char *
at(struct arena *a, const char *rel)
{
	return arena_printf(a, "%s/%s", test_dir(), rel);
}

static void
pack_it(struct arena *a, const char *dir, const char *file)
{
	struct err e = { 0 };
	struct pack *p = pack_new(at(a, file), 1000, &e);

	ck_assert_msg(
	    p && pack_tree(p, at(a, dir), "out", &e) == 0 && pack_end(p, &e) == 0, "%s", e.msg);
}

static void
make_tree(struct arena *a, const char *dir, const char *first, const char *second)
{
	put(a, arena_printf(a, "%s/%s", dir, first), "text", 0444);
	put(a, arena_printf(a, "%s/%s", dir, second), "#!/bin/sh\n", 04555);
	ck_assert_int_eq(symlink("/nonexistent/../x", at(a, arena_printf(a, "%s/link", dir))), 0);
	put(a, arena_printf(a, "%s/tmp/f", dir), "", 0644);
	ck_assert_int_eq(chmod(at(a, arena_printf(a, "%s/tmp", dir)), 01555), 0);
}

/* whatever order and times the files have, plain and compressed; and back */
START_TEST(same_bytes_and_back)
{
	static const char *const files[][2] = { { "1.tar", "2.tar" },
		{ "1.tar.zst", "2.tar.zst" } };
	struct arena *a = arena_new();
	char one[DIGEST_HEX], two[DIGEST_HEX];
	struct err e = { 0 };

	make_tree(a, "x", "lib/a.h", "bin/b");
	make_tree(a, "z", "lib/a.h", "bin/b");
	ck_assert_int_eq(utime(at(a, "z/bin/b"), &(struct utimbuf){ 5, 5 }), 0);
	for (size_t i = 0; i < 2; i++) {
		pack_it(a, "x", files[i][0]);
		pack_it(a, "z", files[i][1]);
		ck_assert_int_eq(digest_file(at(a, files[i][0]), one, &e), 0);
		ck_assert_int_eq(digest_file(at(a, files[i][1]), two, &e), 0);
		ck_assert_str_eq(one, two);
	}
	ck_assert_int_eq(mkdir(at(a, "back"), 0755), 0);
	ck_assert_msg(
	    pack_open(at(a, "1.tar.zst"), at(a, "back"), false, UINT64_MAX, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(digest_tree(at(a, "x"), one, &e), 0);
	ck_assert_int_eq(digest_tree(at(a, "back/out"), two, &e), 0);
	ck_assert_str_eq(one, two);
	arena_free(a);
}
END_TEST

/* UTF-8 or not */
START_TEST(names_are_bytes)
{
	struct arena *a = arena_new();
	char one[DIGEST_HEX], two[DIGEST_HEX];
	struct err e = { 0 };

	put(a, "x/na\xc3\xafve", "1", 0644);
	put(a, "x/lat\xefn/\xff\xfe", "2", 0644);
	ck_assert_int_eq(symlink("na\xc3\xafve", at(a, "x/utf8-link")), 0);
	ck_assert_int_eq(symlink("lat\xefn", at(a, "x/link\xef")), 0);
	pack_it(a, "x", "1.tar");
	ck_assert_int_eq(mkdir(at(a, "back"), 0755), 0);
	ck_assert_msg(
	    pack_open(at(a, "1.tar"), at(a, "back"), false, UINT64_MAX, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(digest_tree(at(a, "x"), one, &e), 0);
	ck_assert_int_eq(digest_tree(at(a, "back/out"), two, &e), 0);
	ck_assert_str_eq(one, two);
	arena_free(a);
}
END_TEST

/* what an archive that is not ours may try */
static const struct {
	const char *name, *link; /* link: it is a symlink to there */
	bool hard;
	const char *then; /* a second entry, a file */
	const char *said; /* behind the archive's name; NULL: whatever it says, it fails */
	bool over;	  /* what is there is replaced */
} hostile[] = {
	{ "../up", NULL, false, NULL, ": refused: ../up: unsafe path or unsupported entry type",
	    false },
	{ "out/../../up", NULL, false, NULL,
	    ": refused: out/../../up: unsafe path or unsupported entry type", false },
	{ "/etc/lh-test", NULL, false, NULL,
	    ": refused: /etc/lh-test: unsafe path or unsupported entry type", false },
	{ "out/hard", "out/x", true, NULL,
	    ": refused: out/hard: unsafe path or unsupported entry type", false },
	{ "out/hard", "out/x", true, NULL,
	    ": refused: out/hard: unsafe path or unsupported entry type", true },
	{ "hard", "../d/there", true, NULL,
	    ": refused: hard: unsafe path or unsupported entry type", true },
	{ "hard", "/etc/passwd", true, NULL,
	    ": refused: hard: unsafe path or unsupported entry type", true },
	{ "here/hard", "link", true, NULL,
	    ": refused: here/hard: unsafe path or unsupported entry type", true },
	{ "hard", "here/link", true, NULL, ": refused: hard: unsafe path or unsupported entry type",
	    true },
	{ "hard", "here/there", true, NULL,
	    ": refused: hard: unsafe path or unsupported entry type", true },
	{ "../up", "there", true, NULL, ": refused: ../up: unsafe path or unsupported entry type",
	    true },
	{ "out", "..", false, "out/up", NULL, false },
};

START_TEST(hostile_archives)
{
	struct arena *a = arena_new();
	char *file = at(a, "evil.tar");
	struct archive *ar = archive_write_new();
	struct archive_entry *en = archive_entry_new();
	struct err e = { 0 };

	archive_write_set_format_pax_restricted(ar);
	ck_assert_int_eq(archive_write_open_filename(ar, file), ARCHIVE_OK);
	archive_entry_set_pathname(en, hostile[_i].name);
	archive_entry_set_filetype(en, hostile[_i].link && !hostile[_i].hard ? AE_IFLNK : AE_IFREG);
	archive_entry_set_perm(en, 0644);
	archive_entry_set_size(en, 0);
	if (hostile[_i].hard)
		archive_entry_set_hardlink(en, hostile[_i].link);
	else if (hostile[_i].link)
		archive_entry_set_symlink(en, hostile[_i].link);
	ck_assert_int_eq(archive_write_header(ar, en), ARCHIVE_OK);
	if (hostile[_i].then) {
		archive_entry_clear(en);
		archive_entry_set_pathname(en, hostile[_i].then);
		archive_entry_set_filetype(en, AE_IFREG);
		archive_entry_set_perm(en, 0644);
		archive_entry_set_size(en, 0);
		ck_assert_int_eq(archive_write_header(ar, en), ARCHIVE_OK);
	}
	archive_entry_free(en);
	archive_write_free(ar);

	ck_assert_int_eq(mkdir(at(a, "d"), 0755), 0);
	ck_assert_int_eq(file_write(at(a, "d/there"), "x", 1, 0644, &e), 0);
	ck_assert_int_eq(symlink("/etc/passwd", at(a, "d/link")), 0);
	ck_assert_int_eq(symlink(".", at(a, "d/here")), 0);
	ck_assert_int_eq(pack_open(file, at(a, "d"), hostile[_i].over, UINT64_MAX, &e), -1);
	if (hostile[_i].said)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", file, hostile[_i].said));
	ck_assert(!file_exists(at(a, "up")) && !file_exists("/etc/lh-test"));
	arena_free(a);
}
END_TEST

START_TEST(nothing_half_done)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct pack *p = pack_new(at(a, "x.tar"), 0, &e);
	char **names;
	size_t n;

	ck_assert_ptr_nonnull(p);
	/* what is left of one whose writer is killed is known for that by its name */
	ck_assert_int_eq(file_names(a, test_dir(), true, &names, &n, &e), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_msg(file_is_half_made(names[0]), "%s", names[0]);
	ck_assert_int_eq(pack_add(p, at(a, "absent"), "absent", &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: No such file or directory", at(a, "absent")));
	pack_abandon(p);
	ck_assert(!file_exists(at(a, "x.tar")));
	ck_assert_ptr_null(pack_new(at(a, "nowhere/x.tar"), 0, &e));
	arena_free(a);
}
END_TEST

Suite *
pack_suite(void)
{
	Suite *s = suite_of("pack",
	    (const TTest *[]){ same_bytes_and_back, names_are_bytes, nothing_half_done, NULL });

	tcase_add_loop_test(
	    harness_case(s, "hostile"), hostile_archives, 0, sizeof hostile / sizeof *hostile);
	return s;
}
