/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/checkpoint.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char key[] = "node target/x\nsection build b1\nsection install i1\ntool gcc 12\n";

static struct checkpoint
of(struct arena *a, const char *name, const char *key_text)
{
	return (struct checkpoint){ .dir = arena_printf(a, "%s/checkpoints/i486", test_dir()),
		.name = name,
		.key_text = key_text };
}

static void
put(struct arena *a, const char *rel, const char *text, mode_t mode)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), mode, &e) == 0,
	    "%s", e.msg);
}

static struct stat
stat_of(struct arena *a, const char *rel)
{
	struct stat st;

	ck_assert_int_eq(lstat(arena_printf(a, "%s/%s", test_dir(), rel), &st), 0);
	return st;
}

/* a work folder whose src/made says what is told */
static char *
work(struct arena *a, const char *name, const char *made)
{
	char *dir = arena_printf(a, "%s/%s", test_dir(), name);
	struct err e = { 0 };

	put(a, arena_printf(a, "%s/src/made", name), made, 0640);
	ck_assert_int_eq(file_mkdirs(arena_printf(a, "%s/out", dir), 0755, &e) |
			     file_mkdirs(arena_printf(a, "%s/links", dir), 0755, &e),
	    0);
	return dir;
}

static void
keep(struct arena *a, const struct checkpoint *c, const char *made)
{
	static unsigned n;
	char *dir = work(a, arena_printf(a, "w%u", n++), made);
	struct err e = { 0 };

	ck_assert_msg(checkpoint_keep(c, dir, &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(arena_printf(a, "%s/checkpoint.zst", dir)));
}

static char *
restored(struct arena *a, const struct checkpoint *c, const char *name)
{
	char *dir = arena_printf(a, "%s/%s", test_dir(), name), *text, *taken;
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	taken = checkpoint_take(a, c, dir);
	ck_assert_ptr_nonnull(taken);
	ck_assert_msg(checkpoint_restore(c, taken, dir, &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(taken));
	ck_assert_msg(
	    file_read(a, arena_printf(a, "%s/src/made", dir), &text, NULL, &e) == 0, "%s", e.msg);
	return text;
}

static size_t
files(struct arena *a)
{
	return test_entries(arena_printf(a, "%s/checkpoints/i486", test_dir()));
}

/* bytes, modes, links, and times to the nanosecond, of folders too */
START_TEST(as_it_was)
{
	static const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ 1700000000, 123456789 } };
	static const char *const same[] = { "src/made", "src/tool", "src/deep", "src/pipe", "out" };
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "object"), target[16];
	struct err e = { 0 };

	put(a, "w/src/tool", "#!/bin/sh\n", 0700);
	put(a, "w/src/deep/er/file", "", 0444);
	ck_assert_int_eq(
	    link(arena_printf(a, "%s/src/tool", dir), arena_printf(a, "%s/src/deep/twin", dir)), 0);
	ck_assert_int_eq(symlink("deep/er", arena_printf(a, "%s/src/link", dir)), 0);
	ck_assert_int_eq(mkfifo(arena_printf(a, "%s/src/pipe", dir), 0640), 0);
	ck_assert_int_eq(chmod(arena_printf(a, "%s/src/deep", dir), 0555), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, arena_printf(a, "%s/src/made", dir), times, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, arena_printf(a, "%s/src/deep", dir), times, 0), 0);
	ck_assert_msg(checkpoint_keep(&c, dir, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(restored(a, &c, "again"), "object");
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		struct stat was = stat_of(a, arena_printf(a, "w/%s", same[i])),
			    is = stat_of(a, arena_printf(a, "again/%s", same[i]));

		ck_assert_uint_eq(was.st_mode, is.st_mode);
		ck_assert_int_eq(was.st_mtim.tv_sec, is.st_mtim.tv_sec);
		ck_assert_int_eq(was.st_mtim.tv_nsec, is.st_mtim.tv_nsec);
	}
	ck_assert_uint_eq(
	    stat_of(a, "again/src/tool").st_ino, stat_of(a, "again/src/deep/twin").st_ino);
	ck_assert_int_eq(stat_of(a, "again/src/tool").st_size, 10);
	ck_assert_int_eq(
	    readlink(arena_printf(a, "%s/again/src/link", test_dir()), target, sizeof target), 7);
	arena_free(a);
}
END_TEST

