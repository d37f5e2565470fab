/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/tally.h"

#include "verify/mutants/derive.h"
#include "verify/mutants/equivalent.h"

#include <stdbool.h>
#include <string.h>

static bool
is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static void
count_killers(const struct outcome *o, const struct tally_head *h, struct tally *t)
{
	for (size_t i = 0; i < o->nkillers; i++)
		if (!is_one_of(h->offline, o->killers[i])) {
			t->without_audit++;
			return;
		}
	t->only_audit++;
}

void
tally_count(const struct outcome *v, size_t n, const struct tally_head *h, struct tally *out)
{
	*out = (struct tally){ .all = n };
	for (const struct outcome *o = v; o < v + n; o++) {
		out->unplayed += o->kind == OUTCOME_NONE;
		out->inconclusive += o->kind == OUTCOME_INCONCLUSIVE;
		if (o->kind == OUTCOME_KILLED && o->equivalent) {
			out->not_equivalent++;
		} else if (o->kind == OUTCOME_KILLED) {
			out->killed++;
			count_killers(o, h, out);
		}
		if (o->kind == OUTCOME_SURVIVED)
			*(o->equivalent ? &out->equivalent : &out->survived) += 1;
	}
}

static double
ratio(size_t part, size_t rest)
{
	return part + rest ? (double)part / (double)(part + rest) : 1;
}

double
tally_score(const struct tally *t)
{
	return ratio(t->killed, t->survived);
}

int
tally_status(const struct tally *t)
{
	if (t->survived || t->not_equivalent)
		return 1;
	return t->inconclusive || t->unplayed || !t->all ? EXIT_NOJUDGE : 0;
}

/* ---- TAP ---- */

void
tally_start(FILE *f, size_t n, const struct tally_head *h)
{
	fprintf(f, "TAP version 13\n# %zu mutants of %s %s %s, set %s", h->derived, h->arch, h->net,
	    h->profile, h->set);
	if (h->only)
		fprintf(f, "; only %s", h->only);
	if (h->sample)
		fprintf(f, "; a sample of %zu, seed %llu", h->sample, (unsigned long long)h->seed);
	fprintf(f, "\n1..%zu\n", n);
}

static void
print_killers(FILE *f, const struct outcome *o)
{
	fprintf(f, "killed by %s at %s: %s", o->killers[0], o->where ? o->where : "?",
	    o->reason ? o->reason : "?");
	for (size_t i = 1; i < o->nkillers; i++)
		fprintf(f, "%s %s", i == 1 ? "; and by" : "", o->killers[i]);
}

void
tally_line(FILE *f, size_t number, const struct outcome *o)
{
	const struct equivalent *q = o->equivalent;
	bool killed = o->kind == OUTCOME_KILLED, good = killed ? !q : q != NULL;

	if (o->kind == OUTCOME_INCONCLUSIVE || o->kind == OUTCOME_NONE)
		good = false;
	fprintf(f, "%sok %zu - %s %s # ", good ? "" : "not ", number, o->mutant->class,
	    o->mutant->target);
	if (killed && q)
		fprintf(f, "no longer equivalent (%s:%u): ", q->path, q->line);
	if (killed)
		print_killers(f, o);
	else if (o->kind == OUTCOME_SURVIVED && q)
		fprintf(f, "SKIP equivalent: %s", q->reason);
	else if (o->kind == OUTCOME_SURVIVED)
		fprintf(f, "survived");
	else
		fprintf(f, "%s: %s", outcome_names[o->kind], o->reason ? o->reason : "?");
	fprintf(f, "%s\n", o->resumed ? " (played before)" : "");
}

/* how many only this scenario killed, or killed first when the others were not asked */
static size_t
count_of(const struct outcome *v, size_t n, const char *name, bool all)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found +=
		    v[i].nkillers && (!all || v[i].nkillers == 1) && !strcmp(v[i].killers[0], name);
	return found;
}

static void
print_scores(FILE *f, const struct tally *t, const struct tally_head *h)
{
	bool partly = t->only_audit && !h->all_scenarios;

	if (!(t->killed + t->survived)) {
		fprintf(f, "# no score: no mutant was judged\n");
		return;
	}
	fprintf(f, "# score %.3f: %zu killed, %zu survived, %zu equivalent", tally_score(t),
	    t->killed, t->survived, t->equivalent);
	if (t->not_equivalent)
		fprintf(f, ", %zu no longer equivalent", t->not_equivalent);
	if (t->inconclusive || t->unplayed)
		fprintf(f, ", %zu inconclusive, %zu not played", t->inconclusive, t->unplayed);
	fprintf(f, "\n# score without the scenarios that start no guest: %s%.3f%s\n",
	    partly ? "at least " : "", ratio(t->without_audit, t->survived + t->only_audit),
	    partly ? " (--all-scenarios plays on after a refusal)" : "");
}

void
tally_end(FILE *f, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct tally t;

	tally_count(v, n, h, &t);
	for (const char *const *name = h->played; *name; name++)
		fprintf(f, "# %-14s %s %zu\n", *name,
		    h->all_scenarios ? "is the only one to kill" : "kills first",
		    count_of(v, n, *name, h->all_scenarios));
	print_scores(f, &t, h);
	fprintf(f, "%zu passed, %zu failed, %zu skipped\n", t.killed,
	    t.survived + t.not_equivalent + t.inconclusive + t.unplayed, t.equivalent);
}
