/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/before.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"
#include "verify/test/suites.h"

#include <string.h>

/* a letter a test case: pass, fail, skip, inconclusive; a blank: it was not played */
static size_t
make(const char *verdicts, struct testcase_result *v)
{
	static const char *const names[] = { "one", "two", "three", "four" };
	static const char letters[] = "pfsi";
	size_t n = 0;

	for (size_t i = 0; verdicts[i]; i++)
		if (verdicts[i] != ' ')
			v[n++] = (struct testcase_result){ .arch = "x",
				.net = "dhcp",
				.scenario = names[i],
				.verdict = (enum verdict)(strchr(letters, verdicts[i]) - letters) };
	return n;
}

/* runs one after the other, and what the last one has of the one before, a letter a test case */
static const struct {
	const char *runs[4], *was;
} rows[] = {
	{ { "pf" }, "--" },
	{ { "pf", "pf" }, "--" },
	{ { "pf", "fp" }, "pf" },
	{ { "pp", "fs" }, "p-" },
	{ { "ff", "pi" }, "f-" },
	/* what was not judged says nothing, so the one before counts */
	{ { "pf", "is", "fp" }, "pf" },
	/* nor does what was not played */
	{ { "pf", " p", "ff" }, "pp" },
	{ { "pf", "ff", "pf" }, "f-" },
	{ { "p", "pf" }, "--" },
};

START_TEST(tells_what_changed)
{
	struct arena *a = arena_new();
	struct report_head h = { .set = "2026-07" };
	struct testcase_result v[4];
	struct err e;
	size_t n = 0;

	for (size_t i = 0; i < 4 && rows[_i].runs[i]; i++) {
		ck_assert_int_eq(before_keep(a, test_dir(), &e), 0);
		n = make(rows[_i].runs[i], v);
		before_compare(a, test_dir(), v, n);
		ck_assert_int_eq(results_write(a, test_dir(), v, n, &h, &e), 0);
	}
	ck_assert_uint_eq(n, strlen(rows[_i].was));
	for (size_t i = 0; i < n; i++) {
		const char *was = v[i].was ? v[i].was : "-";

		ck_assert_msg(*was == rows[_i].was[i], "%zu: %s", i, was);
	}
	arena_free(a);
}
END_TEST

START_TEST(tells_how_long_it_took)
{
	struct arena *a = arena_new();
	struct report_head h = { .set = "2026-07" };
	struct testcase_result v[4];
	nstime took[3] = { 1, 1, 1 };
	struct err e;
	size_t n = make("pp", v);

	v[0].took = 5;
	v[1].took = 7;
	ck_assert_int_eq(results_write(a, test_dir(), v, n, &h, &e), 0);
	ck_assert_int_eq(before_keep(a, test_dir(), &e), 0);
	/* interrupted: what the one before took still counts */
	v[0].verdict = VERDICT_INCONCLUSIVE;
	v[0].took = 1;
	v[1].took = 8;
	ck_assert_int_eq(results_write(a, test_dir(), v, n, &h, &e), 0);
	ck_assert_int_eq(before_keep(a, test_dir(), &e), 0);
	n = make("pff", v);
	before_took(a, test_dir(), v, n, took);
	ck_assert_int_eq(took[0], 5);
	ck_assert_int_eq(took[1], 8);
	ck_assert_int_eq(took[2], 0);
	arena_free(a);
}
END_TEST

/* a folder of no run, and one of something else */
START_TEST(nothing_is_known_of_nothing)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/results", test_dir());
	struct testcase_result v[4];
	size_t n = make("pf", v);
	struct err e;

	ck_assert_int_eq(before_keep(a, test_dir(), &e), 0);
	ck_assert_int_eq(file_write(path, "x\n", 2, 0644, &e), 0);
	ck_assert_int_eq(before_keep(a, test_dir(), &e), 0);
	ck_assert(!file_exists(arena_printf(a, "%s/before", test_dir())));
	before_compare(a, test_dir(), v, n);
	ck_assert_ptr_null(v[0].was);
	arena_free(a);
}
END_TEST

Suite *
before_suite(void)
{
	Suite *s = suite_of("before",
	    (const TTest *[]){ nothing_is_known_of_nothing, tells_how_long_it_took, NULL });

	tcase_add_loop_test(
	    harness_case(s, "changed"), tells_what_changed, 0, sizeof rows / sizeof *rows);
	return s;
}
