/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/live.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/report/table.h"
#include "verify/test/suites.h"

#include <string.h>

START_TEST(tells_each_test_case)
{
	struct arena *a = arena_new();
	const char *dir = test_dir();
	const struct table_testcase v[] = {
		{ .arch = "x86_64",
		    .net = "dhcp",
		    .scenario = "boot",
		    .state = TABLE_OVER,
		    .verdict = VERDICT_FAIL,
		    .took = 1500 * NS_PER_MS,
		    .dir = arena_printf(a, "%s/x86_64/dhcp/boot", dir) },
		{ .arch = "x86_64",
		    .net = "dhcp",
		    .scenario = "ssh",
		    .state = TABLE_RUNNING,
		    .took = NS_PER_S,
		    .doing = "run \"a\tb\n\303\"",
		    .dir = arena_printf(a, "%s/x86_64/dhcp/ssh", dir) },
		{ .arch = "armv7", .scenario = "boot", .state = TABLE_WAITING },
	};
	struct err e;
	char *text;

	ck_assert_int_eq(live_write(dir, v, 3, &e), 0);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/live", dir), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "lh-live 1\n"
			       "fail\t1500\tx86_64\tdhcp\tboot\tx86_64/dhcp/boot\t-\n"
			       "running\t1000\tx86_64\tdhcp\tssh\tx86_64/dhcp/ssh\trun \"a?b??\"\n"
			       "waiting\t0\tarmv7\t-\tboot\t-\t-\n");
	ck_assert_str_eq(live_folder(a, text, 2), "x86_64/dhcp/ssh");
	arena_free(a);
}
END_TEST

#define LINE "pass\t1\ta\tb\tc\t"

static const struct {
	const char *text;
	size_t number;
	const char *folder;
} folders[] = {
	{ "lh-live 1\n" LINE "a/b/c\t-\n", 1, "a/b/c" },
	{ "lh-live 1\n" LINE "a/b/c\t-\n", 2, NULL },
	{ "lh-live 1\n" LINE "a/b/c\t-\n", 0, NULL },
	{ "lh-live 1\n" LINE "/etc\t-\n", 1, NULL },
	{ "lh-live 1\n" LINE "../x\t-\n", 1, NULL },
	{ "lh-live 1\n" LINE "a/../../x\t-\n", 1, NULL },
	{ "lh-live 1\npass\t1\n", 1, NULL },
	{ "lh-live 2\n" LINE "a/b/c\t-\n", 1, NULL },
	{ "", 1, NULL },
};

START_TEST(knows_folders)
{
	struct arena *a = arena_new();
	const char *is = live_folder(a, folders[_i].text, folders[_i].number);

	if (folders[_i].folder)
		ck_assert_str_eq(is, folders[_i].folder);
	else
		ck_assert_ptr_null(is);
	arena_free(a);
}
END_TEST

Suite *
live_suite(void)
{
	Suite *s = suite_of("live", (const TTest *[]){ tells_each_test_case, NULL });

	tcase_add_loop_test(
	    harness_case(s, "folders"), knows_folders, 0, sizeof folders / sizeof *folders);
	return s;
}
