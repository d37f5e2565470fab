/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/path.h"

#include "build/base/arena.h"
#include "build/test/suites.h"

static const struct {
	const char *path, *absolute;
} cases[] = {
	{ "", "/top" },
	{ ".", "/top" },
	{ "/", "/" },
	{ "//", "/" },
	{ "..", "/" },
	{ "../../..", "/" },
	{ "a", "/top/a" },
	{ "a/", "/top/a" },
	{ "./a//b/./c/", "/top/a/b/c" },
	{ "../a", "/a" },
	{ "a/../b", "/top/b" },
	{ "a/b/../..", "/top" },
	{ "/a/../../b", "/b" },
	{ "/...", "/..." },
	{ "/.a/..b/c.", "/.a/..b/c." },
};

START_TEST(absolute)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(path_absolute(a, "/top", cases[_i].path), cases[_i].absolute);
	arena_free(a);
}
END_TEST

static const struct {
	const char *rel, *target;
	bool stays;
} links[] = {
	{ "a", "b", true },
	{ "a", "./b/../c", true },
	{ "a", "..", false },
	{ "a", "../a", false },
	{ "a", "/a", false },
	{ "d/a", "../b", true },
	{ "d/a", "..", true },
	{ "d/a", "../..", false },
	{ "d/a", "b/../../../d/c", false },
	{ "d/e/a", "../../b", true },
	{ "d/a", "...", true },
};

START_TEST(stays)
{
	ck_assert_int_eq(path_stays(links[_i].rel, links[_i].target), links[_i].stays);
}
END_TEST

Suite *
path_suite(void)
{
	Suite *s = suite_create("path");

	tcase_add_loop_test(harness_case(s, "absolute"), absolute, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(harness_case(s, "stays"), stays, 0, sizeof links / sizeof *links);
	return s;
}