/* a hole takes no room, and what has two names has two */
START_TEST(holes_and_twins)
{
	static const off_t size = 50 << 20;
	static const char *const twins[][2] = { { "link", "deep/link" }, { "pipe", "pipe-too" },
		{ "end", "end-too" } };
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "object"), *text;
	struct err e = { 0 };
	size_t n;

	put(a, "w/src/end", "begins", 0644);
	put(a, "w/src/start", "", 0644);
	put(a, "w/src/hole", "", 0644);
	put(a, "w/src/deep/file", "", 0644);
	ck_assert_int_eq(truncate(arena_printf(a, "%s/src/end", dir), size), 0);
	ck_assert_int_eq(truncate(arena_printf(a, "%s/src/hole", dir), size), 0);
	ck_assert_int_eq(
	    system(arena_printf(a,
		"printf 'ends' | dd of=%s/src/start bs=1 seek=%jd conv=notrunc status=none", dir,
		(intmax_t)size)),
	    0);
	ck_assert_int_eq(symlink("nowhere", arena_printf(a, "%s/src/link", dir)), 0);
	ck_assert_int_eq(mkfifo(arena_printf(a, "%s/src/pipe", dir), 0640), 0);
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
		ck_assert_int_eq(linkat(AT_FDCWD, arena_printf(a, "%s/src/%s", dir, twins[i][0]),
				     AT_FDCWD, arena_printf(a, "%s/src/%s", dir, twins[i][1]), 0),
		    0);
	ck_assert_msg(checkpoint_keep(&c, dir, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(restored(a, &c, "again"), "object");
	ck_assert_int_eq(stat_of(a, "again/src/end").st_size, size);
	ck_assert_int_eq(stat_of(a, "again/src/hole").st_size, size);
	ck_assert_int_eq(stat_of(a, "again/src/start").st_size, size + 4);
	ck_assert_int_lt(stat_of(a, "again/src/end").st_blocks, 2048);
	ck_assert_int_lt(stat_of(a, "again/src/hole").st_blocks, 2048);
	ck_assert_int_lt(stat_of(a, "again/src/start").st_blocks, 2048);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/again/src/start", test_dir()), &text, &n, &e), 0);
	ck_assert_mem_eq(text + size, "ends", 5);
	ck_assert_mem_eq(text + size - 4, "\0\0\0", 4);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/again/src/end", test_dir()), &text, &n, &e), 0);
	ck_assert_mem_eq(text, "begins", 7);
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		struct stat one = stat_of(a, arena_printf(a, "again/src/%s", twins[i][0])),
			    two = stat_of(a, arena_printf(a, "again/src/%s", twins[i][1]));

		ck_assert_uint_eq(one.st_ino, two.st_ino);
		ck_assert_uint_eq(one.st_nlink, 2);
		ck_assert_uint_eq(
		    one.st_mode, stat_of(a, arena_printf(a, "w/src/%s", twins[i][0])).st_mode);
	}
	arena_free(a);
}
END_TEST

static bool
there(struct arena *a, const char *rel)
{
	return file_exists(arena_printf(a, "%s/%s", test_dir(), rel));
}

/* what is as it was unpacked is not kept; what is no more does not come back */
START_TEST(beside_the_source)
{
	static const char *const unpacked[] = { "same", "changed", "moved", "gone", "lost/deep",
		"mode", "dir/same" };
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "source"), *text;
	struct err e = { 0 };

	work(a, "again", "source"); /* where it is unpacked next time */
	for (int i = 0; i < 2; i++)
		for (size_t j = 0; j < sizeof unpacked / sizeof *unpacked; j++)
			put(a, arena_printf(a, "%s/src/%s", i ? "again" : "w", unpacked[j]),
			    "source", 0644);
	sleep(4); /* what is younger is kept, to be sure */
	ck_assert_msg(checkpoint_begin(dir, &e) == 0, "%s", e.msg);
	put(a, "w/src/changed", "object", 0644);
	put(a, "w/src/dir/new", "object", 0644);
	ck_assert_int_eq(
	    rename(arena_printf(a, "%s/src/moved", dir), arena_printf(a, "%s/src/here", dir)), 0);
	ck_assert_int_eq(unlink(arena_printf(a, "%s/src/gone", dir)), 0);
	ck_assert_int_eq(file_remove(arena_printf(a, "%s/src/lost", dir), &e), 0);
	ck_assert_int_eq(chmod(arena_printf(a, "%s/src/mode", dir), 0755), 0);
	ck_assert_msg(checkpoint_keep(&c, dir, &e) == 0, "%s", e.msg);

	/* is it left out? */
	ck_assert_int_eq(unlink(arena_printf(a, "%s/again/src/same", test_dir())), 0);
	restored(a, &c, "again");
	ck_assert(!there(a, "again/src/same") && there(a, "again/src/dir/same"));
	ck_assert(there(a, "again/src/here") && there(a, "again/src/dir/new"));
	ck_assert(!there(a, "again/src/moved") && !there(a, "again/src/gone") &&
		  !there(a, "again/src/lost") && !there(a, "again/gone"));
	ck_assert_uint_eq(stat_of(a, "again/src/mode").st_mode & 0777, 0755);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/again/src/changed", test_dir()), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "object");
	arena_free(a);
}
END_TEST

