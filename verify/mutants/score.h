/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_SCORE_H
#define VERIFY_MUTANTS_SCORE_H

#include "build/base/err.h"
#include "verify/mutants/outcome.h"

#include <stdbool.h>
#include <stddef.h>

struct accel;
struct arena;
struct image;
struct turn;

struct score_opts {
	const char *out;   /* folder for everything, absolute */
	unsigned jobs;	   /* mutants at a time; 0: one for each processor */
	double scale;	   /* of timeouts; 0: by how slow the machine is seen to be */
	const char *accel; /* tcg, kvm, auto */
	bool keep;	   /* the folders of mutants, also of those that were judged */
	bool all;	   /* play on after a refusal */
	bool function;	   /* ..of a turn that starts no guest: what it breaks is asked, too */
	/* called once for each that has become something, from the loop */
	void (*told)(void *arg, const struct outcome *o);
	void *arg;
};

/*
 * Plays mutants of an image, each from its copy of the disk to the first turn that refuses it,
 * twice when it is one that boots: the boot that turns start from is saved once for each.  What
 * refuses a mutant proves nothing when it refuses the image as well, so every scenario that killed
 * is played once on the image as it is; when that does not pass, what it killed is inconclusive,
 * and *untrue has its reason. Outcomes that are known already stay.  A signal ends all guests;
 * *stopped is then its name, else NULL, and what was not judged stays OUTCOME_NONE.
 */
int score_play(struct arena *a, struct image *image, const struct turn *turns, size_t nturns,
    struct outcome *v, size_t n, const struct score_opts *o, const char **untrue,
    const char **stopped, struct err *e);

#endif
