/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/merge.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/report/compare.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <stdbool.h>
#include <string.h>

struct merging {
	struct arena *a;
	struct testcase_result *v;
	size_t n;
	struct report_head *head;
};

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
add(struct merging *m, const struct testcase_result *c, const char *dir, struct err *e)
{
	if (check_once(m->v, m->n, c, dir, e) < 0)
		return -1;
	m->v = arena_more(m->a, m->v, m->n, sizeof *m->v);
	m->v[m->n++] = *c;
	return 0;
}

/* ---- a run by itself ---- */

static int
merge_run(struct merging *m, const char *dir, struct err *e)
{
	struct report_head head;
	struct testcase_result *testcases;
	size_t n;

	if (results_read(m->a, dir, &testcases, &n, &head, e) < 0) {
		const char *reason = arena_strdup(m->a, e->msg);

		m->v = arena_more(m->a, m->v, m->n, sizeof *m->v);
		m->v[m->n++] = (struct testcase_result){ .arch = dir,
			.net = "-",
			.scenario = "run",
			.dir = dir,
			.verdict = VERDICT_INCONCLUSIVE,
			.reason = reason };
		return 0;
	}
	if (head.plan)
		return fail_usage(e,
		    "%s: is a part of plan %s; name the folder that has this plan and all runs of "
		    "it",
		    dir, head.plan);
	results_join_heads(m->head, &head);
	for (size_t i = 0; i < n; i++)
		if (!testcases[i].comparison && add(m, &testcases[i], dir, e) < 0)
			return -1;
	return 0;
}

/* ---- a plan, and the runs of it ---- */

/* what is planned, and what is known of it */
struct planned {
	const char *path, *name;
	struct testcase_result *v;
	const struct testcase_result **known; /* of each of v, or NULL */
	size_t n;
};

static bool
is_judged(const struct testcase_result *c)
{
	return c && (c->verdict == VERDICT_PASS || c->verdict == VERDICT_FAIL);
}

static size_t
find(const struct planned *p, const struct testcase_result *of)
{
	size_t i = 0;

	while (i < p->n && !results_same_testcase(&p->v[i], of))
		i++;
	return i;
}

/* of several runs of a test case, as when its machine was lost, one has the verdict */
static int
know(struct arena *a, struct planned *p, struct testcase_result *c, const char *dir, struct err *e)
{
	size_t i = find(p, c);

	if (i == p->n)
		return fail_usage(e, "%s: judged %s %s %s, which %s does not plan", dir, c->arch,
		    c->net, c->scenario, p->path);
	if (results_other_image(&p->v[i], c))
		return fail_usage(e, "%s: judged another image of %s %s than %s plans", dir,
		    c->arch, c->net, p->path);
	if (is_judged(c) && is_judged(p->known[i]))
		return fail_usage(e,
		    "%s %s %s: %s and %s both judged it; look at them, and take one away", c->arch,
		    c->net, c->scenario, p->known[i]->dir, c->dir ? c->dir : dir);
	if (c->verdict == VERDICT_SKIP && p->v[i].verdict != VERDICT_SKIP) {
		c->verdict = VERDICT_INCONCLUSIVE;
		c->reason =
		    arena_printf(a, "planned, but skipped there: %s", c->reason ? c->reason : "?");
	}
	if (!is_judged(p->known[i]))
		p->known[i] = c;
	return 0;
}

/* one that was killed may have left anything but results of its own */
static int
know_run(struct merging *m, struct planned *p, const char *dir, struct err *e)
{
	struct report_head head;
	struct testcase_result *v;
	size_t n;

	if (!file_exists(arena_printf(m->a, "%s/results", dir)))
		return 0;
	if (results_read(m->a, dir, &v, &n, &head, e) < 0) {
		log_warn("%s; does not count", e->msg);
		return 0;
	}
	if (!head.plan || strcmp(head.plan, p->name) != 0)
		return fail_usage(e, "%s: of %s%s, and not of the plan in %s", dir,
		    head.plan ? "plan " : "no plan", head.plan ? head.plan : "", p->path);
	results_join_heads(m->head, &head);
	for (size_t i = 0; i < n; i++)
		if (!v[i].comparison && know(m->a, p, &v[i], dir, e) < 0)
			return -1;
	return 0;
}

static int
merge_planned(struct merging *m, const char *dir, const char *plan, struct err *e)
{
	struct planned p = { .path = plan };
	struct report_head head;
	char **names;

	if (results_read_file(m->a, plan, &p.v, &p.n, &head, e) < 0 ||
	    file_names(m->a, dir, false, &names, NULL, e) < 0)
		return -1;
	if (!head.plan)
		return fail_usage(e, "%s: a run's results, and no plan", plan);
	p.name = head.plan;
	p.known = arena_array(m->a, p.n + 1, sizeof *p.known);
	for (; *names; names++)
		if (know_run(m, &p, arena_printf(m->a, "%s/%s", dir, *names), e) < 0)
			return -1;
	for (size_t i = 0; i < p.n; i++) {
		if (p.v[i].verdict != VERDICT_SKIP && !p.known[i])
			p.v[i].reason =
			    arena_printf(m->a, "planned, and not played: %s has no run of it", dir);
		if (add(m, p.known[i] ? p.known[i] : &p.v[i], dir, e) < 0)
			return -1;
	}
	return 0;
}

/* *first is what the others have, who are not NULL */
static bool
differs(const char **first, const char *s)
{
	*first = *first ? *first : s;
	return s && strcmp(*first, s) != 0;
}

static void
find_mixed(struct testcase_result *v, size_t n)
{
	const char *profile = NULL, *set = NULL;
	bool mixed = false;

	for (size_t i = 0; i < n; i++)
		mixed = differs(&profile, v[i].profile) || differs(&set, v[i].set) || mixed;
	for (size_t i = 0; i < n; i++)
		v[i].mixed = mixed;
}

int
merge_runs(struct arena *a, char **dirs, size_t ndirs, struct testcase_result **testcases,
    size_t *n, struct report_head *h, struct err *e)
{
	struct merging m = { .a = a, .head = h };
	size_t more;

	*h = (struct report_head){ 0 };
	for (size_t i = 0; i < ndirs; i++) {
		const char *plan = arena_printf(a, "%s/plan", dirs[i]);

		if ((file_exists(plan) ? merge_planned(&m, dirs[i], plan, e)
				       : merge_run(&m, dirs[i], e)) < 0)
			return -1;
	}
	more = compare_count(m.v, m.n);
	*testcases = arena_grow(a, m.v, m.n, m.n + more, sizeof **testcases);
	compare_make(a, *testcases, m.n, *testcases + m.n);
	*n = m.n + more;
	find_mixed(*testcases, *n);
	return 0;
}