/* a key that tells another [install] finds it, one that tells anything else does not */
static const struct {
	const char *name, *key;
	bool found;
} keys[] = {
	{ "target-x", key, true },
	{ "target-x", "node target/x\nsection build b1\nsection install i2\ntool gcc 12\n", true },
	{ "target-x", "node target/x\nsection build b1\ntool gcc 12\n", true },
	{ "target-x", "node target/x\nsection build b2\nsection install i1\ntool gcc 12\n", false },
	{ "target-x", "node target/x\nsection build b1\nsection install i1\ntool gcc 13\n", false },
	{ "target-x", "node target/x\nsection build b1\nsection install i1\n", false },
	{ "target-x-rc", key, false },
	{ "target", key, false },
};

START_TEST(whose_it_is)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key), asked = of(a, keys[_i].name, keys[_i].key);

	ck_assert_ptr_null(checkpoint_find(a, &c));
	keep(a, &c, "object");
	ck_assert_int_eq(checkpoint_find(a, &asked) != NULL, keys[_i].found);
	arena_free(a);
}
END_TEST

START_TEST(one_a_package)
{
	struct arena *a = arena_new();
	struct checkpoint one = of(a, "target-x", key),
			  two = of(a, "target-x", "section build b2\n"),
			  other = of(a, "target-x-rc", key);

	keep(a, &one, "one");
	keep(a, &other, "other");
	keep(a, &two, "two");
	ck_assert_uint_eq(files(a), 2);
	ck_assert_ptr_null(checkpoint_find(a, &one));
	ck_assert_str_eq(restored(a, &two, "2"), "two");
	ck_assert_str_eq(restored(a, &other, "o"), "other");
	keep(a, &two, "again");
	ck_assert_uint_eq(files(a), 2);
	ck_assert_str_eq(restored(a, &two, "3"), "again");
	arena_free(a);
}
END_TEST

/* what was taken is there whatever another build does */
START_TEST(taken)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key),
			  other = of(a, "target-x", "section build b2\n");
	char *dir = arena_printf(a, "%s/again", test_dir()), *file, *text;
	struct err e = { 0 };

	ck_assert_int_eq(mkdir(dir, 0755), 0);
	ck_assert_ptr_null(checkpoint_take(a, &c, dir));
	keep(a, &c, "mine");
	file = checkpoint_take(a, &c, dir);
	keep(a, &other, "theirs");
	ck_assert_ptr_null(checkpoint_find(a, &c));
	ck_assert_msg(checkpoint_restore(&c, file, dir, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/src/made", dir), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "mine");
	arena_free(a);
}
END_TEST

START_TEST(damaged)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *file, *dir = arena_printf(a, "%s/again", test_dir());
	struct err e = { 0 };
	int fd;

	keep(a, &c, "object");
	file = checkpoint_find(a, &c);
	ck_assert_ptr_nonnull(file);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "x", 1, 20), 1);
	close(fd);
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	ck_assert_int_eq(checkpoint_restore(&c, checkpoint_take(a, &c, dir), dir, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: damaged, and removed; build again", file));
	ck_assert_ptr_null(checkpoint_find(a, &c));
	ck_assert(!file_exists(arena_printf(a, "%s/src", dir)));
	arena_free(a);
}
END_TEST

/* a folder of the source that became a file: the next build does without */
START_TEST(does_not_fit)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = arena_printf(a, "%s/again", test_dir()), *file;
	struct err e = { 0 };

	put(a, "again/src/made/full", "", 0644);
	keep(a, &c, "object");
	file = checkpoint_find(a, &c);
	ck_assert_int_eq(checkpoint_restore(&c, checkpoint_take(a, &c, dir), dir, &e), -1);
	ck_assert_msg(!strncmp(e.msg, file, strlen(file)) &&
			  !strncmp(e.msg + strlen(file), ": removed; build again: ", 24),
	    "%s", e.msg);
	ck_assert_ptr_null(checkpoint_find(a, &c));
	arena_free(a);
}
END_TEST

