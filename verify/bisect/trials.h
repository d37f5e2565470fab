/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_TRIALS_H
#define VERIFY_BISECT_TRIALS_H

#include "build/base/clock.h"
#include "build/base/digest.h"
#include "build/base/err.h"
#include "verify/bisect/odds.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The verdicts that images have had, one line a run in a file that is only ever added to, so
 * that a bisection which was interrupted, however, goes on where it was.  A run is known by
 * its subject: a digest over the image, the kernel, how it boots and the scenarios, so two
 * mixtures with equal images share their verdicts, and an edited scenario begins anew.
 * Tab-separated: SUBJECT good|bad|none WHERE EXPECTED GOT; an incomplete last line is none.
 */
struct trial {
	char subject[DIGEST_HEX];
	enum search_verdict verdict;	    /* GOOD, BAD; SKIP: judged nothing */
	const char *where, *expected, *got; /* "" when not told */
};

struct trials {
	const char *path;
	struct trial *v; /* on the arena */
	size_t n;
};

/* an absent file has none */
int trials_open(struct arena *a, const char *path, struct trials *t, struct err *e);
/* on the disk when it returns */
int trials_add(struct arena *a, struct trials *t, const struct trial *one, struct err *e);
/* only failures at this place count when where is not NULL; others judge nothing */
struct tally trials_tally(const struct trials *t, const char *subject, const char *where);
/* the last run of that verdict, or NULL */
const struct trial *trials_last(
    const struct trials *t, const char *subject, enum search_verdict verdict);

#endif
