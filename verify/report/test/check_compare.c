/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/compare.h"

#include "build/base/arena.h"
#include "build/files/manifest.h"
#include "verify/report/result.h"
#include "verify/test/suites.h"

#include <string.h>

#define SIDES 4

static const char *const archs[SIDES] = { "x86_64", "i486", "armv7", "aarch64" };

/* NULL at the end: fewer triples */
static const struct {
	const char *name;
	const char *text[SIDES]; /* "-": the test case failed before it kept anything */
	struct man_differs differs[SIDES];
	enum verdict verdict;
	const char *what, *got, *reason, *warning;
} cases[] = {
	{ "all the same, in any order", { "a\nb\n", "b\r\na", "\na\nb\nb\n", "a\nb" }, { { 0 } },
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ "one has more", { "a\n", "a\n", "a\nb 2\n", "a\n" }, { { 0 } }, VERDICT_FAIL,
	    "armv7 differs from x86_64 i486 aarch64", "armv7 + b 2", NULL, NULL },
	{ "two differ, each in its way", { "a\n", "b\na\n", "\n", "a\n" }, { { 0 } }, VERDICT_FAIL,
	    "i486 armv7 differ from x86_64 aarch64", "armv7 - a\ni486 + b", NULL, NULL },
	{ "one lacks some", { "a\nb\nc", "a\nb\nc", "a\nb\nc", "a" }, { { 0 } }, VERDICT_FAIL,
	    "aarch64 differs from x86_64 i486 armv7", "aarch64 - b\naarch64 - c", NULL, NULL },
	{ "one has another instead", { "a\nold", "a\nold", "a\nnew", "a\nold" }, { { 0 } },
	    VERDICT_FAIL, "armv7 differs from x86_64 i486 aarch64", "armv7 + new\narmv7 - old",
	    NULL, NULL },
	{ "two against two", { "a\nb", "a\nb", "a", "a" }, { { 0 } }, VERDICT_FAIL,
	    "x86_64 i486 differ, half against half, from armv7 aarch64", "x86_64 i486 + b", NULL,
	    NULL },
	{ "one against one", { "a", "b" }, { { 0 } }, VERDICT_FAIL, "x86_64 i486 all differ",
	    "x86_64 + a\ni486 + b", NULL, NULL },
	{ "known to have more", { "a", "a", "a\nf /dtb 0644", "a" },
	    { [2] = { "stuff", "/dtb", "why" } }, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ "known to lack it", { "a\nb", "a\nb", "a\nb", "a" }, { [3] = { "stuff", "b", "why" } },
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ "only half of it is known", { "a", "a", "a\nb\nc", "a" },
	    { [2] = { "stuff", "b", "why" } }, VERDICT_FAIL,
	    "armv7 differs from x86_64 i486 aarch64", "armv7 + c", NULL, NULL },
	{ "two of them are known", { "a", "a", "a\nb", "a\nb" },
	    { [2] = { "stuff", "b", "why" }, [3] = { "stuff", "b", "why" } }, VERDICT_PASS, NULL,
	    NULL, NULL, NULL },
	{ "one of two is known", { "a", "a", "a\nb", "a\nb" }, { [2] = { "stuff", "b", "why" } },
	    VERDICT_FAIL, "aarch64 differs from x86_64 i486 armv7", "aarch64 + b", NULL, NULL },
	{ "another one's excuse", { "a", "a", "a\nb", "a" }, { [1] = { "stuff", "b", "why" } },
	    VERDICT_FAIL, "armv7 differs from x86_64 i486 aarch64", "armv7 + b", NULL,
	    "i486: `differs stuff b` explains nothing here" },
	{ "a part of a word is no word", { "a", "a", "a\nbb", "a" },
	    { [2] = { "stuff", "b", "why" } }, VERDICT_FAIL,
	    "armv7 differs from x86_64 i486 aarch64", "armv7 + bb", NULL,
	    "armv7: `differs stuff b` explains nothing here" },
	{ "an idle excuse", { "a", "a", "a", "a" }, { [2] = { "stuff", "b", "why" } }, VERDICT_PASS,
	    NULL, NULL, NULL, "armv7: `differs stuff b` explains nothing here" },
	{ "about something else", { "a", "a", "a", "a" }, { [2] = { "other", "b", "why" } },
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ "one was not heard", { "a", "a", "-", "a" }, { { 0 } }, VERDICT_INCONCLUSIVE, NULL, NULL,
	    "nothing was kept of armv7: armv7 dhcp asks: it failed before", NULL },
	{ "one was not heard, another differs", { "a", "a\nb", "-", "a" }, { { 0 } }, VERDICT_FAIL,
	    "i486 differs from x86_64 aarch64", "i486 + b",
	    "nothing was kept of armv7: armv7 dhcp asks: it failed before", NULL },
	{ "an excuse may be needed there", { "a", "a", "-", "a" },
	    { [0] = { "stuff", "b", "why" } }, VERDICT_INCONCLUSIVE, NULL, NULL,
	    "nothing was kept of armv7: armv7 dhcp asks: it failed before", NULL },
	{ "nobody was heard", { "-", "-", "-", "-" }, { { 0 } }, VERDICT_INCONCLUSIVE, NULL, NULL,
	    "nothing was kept of x86_64 i486 armv7 aarch64: x86_64 dhcp asks: it failed before",
	    NULL },
};

