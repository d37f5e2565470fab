/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/results.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/test/suites.h"

#include <string.h>

static struct step_result steps[] = { { 9, "run \"a\\tb\"", VERDICT_PASS, 5, "a \\ b" },
	{ 10, "", VERDICT_FAIL, 6, NULL } };
static const char *warnings[] = { "w: one", " two" };
static const struct man_differs differs[] = { { "files", "/dtb", "it needs one" } };
static const struct report_head head = { .version = "0.1",
	.set = "2024-10",
	.profile = "s6",
	.why = "why",
	.sandbox = "no",
	.cached = "1 result",
	.accel = "tcg",
	.jobs = 2,
	.scale = 1.5,
	.took = 14 * NS_PER_S,
	.date = "today" };

/* a run of two test cases in DIR: one good, one with all that a test case can have */
static void
make_run(struct arena *a, const char *dir, const char *arch, const char *files)
{
	struct kept kept[] = { { "files", files }, { "nothing", NULL } };
	struct testcase_result testcases[] = {
		{ .arch = arch,
		    .net = "dhcp",
		    .profile = "s6",
		    .set = "2024-10",
		    .scenario = "boot",
		    .dir = arena_printf(a, "%s/%s/boot", dir, arch),
		    .verdict = VERDICT_PASS,
		    .took = 3,
		    .booted = 2,
		    .kept = kept,
		    .nkept = 1,
		    .differs = differs,
		    .ndiffers = 1 },
		{ .arch = arch,
		    .net = "dhcp",
		    .profile = "s6",
		    .set = "2024-10",
		    .scenario = "ssh",
		    .title = "t",
		    .scenario_path = "s.scn",
		    .image = "i",
		    .kernel = "k",
		    .dir = "/elsewhere",
		    .verdict = VERDICT_FAIL,
		    .reason = "r",
		    .failure = { "a:1", "what", "exp", " got\n\\n \001\377", "idle", "near",
			"console", "look" },
		    .steps = steps,
		    .nsteps = 2,
		    .took = 4,
		    .warnings = warnings,
		    .nwarnings = 2,
		    .kept = kept + 1,
		    .nkept = 1 },
		{ .arch = "all",
		    .net = "dhcp",
		    .profile = "s6",
		    .set = "2024-10",
		    .scenario = "same-files",
		    .comparison = true },
	};
	struct err e;

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	ck_assert_int_eq(results_write(a, dir, testcases, 3, &head, &e), 0);
}

