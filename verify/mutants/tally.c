/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/tally.h"

#include "build/base/arena.h"
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

static bool
is_by_guest(const struct outcome *o, const struct tally_head *h)
{
	for (size_t i = 0; i < o->nkillers; i++)
		if (!is_one_of(h->offline, o->killers[i]))
			return true;
	return false;
}

static void
count_one(const struct outcome *o, const struct tally_head *h, struct tally *t)
{
	t->all++;
	t->unplayed += o->kind == OUTCOME_NONE;
	t->inconclusive += o->kind == OUTCOME_INCONCLUSIVE;
	if (o->kind == OUTCOME_KILLED && o->equivalent) {
		t->not_equivalent++;
	} else if (o->kind == OUTCOME_KILLED) {
		t->killed++;
		*(is_by_guest(o, h) ? &t->by_guest : &t->by_audit) += 1;
	}
	if (o->kind == OUTCOME_SURVIVED)
		*(o->equivalent ? &t->equivalent : &t->survived) += 1;
}

void
tally_count(const struct outcome *v, size_t n, const struct tally_head *h, struct tally *out)
{
	*out = (struct tally){ 0 };
	for (size_t i = 0; i < n; i++)
		count_one(&v[i], h, out);
}

size_t
tally_classes(struct arena *a, const struct outcome *v, size_t n, const struct tally_head *h,
    struct tally_class **out)
{
	struct tally_class *c = arena_array(a, n + 1, sizeof *c);
	size_t nc = 0, k;

	for (size_t i = 0; i < n; i++) {
		for (k = 0; k < nc && strcmp(c[k].name, v[i].mutant->class) != 0; k++)
			;
		if (k == nc)
			c[nc++].name = v[i].mutant->class;
		count_one(&v[i], h, &c[k].t);
	}
	*out = c;
	return nc;
}

static double
ratio(size_t part, size_t rest)
{
	return part + rest ? (double)part / (double)(part + rest) : 1;
}

bool
tally_judged(const struct tally *t)
{
	return t->killed + t->survived > 0;
}

bool
tally_whole(const struct tally *t)
{
	return t->inconclusive + t->unplayed == 0;
}

double
tally_score(const struct tally *t)
{
	return ratio(t->killed, t->survived);
}

double
tally_function(const struct tally *t)
{
	return ratio(t->by_guest, t->by_audit + t->survived);
}

bool
tally_asked(const struct tally_head *h)
{
	return h->all_scenarios || h->function;
}

const char *
tally_proof(const struct outcome *o, const struct tally_head *h)
{
	if (o->kind != OUTCOME_KILLED)
		return NULL;
	if (is_by_guest(o, h))
		return "guest";
	return tally_asked(h) ? "audit" : "audit, no guest asked";
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

/* how many this one killed, and no other guest: audits may have, too */
static size_t
count_in_guest(const struct outcome *v, size_t n, const char *name, const struct tally_head *h)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const char *guest = NULL;
		size_t guests = 0;

		for (size_t k = 0; k < v[i].nkillers; k++)
			if (!is_one_of(h->offline, v[i].killers[k])) {
				guest = v[i].killers[k];
				guests++;
			}
		found += guests == 1 && !strcmp(guest, name);
	}
	return found;
}

/* one that starts no guest is compared with all, one that does with its like */
static void
print_scenarios(FILE *f, const struct outcome *v, size_t n, const struct tally_head *h)
{
	for (const char *const *name = h->played; *name; name++) {
		bool offline = is_one_of(h->offline, *name);

		fprintf(f, "# %-14s %s %zu\n", *name,
		    offline ? h->all_scenarios ? "is the only one to kill" : "kills first"
		    : h->all_scenarios ? "is the only guest to kill"
				       : "is the first guest to kill",
		    offline ? count_of(v, n, *name, h->all_scenarios)
			    : count_in_guest(v, n, *name, h));
	}
}

static void
print_classes(FILE *f, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct arena *a = arena_new();
	struct tally_class *c;
	size_t nc = tally_classes(a, v, n, h, &c);

	fprintf(
	    f, "# %-24s %6s %6s %6s %6s %6s\n", "class", "all", "guest", "audit", "alive", "other");
	for (size_t i = 0; i < nc; i++) {
		const struct tally *t = &c[i].t;

		fprintf(f, "# %-24s %6zu %6zu %6zu %6zu %6zu\n", c[i].name, t->all, t->by_guest,
		    t->by_audit, t->survived, t->all - t->by_guest - t->by_audit - t->survived);
	}
	arena_free(a);
}

static void
print_scores(FILE *f, const struct tally *t, const struct tally_head *h)
{
	if (!tally_judged(t)) {
		fprintf(f, "# no score: no mutant was judged\n");
		return;
	}
	fprintf(f, "# score %.3f%s: %zu killed, %zu survived, %zu equivalent", tally_score(t),
	    tally_whole(t) ? "" : " of those judged", t->killed, t->survived, t->equivalent);
	if (t->not_equivalent)
		fprintf(f, ", %zu no longer equivalent", t->not_equivalent);
	if (t->inconclusive || t->unplayed)
		fprintf(f, ", %zu inconclusive, %zu not played", t->inconclusive, t->unplayed);
	fprintf(f, "\n# function %s%.3f: %zu killed by a guest, %zu by audits alone%s\n",
	    t->by_audit && !tally_asked(h) ? "at least " : "", tally_function(t), t->by_guest,
	    t->by_audit,
	    t->by_audit && !tally_asked(h) ? ", of which no guest was asked (--function asks)"
					   : "");
}

void
tally_end(FILE *f, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct tally t;

	tally_count(v, n, h, &t);
	print_scenarios(f, v, n, h);
	print_classes(f, v, n, h);
	print_scores(f, &t, h);
	fprintf(f, "%zu passed, %zu failed, %zu skipped\n", t.killed,
	    t.survived + t.not_equivalent + t.inconclusive + t.unplayed, t.equivalent);
}