/* a folder of the source became a symlink, a file, and a file a folder; nothing is followed */
START_TEST(other_types)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "source"), target[64];
	struct err e = { 0 };

	work(a, "again", "source");
	put(a, "home/x", "precious", 0644);
	for (int i = 0; i < 2; i++) {
		put(a, arena_printf(a, "%s/src/link/x", i ? "again" : "w"), "source", 0644);
		put(a, arena_printf(a, "%s/src/file/x", i ? "again" : "w"), "source", 0644);
		put(a, arena_printf(a, "%s/src/folder", i ? "again" : "w"), "source", 0644);
	}
	ck_assert_msg(checkpoint_begin(dir, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_remove(arena_printf(a, "%s/src/link", dir), &e), 0);
	ck_assert_int_eq(file_remove(arena_printf(a, "%s/src/file", dir), &e), 0);
	ck_assert_int_eq(file_remove(arena_printf(a, "%s/src/folder", dir), &e), 0);
	ck_assert_int_eq(symlink("../../home", arena_printf(a, "%s/src/link", dir)), 0);
	put(a, "w/src/file", "object", 0644);
	put(a, "w/src/folder/x", "object", 0644);
	ck_assert_msg(checkpoint_keep(&c, dir, &e) == 0, "%s", e.msg);
	restored(a, &c, "again");
	ck_assert_int_eq(
	    readlink(arena_printf(a, "%s/again/src/link", test_dir()), target, sizeof target), 10);
	ck_assert_uint_eq(stat_of(a, "again/src/file").st_mode, S_IFREG | 0644);
	ck_assert_uint_eq(stat_of(a, "again/src/folder/x").st_mode, S_IFREG | 0644);
	ck_assert(there(a, "home/x"));
	arena_free(a);
}
END_TEST

/* the folder lost what was in it, and a step made a link of it: what it leads to stays */
START_TEST(nothing_behind_a_link)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "source");
	struct err e = { 0 };

	put(a, "home/x", "precious", 0644);
	put(a, "w/src/d/x", "source", 0644);
	ck_assert_msg(checkpoint_begin(dir, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_remove(arena_printf(a, "%s/src/d", dir), &e), 0);
	ck_assert_int_eq(symlink("../../home", arena_printf(a, "%s/src/d", dir)), 0);
	ck_assert_msg(checkpoint_keep(&c, dir, &e) == 0, "%s", e.msg);
	/* and the source has it as a link already */
	work(a, "again", "source");
	ck_assert_int_eq(symlink("../../home", arena_printf(a, "%s/again/src/d", test_dir())), 0);
	restored(a, &c, "again");
	ck_assert(there(a, "home/x"));
	arena_free(a);
}
END_TEST

/* what cannot be kept is said, and leaves nothing */
START_TEST(cannot_be_kept)
{
	struct arena *a = arena_new();
	struct checkpoint c = of(a, "target-x", key);
	char *dir = work(a, "w", "object");
	struct err e = { 0 };

	/* a folder where a file of ours goes */
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/gone", dir), 0755), 0);
	ck_assert_int_eq(checkpoint_keep(&c, dir, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/gone: Is a directory", dir));
	ck_assert_ptr_null(checkpoint_find(a, &c));
	ck_assert(!file_exists(arena_printf(a, "%s/checkpoint.zst", dir)));
	arena_free(a);
}
END_TEST

static const struct {
	const char *sections[NSECTIONS];
	bool helps;
} recipes[] = {
	{ { "c", "b", "i" }, true },
	{ { NULL, "b", "i" }, true },
	{ { "c", NULL, "i" }, true },
	{ { NULL, NULL, "i" }, false },
	{ { "c", "b", NULL }, false },
};

START_TEST(who_needs_one)
{
	struct recipe r = { 0 };

	memcpy(r.sections, recipes[_i].sections, sizeof r.sections);
	ck_assert_int_eq(checkpoint_helps(&r), recipes[_i].helps);
}
END_TEST

Suite *
checkpoint_suite(void)
{
	Suite *s = suite_of("checkpoint",
	    (const TTest *[]){ as_it_was, holes_and_twins, beside_the_source, one_a_package, taken,
		damaged, does_not_fit, other_types, nothing_behind_a_link, cannot_be_kept, NULL });
	TCase *tc = harness_case(s, "cases");

	tcase_add_loop_test(tc, whose_it_is, 0, sizeof keys / sizeof *keys);
	tcase_add_loop_test(tc, who_needs_one, 0, sizeof recipes / sizeof *recipes);
	return s;
}
