/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_SCHEDULE_H
#define VERIFY_MUTANTS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct matrix;
struct scenario;

/*
 * In which order a mutant meets the scenarios: the first that refuses it ends it, so what costs
 * least comes first.
 */
struct turn {
	const struct scenario *scenario;
	enum turn_kind {
		TURN_OFFLINE, /* starts no guest */
		TURN_BOOTED,  /* the boot that is saved, for those behind it */
		TURN_AFTER,   /* starts from that, if there was one */
		TURN_COLD     /* boots itself */
	} kind;
};

/*
 * m: the scenarios of one image; those that it skips are no turns.  booted: how the state is
 * reached, or NULL.  Of one kind, those of the smaller limit come first, then by name.
 */
size_t schedule_make(struct arena *a, const struct matrix *m, const struct scenario *booted,
    bool agent, struct turn **out);

#endif
