/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_TRIALS_H
#define VERIFY_BISECT_TRIALS_H

#include "build/base/clock.h"
#include "build/base/err.h"
#include "build/files/digest.h"
#include "verify/bisect/odds.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The verdict of every run, a line each in a file that is only appended to, so that an
 * interrupted bisection continues where it was.  A run belongs to its subject, a digest of what the
 * manifest says of the image, of the scenarios, of lh-verify and of the options it is given:
 * version sets with equal images share their verdicts, and after a scenario was edited, or with
 * another --accel, all are judged again.
 * Tab-separated: SUBJECT good|bad|none WHERE EXPECTED GOT; an incomplete last line is ignored.
 */
struct trial {
	char subject[DIGEST_HEX];
	enum search_verdict verdict;	    /* BISECT_SKIP: inconclusive */
	const char *where, *expected, *got; /* "" when unknown */
};

struct trials {
	const char *path;
	struct trial *v; /* on the arena */
	size_t n;
};

/* a file that is not there is empty */
int trials_open(struct arena *a, const char *path, struct trials *t, struct err *e);
/* appended and synced when it returns */
int trials_add(struct arena *a, struct trials *t, const struct trial *one, struct err *e);
/* where: not NULL, failures elsewhere count as inconclusive */
struct tally trials_tally(const struct trials *t, const char *subject, const char *where);
/* the last run of that verdict, or NULL */
const struct trial *trials_last(
    const struct trials *t, const char *subject, enum search_verdict verdict);

#endif
