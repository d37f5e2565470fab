/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_TALLY_H
#define VERIFY_MUTANTS_TALLY_H

#include "build/base/err.h"
#include "verify/mutants/outcome.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct arena;

/*
 * The mutation score: how many of the mutants that are not equivalent some scenario refused.  A
 * suite is as good as its survivors are few.
 *
 * A comparison with the build's table of files refuses whatever differs, and proves nothing of what
 * the image does.  So those that a running guest refused are counted by themselves: the function.
 */
struct tally {
	size_t all, killed, survived, inconclusive, unplayed;
	size_t equivalent;     /* said to be, and not killed */
	size_t not_equivalent; /* said to be, and killed: a failure, the line is wrong */
	size_t by_guest;       /* of the killed: by a scenario that starts a guest */
	size_t by_audit;       /* of the killed: only by such as start none */
};

struct tally_head {
	const char *version, *date, *image, *kernel; /* digests of the image's manifest */
	const char *arch, *profile, *set, *net;
	const char *only; /* or NULL */
	size_t derived;	  /* mutants that there are, drawn or not */
	size_t sample;	  /* 0: all */
	uint64_t seed;
	bool all_scenarios;	    /* played on, after a refusal */
	bool function;		    /* played on, until a guest refused it */
	const char *const *offline; /* names of the scenarios that start no guest, then NULL */
	const char *const *played;  /* names of all that were played, then NULL */
};

void tally_count(const struct outcome *v, size_t n, const struct tally_head *h, struct tally *out);
/* is there a score at all? */
bool tally_judged(const struct tally *t);
/* was every mutant judged?  If not, the score is that of a part, and whoever prints it says so. */
bool tally_whole(const struct tally *t);
/* killed / (all - equivalent), of those that were judged; 1 when there are none */
double tally_score(const struct tally *t);
/* the same, killed by a guest; what no guest was asked for counts as not killed by one */
double tally_function(const struct tally *t);
/* was a guest asked whenever an audit had refused already? */
bool tally_asked(const struct tally_head *h);
/* "guest", "audit", "audit, no guest asked": what kind of scenario has killed it; NULL: none */
const char *tally_proof(const struct outcome *o, const struct tally_head *h);
/*
 * The same for each class of mutants, in the order in which they first come; names and counts are
 * on the arena.  Returns how many.
 */
struct tally_class {
	const char *name;
	struct tally t;
};

size_t tally_classes(struct arena *a, const struct outcome *v, size_t n, const struct tally_head *h,
    struct tally_class **out);
/* TAP version 13: number is from 1 */
void tally_start(FILE *f, size_t n, const struct tally_head *h);
void tally_line(FILE *f, size_t number, const struct outcome *o);
void tally_end(FILE *f, const struct outcome *v, size_t n, const struct tally_head *h);
/* 0: none survived; 1: some did, or are equivalent no more; 125: not all could be judged */
int tally_status(const struct tally *t);
/* mutants.json and mutants.html in a folder */
int tally_files(struct arena *a, const char *dir, const struct outcome *v, size_t n,
    const struct tally_head *h, struct err *e);

#endif
