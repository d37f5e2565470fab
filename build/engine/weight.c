/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/weight.h"

#include "build/base/clock.h"
#include "build/config/sysdeps.h"
#include "build/engine/job.h"
#include "build/engine/journal.h"
#include "build/engine/task.h"
#include "build/plan/plan.h"

#include <string.h>
#include <sys/stat.h>

/*
 * what was never built here is guessed at, in seconds and bytes of source a second: a kernel is
 * large
 */
#define GUESS_LEAST 5
#define GUESS_RATE 200000
#define GUESS_FINISH 2

static double
guess(const struct task *t)
{
	struct stat st;

	if (!t->node)
		return GUESS_FINISH;
	return GUESS_LEAST +
	       (t->archive && lstat(t->archive, &st) == 0 ? (double)st.st_size / GUESS_RATE : 0);
}

/*
 * another plan before it has the same node, for the same triple or for none: it is likely to come
 * from there
 */
static bool
seen_before(const struct job *jobs, const struct task *t)
{
	for (const struct job *j = jobs; t->node && j < t->job; j++)
		if ((t->node->variant == VARIANT_HOST ||
			!strcmp(j->sd->triple, t->job->sd->triple)) &&
		    plan_find(j->plan, t->node->id))
			return true;
	return false;
}

void
weight_all(struct task *v, size_t n, const struct job *jobs)
{
	for (size_t i = n; i-- > 0;) {
		struct task *t = &v[i];
		double seconds =
		    t->state == TASK_DONE ? 0 : journal_seconds(&t->job->journal, t->node);

		t->guessed = seconds <= 0;
		if (t->guessed && t->state != TASK_DONE)
			seconds = guess(t);
		for (size_t j = 0; j < t->nwanted_by; j++)
			if (t->weight < t->wanted_by[j]->weight)
				t->weight = t->wanted_by[j]->weight;
		t->weight += seconds;
		t->seconds = seen_before(jobs, t) ? 0 : seconds;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].state == TASK_READY)
			for (const struct task *t = v[i].same_key; t; t = t->same_key)
				if (v[i].weight < t->weight)
					v[i].weight = t->weight;
}

double
weight_left(const struct task *v, size_t n, unsigned processors)
{
	double all = 0, chain = 0;

	for (const struct task *t = v; t < v + n; t++) {
		double ran =
		    t->state == TASK_RUNNING ? (double)(clock_now() - t->since) / NS_PER_S : 0;

		if (t->state == TASK_DONE || t->state == TASK_FAILED)
			continue;
		all += t->seconds > ran ? t->seconds - ran : 0;
		if (chain < t->weight - ran)
			chain = t->weight - ran;
	}
	all /= processors;
	return all > chain ? all : chain;
}