START_TEST(comes_back_as_it_was)
{
	struct arena *a = arena_new();
	const char *dir = arena_printf(a, "%s/run", test_dir()),
		   *path = arena_printf(a, "%s/results", dir);
	struct report_head h;
	struct testcase_result *testcases, *c;
	char *before, *after;
	size_t n;
	struct err e;

	make_run(a, dir, "i486", "f a\n  b\nf c\n");
	ck_assert_int_eq(file_read(a, path, &before, NULL, &e), 0);
	ck_assert_msg(results_read(a, dir, &testcases, &n, &h, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(h.accel, "tcg");
	ck_assert_int_eq(h.took, 14 * NS_PER_S);
	ck_assert_str_eq(testcases[0].dir, arena_printf(a, "%s/i486/boot", dir));
	ck_assert_str_eq(testcases[0].kept[0].text, "f a\n  b\nf c\n");
	ck_assert_str_eq(testcases[0].differs[0].reason, "it needs one");
	c = &testcases[1];
	ck_assert_int_eq(c->verdict, VERDICT_FAIL);
	ck_assert_str_eq(c->dir, "/elsewhere");
	ck_assert_str_eq(c->image, "i");
	ck_assert_str_eq(c->kernel, "k");
	ck_assert_str_eq(c->failure.got, " got\n\\n \001\377");
	ck_assert_str_eq(c->steps[0].source, "run \"a\\tb\"");
	ck_assert_str_eq(c->steps[0].said, "a \\ b");
	ck_assert_ptr_null(c->steps[1].said);
	ck_assert_ptr_null(c->kept[0].text);
	ck_assert(testcases[2].comparison);
	ck_assert_int_eq(results_write(a, dir, testcases, n, &h, &e), 0);
	ck_assert_int_eq(file_read(a, path, &after, NULL, &e), 0);
	ck_assert_str_eq(after, before);
	arena_free(a);
}
END_TEST

#define HEAD "lh-results 2\nset x\n"
#define TESTCASE "case\narch a\nnet b\nscenario c\n"

static const struct {
	const char *text, *message; /* behind the path */
} bad[] = {
	{ "", ":1: not a results file: the first line must be \"lh-results 2\"" },
	{ HEAD "sett y\n", ":3: sett: unknown key" },
	{ HEAD TESTCASE "verdict good\n", ":7: good: no verdict" },
	{ HEAD TESTCASE "took long\n", ":7: long: not a number" },
	{ HEAD TESTCASE "took 9223372036854775807\n",
	    ":7: 9223372036854775807: no run takes so many nanoseconds" },
	{ HEAD TESTCASE "booted 9223372036854775808\n",
	    ":7: 9223372036854775808: no run takes so many nanoseconds" },
	{ HEAD TESTCASE "step 1 pass\n", ":7: : not a number" },
	{ HEAD TESTCASE "step 1 pass 4611686018427387904 x\n",
	    ":7: 4611686018427387904: no run takes so many nanoseconds" },
	{ HEAD TESTCASE "said x\n", ":7: said: there is no step yet" },
	{ HEAD TESTCASE "kept x\n", ":7: kept: nothing is kept yet" },
	{ HEAD TESTCASE "keep\nkept x\n", ":7: keep: of what?" },
	{ HEAD TESTCASE "jobs 2\n", ":7: jobs: unknown key" },
	{ HEAD TESTCASE "verdict pass\n", ":7: no end: the run is incomplete" },
	{ HEAD TESTCASE "end 2\n", ":7: end 2: there are 1 test cases" },
	/* of what contradicts itself nothing is believed */
	{ HEAD TESTCASE "verdict pass\nend 1\n" HEAD TESTCASE "verdict fail\nend 1\n",
	    ":9: lh-results: behind the end" },
	{ HEAD TESTCASE "end 1\n\nend 1\n", ":9: end: behind the end" },
	{ HEAD TESTCASE "verdict fail\nverdict pass\n", ":8: verdict: duplicate key" },
	{ HEAD TESTCASE "took 1\nstep 1 pass 1 x\nstep 2 pass 1 x\ntook 1\n",
	    ":10: took: duplicate key" },
	{ HEAD TESTCASE "scenario d\n", ":7: scenario: duplicate key" },
	{ HEAD "set y\n", ":3: set: duplicate key" },
	{ HEAD "jobs 1\njobs 1\n", ":4: jobs: duplicate key" },
	{ HEAD TESTCASE "step 1 pass 1 x\nsaid x\nsaid y\n", ":9: said: duplicate key" },
	{ HEAD "case\narch a\nend 1\n", ": test case 1 lacks arch, net or scenario" },
	{ HEAD "case\narch ../a\nnet b\nscenario c\nend 1\n",
	    ": test case 1: ../a, b: no names of an image" },
	{ HEAD "case\narch a\nnet ..\nscenario c\nend 1\n",
	    ": test case 1: a, ..: no names of an image" },
	{ HEAD "case\narch \nnet b\nscenario c\nend 1\n",
	    ": test case 1: , b: no names of an image" },
	{ HEAD "case\narch a\\nok\nnet b\nscenario c\nend 1\n",
	    ": test case 1: a\nok, b: no names of an image" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/results", test_dir());
	struct report_head h;
	struct testcase_result *testcases;
	size_t n;
	struct err e;

	ck_assert_int_eq(file_write(path, bad[_i].text, strlen(bad[_i].text), 0644, &e), 0);
	ck_assert_int_eq(results_read(a, test_dir(), &testcases, &n, &h, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, bad[_i].message));
	arena_free(a);
}
END_TEST

/* each is compared with each: a million would take an hour */
START_TEST(too_many)
{
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct report_head h;
	struct testcase_result *testcases;
	size_t n;
	struct err e;

	buf_adds(&b, "lh-results 2\ncase\n");
	for (int i = 0; i < 20000; i++)
		buf_adds(&b, _i ? "keep x\n" : "case\n");
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/results", test_dir()), b.p, b.n, 0644, &e), 0);
	ck_assert_int_eq(results_read(a, test_dir(), &testcases, &n, &h, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s/results:20002: more than 20000 test cases and texts kept",
		       test_dir()));
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* a test case without a word of its verdict is no pass */
START_TEST(silence_is_no_pass)
{
	struct arena *a = arena_new();
	const char text[] = HEAD TESTCASE "end 1\n";
	struct report_head h;
	struct testcase_result *testcases;
	size_t n;
	struct err e;

	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/results", test_dir()), text, sizeof text - 1, 0644, &e),
	    0);
	ck_assert_int_eq(results_read(a, test_dir(), &testcases, &n, &h, &e), 0);
	ck_assert_int_eq(testcases[0].verdict, VERDICT_INCONCLUSIVE);
	arena_free(a);
}
END_TEST

Suite *
results_suite(void)
{
	Suite *s = suite_of(
	    "results", (const TTest *[]){ comes_back_as_it_was, silence_is_no_pass, NULL });

	tcase_add_loop_test(harness_case(s, "refused"), refused, 0, sizeof bad / sizeof *bad);
	tcase_add_loop_test(harness_case(s, "too many"), too_many, 0, 2);
	return s;
}
