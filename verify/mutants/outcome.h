/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_OUTCOME_H
#define VERIFY_MUTANTS_OUTCOME_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct derived;
struct equivalent;

/* What became of a mutant. */
enum outcome_kind {
	OUTCOME_NONE, /* not played */
	OUTCOME_KILLED,
	OUTCOME_SURVIVED,
	OUTCOME_INCONCLUSIVE,
	NOUTCOMES
};

extern const char *const outcome_names[NOUTCOMES];

struct outcome {
	const struct derived *mutant;
	const struct equivalent *equivalent; /* NULL: it is not said to be */
	enum outcome_kind kind;
	const char **killers; /* scenarios that refused it, in the order played: the first, or all
				 when all were played */
	size_t nkillers;
	const char *where;  /* of the first refusal: scenarios/ssh.scn:14 */
	const char *reason; /* its reason in one line, or why it is inconclusive */
	nstime took;
	bool resumed; /* from an earlier run */
};

#endif
