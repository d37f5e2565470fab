/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_NIGHT_H
#define VERIFY_HISTORY_NIGHT_H

#include "verify/history/changes.h"
#include "verify/history/judge.h"
#include "verify/history/measure.h"
#include "verify/history/past.h"

#include <stddef.h>

struct arena;
struct quarantine;

/* What there is to tell of a night: all that is decided, in whatever form it is told. */

/* cases that turned red in one night, and have what changed with them in common */
struct night_red {
	size_t *cases, n;
	struct suspects suspects;
	double chance; /* that it is nothing new: of the case that is least sure */
};

/* measures of one kind and name that moved the same way; or packages whose size did */
struct night_move {
	const char *what; /* "phase sshd", "size dropbear" */
	const char **places;
	size_t n, of;	      /* of so many where it was measured */
	double before, after; /* of the place where it moved most */
	size_t since;	      /* the night on which it began, or the one before it */
	double noise, times; /* of that, as factor; how many times the noise.  0: a size has none */
	struct suspects suspects;
};

/* a case that may be red for a while, or may no longer */
struct night_excused {
	size_t testcase;
	const struct quarantine *q;
};

struct night {
	size_t night;
	struct standing *standings;				     /* of each case */
	size_t passed, failed, flaky, skipped, inconclusive, absent; /* cases */
	struct night_red *reds;
	size_t nreds;
	size_t *still, nstill; /* red since an earlier night */
	size_t *mended, nmended;
	size_t *flakes, nflakes; /* that failed tonight, and may go on doing so */
	struct night_excused *excused, *expired;
	size_t nexcused, nexpired;
	struct night_move *moves;
	size_t nmoves;
	double host; /* everything took so many times as long as usual */
};

/* a size is a finding from this factor, and this many bytes, on: images have no noise */
#define NIGHT_SIZE_FACTOR 0.05
#define NIGHT_SIZE_BYTES 16384

void night_decide(struct arena *a, const struct past *p, const struct measures *m,
    const struct quarantine *q, size_t nq, size_t night, struct night *out);
/* is something new, or expired, or moved? */
bool night_is_news(const struct night *n);

#endif
