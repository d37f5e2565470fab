/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/merge.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct man_differs differs[] = { { "files", "/dtb", "it needs one" } };
static const struct report_head head = { .version = "0.1", .set = "2024-10" };

/* a run of two test cases in DIR, one that keeps what it saw and one that should have */
static void
make_run(struct arena *a, const char *dir, const char *arch, const char *files)
{
	struct kept kept[] = { { "files", files }, { "nothing", NULL } };
	struct testcase_result testcases[] = {
		{ .arch = arch,
		    .net = "dhcp",
		    .scenario = "boot",
		    .dir = arena_printf(a, "%s/%s/boot", dir, arch),
		    .verdict = VERDICT_PASS,
		    .kept = kept,
		    .nkept = 1,
		    .differs = differs,
		    .ndiffers = 1 },
		{ .arch = arch,
		    .net = "dhcp",
		    .scenario = "ssh",
		    .verdict = VERDICT_FAIL,
		    .kept = kept + 1,
		    .nkept = 1 },
		{ .arch = "all", .net = "dhcp", .scenario = "same-files", .comparison = true },
	};
	struct err e;

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	ck_assert_int_eq(results_write(a, dir, testcases, 3, &head, &e), 0);
}

START_TEST(merges)
{
	struct arena *a = arena_new();
	char *dirs[] = { arena_printf(a, "%s/one", test_dir()),
		arena_printf(a, "%s/two", test_dir()), arena_printf(a, "%s/three", test_dir()) };
	struct report_head h;
	struct testcase_result *r;
	size_t n;
	struct err e = { 0 };

	make_run(a, dirs[0], "i486", "f a\n");
	make_run(a, dirs[1], "armv7", "f a\nf /dtb\n");
	ck_assert_msg(merge_runs(a, dirs, 2, &r, &n, &h, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(n, 6); /* their own comparisons are gone, and two are made */
	ck_assert_str_eq(r[2].arch, "armv7");
	ck_assert_str_eq(r[4].scenario, "same-files");
	ck_assert_int_eq(r[4].verdict, VERDICT_PASS); /* armv7 may have its /dtb */
	ck_assert_str_eq(r[5].scenario, "same-nothing");
	ck_assert_int_eq(r[5].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(h.set, "2024-10");

	make_run(a, dirs[1], "armv7", "f b\n");
	ck_assert_int_eq(merge_runs(a, dirs, 2, &r, &n, &h, &e), 0);
	ck_assert_int_eq(r[4].verdict, VERDICT_FAIL);

	/* one that never came */
	ck_assert_int_eq(merge_runs(a, dirs, 3, &r, &n, &h, &e), 0);
	ck_assert_uint_eq(n, 7);
	ck_assert_int_eq(r[4].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(
	    r[4].reason, arena_printf(a, "%s/results: No such file or directory", dirs[2]));

	dirs[2] = dirs[0];
	ck_assert_int_eq(merge_runs(a, dirs, 3, &r, &n, &h, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "i486 dhcp boot: both %s/i486/boot and %s/i486/boot have it",
		       dirs[0], dirs[0]));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* a run of that test case in DIR, which is of i486 by DHCP, profile s6 */
static void
make_run_of(struct arena *a, const char *dir, struct testcase_result c)
{
	struct err e = { 0 };

	c.arch = "i486";
	c.net = "dhcp";
	c.profile = "s6";
	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	ck_assert_int_eq(results_write(a, dir, &c, 1, &head, &e), 0);
}

/* digests of two runs, one scenario each, and whether they are one image; NULL is not told */
static const struct {
	const char *image[2], *kernel[2];
	bool one;
} digests[] = {
	{ { "1", "1" }, { "2", "2" }, true },
	{ { "1", "3" }, { "2", "2" }, false },
	{ { "1", "1" }, { "2", "3" }, false },
	{ { NULL, NULL }, { "2", "3" }, false },
	{ { "1", NULL }, { "2", NULL }, true },
};

START_TEST(two_images_are_not_one)
{
	struct arena *a = arena_new();
	char *dirs[] = { arena_printf(a, "%s/one", test_dir()),
		arena_printf(a, "%s/two", test_dir()) };
	struct report_head h;
	struct testcase_result *r;
	size_t n;
	struct err e = { 0 };

	for (int i = 0; i < 2; i++)
		make_run_of(a, dirs[i],
		    (struct testcase_result){ .set = "next",
			.scenario = i ? "ssh" : "boot",
			.image = digests[_i].image[i],
			.kernel = digests[_i].kernel[i],
			.dir = dirs[i],
			.verdict = VERDICT_PASS });
	ck_assert_int_eq(merge_runs(a, dirs, 2, &r, &n, &h, &e), digests[_i].one ? 0 : -1);
	if (!digests[_i].one)
		ck_assert_str_eq(e.msg,
		    arena_printf(a,
			"i486 dhcp, profile s6, set next: %s and %s judged different images; "
			"verify one of them again",
			dirs[0], dirs[1]));
	arena_free(a);
}
END_TEST

/* ---- a plan of boot, ssh and net, of which net is skipped ---- */

struct part {
	const char *folder, *plan, *scenario, *image;
	enum verdict verdict;
};

/* what is in the folder of the plan, then a letter a planned test case, or what is wrong */
static const struct {
	struct part parts[3];
	const char *verdicts, *says;
} plans[] = {
	{ { { "1-1.0", "P", "boot", "i", VERDICT_PASS },
	      { "2-2.0", "P", "ssh", "i", VERDICT_FAIL } },
	    "PFS", NULL },
	{ { { "9-1.0", "P", "ssh", "i", VERDICT_PASS } }, "IPS",
	    "planned, and not played: DIR has no run of it" },
	/* begun again, whichever came to an end */
	{ { { "1-1.0", "P", "boot", "i", VERDICT_INCONCLUSIVE },
	      { "1-1.1", "P", "boot", "i", VERDICT_FAIL },
	      { "2-2.0", "P", "ssh", "i", VERDICT_PASS } },
	    "FPS", NULL },
	{ { { "1-1.0", "P", "boot", "i", VERDICT_PASS },
	      { "1-1.1", "P", "boot", "i", VERDICT_INCONCLUSIVE },
	      { "2-2.0", "P", "ssh", "i", VERDICT_PASS } },
	    "PPS", NULL },
	/* a machine that lacks what the scenario requires */
	{ { { "1-1.0", "P", "boot", "i", VERDICT_SKIP },
	      { "2-2.0", "P", "ssh", "i", VERDICT_PASS } },
	    "IPS", "planned, but skipped there: why" },
	{ { { "3-1.0", "P", "net", "i", VERDICT_FAIL } }, "IIF",
	    "planned, and not played: DIR has no run of it" },
	{ { { "1-1.0", "P", "boot", "i", VERDICT_PASS },
	      { "1-4.0", "P", "boot", "i", VERDICT_PASS } },
	    NULL,
	    "i486 dhcp boot: DIR/1-1.0 and DIR/1-4.0 both judged it; look at them, and take one "
	    "away" },
	{ { { "1-1.0", "P", "boot", "j", VERDICT_PASS } }, NULL,
	    "DIR/1-1.0: judged another image of i486 dhcp than DIR/plan plans" },
	{ { { "1-1.0", "P", "halt", "i", VERDICT_PASS } }, NULL,
	    "DIR/1-1.0: judged i486 dhcp halt, which DIR/plan does not plan" },
	{ { { "1-1.0", "Q", "boot", "i", VERDICT_PASS } }, NULL,
	    "DIR/1-1.0: of plan Q, and not of the plan in DIR/plan" },
	{ { { "1-1.0", NULL, "boot", "i", VERDICT_INCONCLUSIVE } }, NULL,
	    "DIR/1-1.0: of no plan, and not of the plan in DIR/plan" },
};

static void
write_part(struct arena *a, const char *dir, const struct part *p)
{
	const char *own = arena_printf(a, "%s/%s", dir, p->folder);
	const struct report_head h = { .plan = p->plan };
	const struct testcase_result c = { .arch = "i486",
		.net = "dhcp",
		.scenario = p->scenario,
		.image = p->image,
		.dir = own,
		.verdict = p->verdict,
		.reason = p->verdict == VERDICT_PASS ? NULL : "why" };
	struct err e;

	ck_assert_int_eq(file_mkdirs(own, 0755, &e), 0);
	ck_assert_int_eq(results_write(a, own, &c, 1, &h, &e), 0);
}

static char *
make_plan(struct arena *a)
{
	static const struct testcase_result v[] = {
		{ .arch = "i486",
		    .net = "dhcp",
		    .scenario = "boot",
		    .image = "i",
		    .verdict = VERDICT_INCONCLUSIVE },
		{ .arch = "i486",
		    .net = "dhcp",
		    .scenario = "ssh",
		    .image = "i",
		    .verdict = VERDICT_INCONCLUSIVE },
		{ .arch = "i486",
		    .net = "dhcp",
		    .scenario = "net",
		    .image = "i",
		    .verdict = VERDICT_SKIP },
	};
	char *dir = arena_printf(a, "%s/p", test_dir());
	const struct report_head h = { .plan = "P" };
	struct buf b = { 0 };
	struct err e;

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	results_text(a, "", v, 3, &h, &b);
	ck_assert_int_eq(file_write(arena_printf(a, "%s/plan", dir), b.p, b.n, 0644, &e), 0);
	buf_free(&b);
	return dir;
}

/* a text that has DIR for the folder */
static const char *
in_dir(struct arena *a, const char *text, const char *dir)
{
	const char *at;

	while ((at = strstr(text, "DIR")))
		text = arena_printf(a, "%.*s%s%s", (int)(at - text), text, dir, at + 3);
	return text;
}

/* of two sets, or profiles, nothing has the name of another */
START_TEST(names_tell_sets_apart)
{
	static const char *const sets[] = { "2024-10", "2026-07" };
	struct arena *a = arena_new();
	char *dirs[] = { arena_printf(a, "%s/one", test_dir()),
		arena_printf(a, "%s/two", test_dir()) },
	     *path = arena_printf(a, "%s/junit.xml", test_dir()), *text;
	FILE *tap = fopen(arena_printf(a, "%s/tap", test_dir()), "w");
	struct report_head h;
	struct testcase_result *r;
	size_t n;
	struct err e = { 0 };

	for (int i = 0; i < 2; i++)
		make_run_of(a, dirs[i],
		    (struct testcase_result){ .set = sets[i],
			.scenario = "boot",
			.verdict = i ? VERDICT_FAIL : VERDICT_PASS });
	ck_assert_msg(merge_runs(a, dirs, 2, &r, &n, &h, &e) == 0, "%s", e.msg);
	report_tap_testcase(tap, 2, &r[1]);
	fclose(tap);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/tap", test_dir()), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "not ok 2 - i486 dhcp s6 2026-07 boot\n");
	ck_assert_int_eq(report_junit(path, r, n, &h, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(text, "classname=\"i486.dhcp.s6.2024-10\" name=\"boot\""));
	ck_assert_ptr_nonnull(strstr(text, "classname=\"i486.dhcp.s6.2026-07\" name=\"boot\""));
	/* one alone needs not be told */
	ck_assert_int_eq(merge_runs(a, dirs, 1, &r, &n, &h, &e), 0);
	ck_assert(!r[0].mixed);
	arena_free(a);
}
END_TEST

START_TEST(holds_against_a_plan)
{
	static const char letters[NVERDICTS] = { 'P', 'F', 'S', 'I' };
	struct arena *a = arena_new();
	char *dir = make_plan(a), verdicts[4] = "";
	const char *says = plans[_i].says ? in_dir(a, plans[_i].says, dir) : NULL, *reason = NULL;
	struct testcase_result *v;
	struct report_head h;
	size_t n;
	struct err e = { 0 };

	for (size_t i = 0; i < 3 && plans[_i].parts[i].folder; i++)
		write_part(a, dir, &plans[_i].parts[i]);
	if (!plans[_i].verdicts) {
		ck_assert_int_eq(merge_runs(a, &dir, 1, &v, &n, &h, &e), -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
		ck_assert_str_eq(e.msg, says);
		arena_free(a);
		return;
	}
	ck_assert_msg(merge_runs(a, &dir, 1, &v, &n, &h, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(n, 3);
	for (size_t i = n; i-- > 0;) {
		verdicts[i] = letters[v[i].verdict];
		if (v[i].verdict == VERDICT_INCONCLUSIVE)
			reason = v[i].reason;
	}
	ck_assert_str_eq(verdicts, plans[_i].verdicts);
	ck_assert_pstr_eq(reason, says);
	arena_free(a);
}
END_TEST

/* a machine was lost while it wrote, and the file has but its first bytes */
START_TEST(a_part_of_results_is_none)
{
	static const struct part part = { "1-1.0", "P", "boot", "i", VERDICT_PASS };
	struct arena *a = arena_new();
	char *dir = make_plan(a), *text;
	const char *path = arena_printf(a, "%s/1-1.0/results", dir);
	struct testcase_result *v;
	struct report_head h;
	size_t n, ncases;
	struct err e;

	write_part(a, dir, &part);
	ck_assert_int_eq(file_read(a, path, &text, &n, &e), 0);
	/* without its newline the last line is as good */
	for (size_t cut = 0; cut < n - 1; cut++) {
		ck_assert_int_eq(file_write(path, text, cut, 0644, &e), 0);
		ck_assert_int_eq(merge_runs(a, &dir, 1, &v, &ncases, &h, &e), 0);
		ck_assert_msg(v[0].verdict == VERDICT_INCONCLUSIVE, "%zu bytes", cut);
	}
	arena_free(a);
}
END_TEST

/* without the plan nobody knows what is not there */
START_TEST(a_part_needs_its_plan)
{
	static const struct part part = { "1-1.0", "P", "boot", "i", VERDICT_PASS };
	struct arena *a = arena_new();
	char *dir = arena_printf(a, "%s/1-1.0", test_dir());
	struct testcase_result *v;
	struct report_head h;
	size_t n;
	struct err e;

	write_part(a, test_dir(), &part);
	ck_assert_int_eq(merge_runs(a, &dir, 1, &v, &n, &h, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a,
		"%s: is a part of plan P; name the folder that has this plan and all runs of it",
		dir));
	arena_free(a);
}
END_TEST

Suite *
merge_suite(void)
{
	Suite *s = suite_of("merge", (const TTest *[]){ merges, names_tell_sets_apart,
					 a_part_of_results_is_none, a_part_needs_its_plan, NULL });

	tcase_add_loop_test(
	    harness_case(s, "images"), two_images_are_not_one, 0, sizeof digests / sizeof *digests);
	tcase_add_loop_test(
	    harness_case(s, "plans"), holds_against_a_plan, 0, sizeof plans / sizeof *plans);
	return s;
}