static struct testcase_result
testcase(const char *arch, struct kept *kept)
{
	return (struct testcase_result){ .arch = arch,
		.net = "dhcp",
		.profile = "s6",
		.set = "x",
		.scenario = "asks",
		.scenario_path = "asks.scn",
		.dir = arch,
		.kept = kept,
		.nkept = 1 };
}

START_TEST(compares)
{
	struct arena *a = arena_new();
	struct testcase_result testcases[SIDES], r;
	struct kept kept[SIDES];
	size_t n = 0;

	for (; n < SIDES && cases[_i].text[n]; n++) {
		kept[n] = (struct kept){ "stuff", cases[_i].text[n] };
		testcases[n] = testcase(archs[n], &kept[n]);
		testcases[n].differs = &cases[_i].differs[n];
		testcases[n].ndiffers = cases[_i].differs[n].subject != NULL;
		if (!strcmp(kept[n].text, "-")) {
			kept[n].text = NULL;
			testcases[n].verdict = VERDICT_FAIL;
			testcases[n].failure.what = "it failed before";
		}
	}
	ck_assert_uint_eq(compare_count(testcases, n), 1);
	compare_make(a, testcases, n, &r);
	ck_assert_msg(
	    r.verdict == cases[_i].verdict, "%s: %s", cases[_i].name, verdict_names[r.verdict]);
	ck_assert_str_eq(r.arch, "all");
	ck_assert_str_eq(r.net, "dhcp");
	ck_assert_str_eq(r.scenario, "same-stuff");
	ck_assert_pstr_eq(r.failure.what, cases[_i].what);
	ck_assert_pstr_eq(r.failure.got, cases[_i].got);
	ck_assert_pstr_eq(
	    r.verdict == VERDICT_FAIL ? r.failure.nearest : r.reason, cases[_i].reason);
	ck_assert_uint_eq(r.nwarnings, cases[_i].warning != NULL);
	if (r.nwarnings)
		ck_assert_str_eq(r.warnings[0], cases[_i].warning);
	arena_free(a);
}
END_TEST

/*
 * profiles, sets, networks and subjects are not mixed; what is skipped takes no part; one alone is
 * like itself
 */
START_TEST(compares_like_with_like)
{
	struct arena *a = arena_new();
	struct kept stuff[] = { { "stuff", "a" }, { "files", "f" } },
		    other[] = { { "stuff", "other" } };
	struct testcase_result testcases[] = { testcase("x86_64", stuff), testcase("i486", stuff),
		testcase("armv7", other), testcase("aarch64", other), testcase("sparc", other),
		testcase("mips", other) },
			       r[4];

	testcases[0].nkept = testcases[1].nkept = 2;
	testcases[2].net = "static";
	testcases[3].profile = "minimal";
	testcases[4].set = "y";
	testcases[5].verdict = VERDICT_SKIP;
	ck_assert_uint_eq(compare_count(testcases, 6), 2);
	compare_make(a, testcases, 6, r);
	ck_assert_str_eq(r[0].scenario, "same-stuff");
	ck_assert_int_eq(r[0].verdict, VERDICT_PASS);
	ck_assert_str_eq(r[1].scenario, "same-files");
	ck_assert_str_eq(r[1].title, "files are the same on x86_64 i486");
	testcases[1].verdict = VERDICT_SKIP;
	ck_assert_uint_eq(compare_count(testcases, 6), 0);
	ck_assert_uint_eq(compare_count(testcases, 0), 0);
	arena_free(a);
}
END_TEST

START_TEST(a_long_difference_is_cut)
{
	struct arena *a = arena_new();
	struct kept kept[2] = { { "stuff", "a" }, { "stuff", "a" } };
	struct testcase_result testcases[2], r;

	for (int i = 0; i < 50; i++)
		kept[1].text = arena_printf(a, "%s\n%d", kept[1].text, i);
	for (int i = 0; i < 2; i++)
		testcases[i] = testcase(archs[i], &kept[i]);
	compare_make(a, testcases, 2, &r);
	ck_assert_int_eq(r.verdict, VERDICT_FAIL);
	ck_assert_ptr_nonnull(strstr(r.failure.got, "\nand 20 more"));
	arena_free(a);
}
END_TEST

/* a stranger's results may say that a test case kept the same again and again */
START_TEST(kept_again_and_again)
{
	enum { TIMES = 5000 };
	struct arena *a = arena_new();
	struct kept *kept = arena_array(a, TIMES, sizeof *kept);
	struct testcase_result one = testcase("one", kept), r;

	for (size_t i = 0; i < TIMES; i++)
		kept[i] = (struct kept){ "stuff", "a" };
	one.nkept = TIMES;
	ck_assert_uint_eq(compare_count(&one, 1), 1);
	compare_make(a, &one, 1, &r);
	ck_assert_int_eq(r.verdict, VERDICT_PASS);
	arena_free(a);
}
END_TEST

Suite *
compare_suite(void)
{
	Suite *s = suite_of("compare", (const TTest *[]){ compares_like_with_like,
					   a_long_difference_is_cut, kept_again_and_again, NULL });

	tcase_add_loop_test(harness_case(s, "compares"), compares, 0, sizeof cases / sizeof *cases);
	return s;
}
