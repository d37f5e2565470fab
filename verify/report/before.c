/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/before.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

struct known {
	struct testcase_result *v;
	size_t n;
};

static const char *
folder(struct arena *a, const char *dir)
{
	return arena_printf(a, "%s/before", dir);
}

static const struct testcase_result *
find(const struct known *k, const struct testcase_result *of)
{
	for (size_t i = 0; i < k->n; i++)
		if (results_same_testcase(&k->v[i], of))
			return &k->v[i];
	return NULL;
}

static bool
is_judged(const struct testcase_result *c)
{
	return c->verdict == VERDICT_PASS || c->verdict == VERDICT_FAIL;
}

/* those of the folder that were judged, and that are not known yet */
static void
learn(struct arena *a, const char *dir, struct known *k)
{
	struct testcase_result *v;
	struct report_head h;
	struct err e;
	size_t n;

	if (results_read(a, dir, &v, &n, &h, &e) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!is_judged(&v[i]) || find(k, &v[i]))
			continue;
		k->v = arena_more(a, k->v, k->n, sizeof *k->v);
		k->v[k->n++] = (struct testcase_result){ .arch = v[i].arch,
			.net = v[i].net,
			.profile = v[i].profile,
			.set = v[i].set,
			.scenario = v[i].scenario,
			.comparison = v[i].comparison,
			.verdict = v[i].verdict,
			.took = v[i].took };
	}
}

int
before_keep(struct arena *a, const char *dir, struct err *e)
{
	const char *kept = folder(a, dir);
	struct report_head h = { .version = NULL };
	struct known k = { .n = 0 };

	if (!file_exists(arena_printf(a, "%s/results", dir)))
		return 0;
	learn(a, dir, &k);
	learn(a, kept, &k);
	if (!k.n)
		return 0;
	return file_mkdirs(kept, 0755, e) < 0 ? -1 : results_write(a, kept, k.v, k.n, &h, e);
}

void
before_compare(struct arena *a, const char *dir, struct testcase_result *testcases, size_t n)
{
	struct known k = { .n = 0 };

	learn(a, folder(a, dir), &k);
	for (size_t i = 0; i < n; i++) {
		const struct testcase_result *was = find(&k, &testcases[i]);

		if (was && is_judged(&testcases[i]) && was->verdict != testcases[i].verdict)
			testcases[i].was = verdict_names[was->verdict];
	}
}

void
before_took(struct arena *a, const char *dir, const struct testcase_result *testcases, size_t n,
    nstime *took)
{
	struct known k = { .n = 0 };

	learn(a, folder(a, dir), &k);
	for (size_t i = 0; i < n; i++) {
		const struct testcase_result *was = find(&k, &testcases[i]);

		took[i] = was ? was->took : 0;
	}
}
