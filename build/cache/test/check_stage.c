/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/stage.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
at(struct arena *a, const char *rel)
{
	return arena_printf(a, "%s/%s", test_dir(), rel);
}

static void
put(struct arena *a, const char *rel, const char *text)
{
	struct err e = { 0 };

	ck_assert_msg(file_mkparent(at(a, rel), &e) == 0 &&
			  file_write(at(a, rel), text, strlen(text), 0444, &e) == 0,
	    "%s", e.msg);
}

START_TEST(several_become_one)
{
	struct arena *a = arena_new();
	struct staged v[] = { { "target/a", at(a, "a") }, { "target/none", at(a, "none") },
		{ "target/b", at(a, "b") } };
	char linked[100], *text;
	struct stat one, two;
	struct err e = { 0 };
	ssize_t n;

	put(a, "a/include/a.h", "a");
	put(a, "a/lib/liba.a", "liba");
	put(a, "b/include/b.h", "b");
	put(a, "b/include/sys/b.h", "sys b");
	ck_assert_int_eq(symlink("b.h", at(a, "b/include/c.h")), 0);
	ck_assert_int_eq(mkfifo(at(a, "b/fifo"), 0600), 0);
	ck_assert_int_eq(chmod(at(a, "b/include/sys"), 0555), 0); /* as the store has them */

	ck_assert_msg(stage_merge(at(a, "stage"), v, 3, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, at(a, "stage/include/sys/b.h"), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "sys b");
	n = readlink(at(a, "stage/include/c.h"), linked, sizeof linked);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(stat(at(a, "stage/fifo"), &one), 0);
	ck_assert(S_ISFIFO(one.st_mode));
	/* the same file, not a copy; the folder is our own */
	ck_assert(
	    stat(at(a, "stage/lib/liba.a"), &one) == 0 && stat(at(a, "a/lib/liba.a"), &two) == 0);
	ck_assert_uint_eq(one.st_ino, two.st_ino);
	ck_assert(stat(at(a, "stage/include/sys"), &one) == 0);
	ck_assert_uint_eq(one.st_mode & 0777, 0755);
	arena_free(a);
}
END_TEST

START_TEST(nothing_is_an_empty_folder)
{
	struct arena *a = arena_new();
	struct err e = { 0 };

	ck_assert_int_eq(stage_merge(at(a, "stage"), NULL, 0, &e), 0);
	ck_assert(file_isdir(at(a, "stage")));
	arena_free(a);
}
END_TEST

static const struct {
	const char *first, *second, *message;
} conflicts[] = {
	{ "lib/x", "lib/x", "target/a and target/b both install sdk/lib/x" },
	{ "lib", "lib/x", "target/a and target/b both install sdk/lib" },
	{ "lib/x", "lib", "target/a and target/b both install sdk/lib" },
};

START_TEST(two_of_a_name_are_an_error)
{
	struct arena *a = arena_new();
	struct staged v[] = { { "target/a", at(a, "a") }, { "target/b", at(a, "b") } };
	struct err e = { 0 };

	put(a, arena_printf(a, "a/%s", conflicts[_i].first), "same");
	put(a, arena_printf(a, "b/%s", conflicts[_i].second), "same");
	ck_assert_int_eq(stage_merge(at(a, "stage"), v, 2, &e), -1);
	ck_assert_str_eq(e.msg, conflicts[_i].message);
	arena_free(a);
}
END_TEST

Suite *
stage_suite(void)
{
	Suite *s = suite_create("stage");
	TCase *tc = harness_case(s, "stage");

	tcase_add_test(tc, several_become_one);
	tcase_add_test(tc, nothing_is_an_empty_folder);
	tcase_add_loop_test(
	    tc, two_of_a_name_are_an_error, 0, sizeof conflicts / sizeof *conflicts);
	return s;
}
