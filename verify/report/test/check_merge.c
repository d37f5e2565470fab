/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/merge.h"

#include "build/base/arena.h"
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

	for (int i = 0; i < 2; i++) {
		struct testcase_result c = { .arch = "i486",
			.net = "dhcp",
			.profile = "s6",
			.set = "next",
			.scenario = i ? "ssh" : "boot",
			.image = digests[_i].image[i],
			.kernel = digests[_i].kernel[i],
			.dir = dirs[i],
			.verdict = VERDICT_PASS };

		ck_assert_int_eq(file_mkdirs(dirs[i], 0755, &e), 0);
		ck_assert_int_eq(results_write(a, dirs[i], &c, 1, &head, &e), 0);
	}
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

Suite *
merge_suite(void)
{
	Suite *s = suite_of("merge", (const TTest *[]){ merges, NULL });

	tcase_add_loop_test(
	    harness_case(s, "images"), two_images_are_not_one, 0, sizeof digests / sizeof *digests);
	return s;
}
