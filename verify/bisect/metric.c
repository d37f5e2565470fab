/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/metric.h"

#include "build/base/arena.h"
#include "verify/bisect/trials.h"
#include "verify/report/chart.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* what takes no time at all has no logarithm */
#define LEAST 1e-9

static bool
of_testcase(struct arena *a, const struct testcase_result *r, const char *name, double *seconds)
{
	struct chart_phase *phases;
	size_t n = r->chart ? chart_phases(a, r->chart, &phases) : 0;

	if (!strcmp(name, "booted") && r->booted) {
		*seconds = (double)r->booted / 1e9;
		return true;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(phases[i].name, name)) {
			*seconds = (double)phases[i].took / 1e9;
			return true;
		}
	return false;
}

bool
metric_read(struct arena *a, const char *dir, const char *name, double *seconds)
{
	struct testcase_result *v;
	struct report_head head;
	struct err ignored;
	nstime took = 0;
	size_t n;

	if (results_read(a, dir, &v, &n, &head, &ignored) < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (of_testcase(a, &v[i], name, seconds))
			return true;
		took += v[i].took;
	}
	*seconds = (double)took / 1e9;
	return !strcmp(name, "took") && took;
}

const char *
metric_text(struct arena *a, double seconds)
{
	return arena_printf(a, "%.6g s", seconds);
}

static int
by_value(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static bool
measured(const struct trial *one, const char *subject)
{
	return !strcmp(one->subject, subject) && one->verdict == BISECT_GOOD;
}

static double
seconds_of(const struct trial *one)
{
	return fmax(strtod(one->got, NULL), LEAST);
}

bool
metric_median(const struct trials *t, const char *subject, double *seconds)
{
	double *v = xmalloc((t->n + 1) * sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (measured(&t->v[i], subject))
			v[n++] = seconds_of(&t->v[i]);
	if (n) {
		qsort(v, n, sizeof *v, by_value);
		*seconds = (v[(n - 1) / 2] + v[n / 2]) / 2;
	}
	free(v);
	return n;
}

struct tally
metric_tally(const struct trials *t, const char *subject, const char *const ends[2])
{
	struct tally out = { 0, 0, 0 };
	double at[2] = { 0, 0 };
	bool both = true, differ;

	for (int end = 0; end < 2; end++)
		both &= ends[end] && metric_median(t, ends[end], &at[end]);
	differ = both && fabs(log(at[1] / at[0])) > log1p(METRIC_FACTOR);
	for (size_t i = 0; i < t->n; i++) {
		const struct trial *one = &t->v[i];
		/* until both are known, an end is what it is said to be */
		bool bad = !both && ends[1] && !strcmp(subject, ends[1]);

		if (strcmp(one->subject, subject))
			continue;
		if (differ)
			bad = (seconds_of(one) > sqrt(at[0] * at[1])) == (at[1] > at[0]);
		if (!measured(one, subject))
			out.none++;
		else if (bad)
			out.bad++;
		else
			out.good++;
	}
	return out;
}
