/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/patch.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/wait.h>

static void
put(struct arena *a, const char *rel, const char *text)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

START_TEST(the_series_in_order)
{
	static const char *const files[] = { "0010-b.patch", "0002-a.patch", "README",
		".hidden.patch", "0001-a.patch.orig", ".patch" };
	struct arena *a = arena_new();
	struct err e = { 0 };
	char **v;
	size_t n;

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		put(a, arena_printf(a, "patches/x/%s", files[i]), "");
	ck_assert_int_eq(patch_list(a, test_dir(), "x", &v, &n, &e), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(v[0], "0002-a.patch");
	ck_assert_str_eq(v[1], "0010-b.patch");

	ck_assert_int_eq(patch_list(a, test_dir(), "y", &v, &n, &e), 0);
	ck_assert_uint_eq(n, 0);
	put(a, "patches/z", "no folder");
	ck_assert_int_eq(patch_list(a, test_dir(), "z", &v, &n, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/patches/z: Not a directory", test_dir()));
	arena_free(a);
}
END_TEST

#define SOURCE "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
#define PATCH "--- a/file\n+++ b/file\n@@ -2,3 +2,3 @@\n two\n-three\n+3\n four\n"

static const struct {
	const char *source, *patch;
	int status;
	const char *after;
} cases[] = {
	{ SOURCE, PATCH, 0, "one\ntwo\n3\nfour\nfive\nsix\nseven\n" },
	{ "zero\n" SOURCE, PATCH, 0,
	    "zero\none\ntwo\n3\nfour\nfive\nsix\nseven\n" },		    /* lines further on */
	{ "one\nTWO\nthree\nfour\n", PATCH, 1, "one\nTWO\nthree\nfour\n" }, /* nearly */
	{ "one\ntwo\n3\nfour\n", PATCH, 1, "one\ntwo\n3\nfour\n" },	    /* applied already */
};

START_TEST(exactly_or_not_at_all)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };
	struct buf out = { 0 };
	struct err e = { 0 };
	char *text, *dir = arena_printf(a, "%s/src", test_dir());
	int status;

	put(a, "src/file", cases[_i].source);
	put(a, "the.patch", cases[_i].patch);
	patch_command(&v, arena_printf(a, "%s/the.patch", test_dir()));
	ck_assert_msg(child_run(v.v, &(struct child_opts){ .dir = dir }, &out, &status, &e) == 0,
	    "%s", e.msg);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == cases[_i].status, "%s", out.p);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/file", dir), &text, NULL, &e), 0);
	ck_assert_str_eq(text, cases[_i].after);
	ck_assert(!file_exists(arena_printf(a, "%s/file.orig", dir)));
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
patch_suite(void)
{
	Suite *s = suite_create("patch");
	TCase *tc = harness_case(s, "patch");

	tcase_add_test(tc, the_series_in_order);
	tcase_add_loop_test(tc, exactly_or_not_at_all, 0, sizeof cases / sizeof *cases);
	return s;
}
