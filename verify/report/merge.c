/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/merge.h"

#include "build/base/arena.h"
#include "verify/report/compare.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

/* two verdicts on one test case contradict or repeat each other, two images are not one result */
static int
check_once(const struct testcase_result *all, size_t n, const struct testcase_result *c,
    const char *dir, struct err *e)
{
	const char *here = c->dir ? c->dir : dir;

	for (size_t i = 0; i < n; i++) {
		const struct testcase_result *o = &all[i];
		const char *there = o->dir ? o->dir : "?";

		if (!results_same_image(o, c))
			continue;
		if (results_same_testcase(o, c))
			return fail_usage(e, "%s %s %s: both %s and %s have it", c->arch, c->net,
			    c->scenario, there, here);
		if (results_other_image(o, c))
			return fail_usage(e,
			    "%s %s, profile %s, set %s: %s and %s judged different images; verify "
			    "one of them again",
			    c->arch, c->net, c->profile ? c->profile : "?", c->set ? c->set : "?",
			    there, here);
	}
	return 0;
}

static int
merge_run(struct arena *a, const char *dir, struct testcase_result **all, size_t *n,
    struct report_head *h, struct err *e)
{
	struct report_head head;
	struct testcase_result *testcases;
	size_t ncases;

	if (results_read(a, dir, &testcases, &ncases, &head, e) < 0) {
		*all = arena_more(a, *all, *n, sizeof **all);
		(*all)[(*n)++] = (struct testcase_result){ .arch = dir,
			.net = "-",
			.scenario = "run",
			.dir = dir,
			.verdict = VERDICT_INCONCLUSIVE,
			.reason = arena_strdup(a, e->msg) };
		return 0;
	}
	results_join_heads(h, &head);
	for (size_t i = 0; i < ncases; i++) {
		if (testcases[i].comparison)
			continue;
		if (check_once(*all, *n, &testcases[i], dir, e) < 0)
			return -1;
		*all = arena_more(a, *all, *n, sizeof **all);
		(*all)[(*n)++] = testcases[i];
	}
	return 0;
}

int
merge_runs(struct arena *a, char **dirs, size_t ndirs, struct testcase_result **testcases,
    size_t *n, struct report_head *h, struct err *e)
{
	size_t more;

	*h = (struct report_head){ 0 };
	*testcases = NULL;
	*n = 0;
	for (size_t i = 0; i < ndirs; i++)
		if (merge_run(a, dirs[i], testcases, n, h, e) < 0)
			return -1;
	more = compare_count(*testcases, *n);
	*testcases = arena_grow(a, *testcases, *n, *n + more, sizeof **testcases);
	compare_make(a, *testcases, *n, *testcases + *n);
	*n += more;
	return 0;
}
