/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_MEASURE_H
#define VERIFY_HISTORY_MEASURE_H

#include "verify/history/past.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Times that moved beyond their noise.  A measure has one value a night, the median of what was
 * measured then, and is looked at as a logarithm, so that a change is a factor.  A case that failed
 * has none, though it passed, too: it was played again by itself, which takes another time.  What
 * all measures of a night have in common, the median of their distances, is the host's, and taken
 * off first.
 *
 * What is usual is the median of the nights before, at most MEASURE_WINDOW and at least
 * MEASURE_LEAST of them; the noise is their median absolute deviation x 1.4826, which for normal
 * noise is its standard deviation (Hampel, Journal of the American Statistical Association 69,
 * 1974), but not less than the median such noise of all measures of its kind, since that of few
 * nights may be too small by chance.  A night is beyond when it is more than MEASURE_BEYOND times
 * the noise, and MEASURE_FACTOR, from what is usual.  Iglewicz and Hoaglin (How to Detect and
 * Handle Outliers, 1993) take 3.5; with 800 measures 365 nights a year, normal noise exceeds 3.5
 * some 136 times, and 5 once in six years.
 *
 * What has less noise is looked at so, too: the median of all places of one set, which have a
 * package's change in common, and of each the median of the last 3, 5 and 7 nights against those
 * before them.  A median of n has noise / sqrt(n) x 1.16 (n 3) to 1.2533 (many); of nights at least
 * what such medians varied by before, for a night may resemble the one before it.  What is found
 * late began where the nights from then on, and those before, vary least, or on the night before.
 *
 * The work of a boot is counted in instructions (`clock instructions`): the host has no part in it,
 * and what little noise it has is its own.  There MEASURE_WORK_FACTOR is enough.
 */
#define MEASURE_WINDOW 28
#define MEASURE_LEAST 7
#define MEASURE_LATE 7
#define MEASURE_BEYOND 5.0
#define MEASURE_FACTOR 0.05
#define MEASURE_WORK_FACTOR 0.01

enum measure_kind { MEASURE_TEST, MEASURE_BOOT, MEASURE_PHASE, MEASURE_WORK, MEASURE_KINDS };
extern const char *const measure_names[MEASURE_KINDS];

struct measure_night {
	double took;	     /* ns; 0: not measured */
	double level;	     /* its logarithm without the host's part */
	double usual, noise; /* of the nights before, or noise 0: there are too few */
	signed char beyond;  /* slower 1, faster -1 */
	double step, error;  /* how far, when it is beyond, and the noise of that */
	size_t since;	     /* the night on which that began, or the one before it */
	bool is_news;	     /* and was not when it was last measured, nor lately elsewhere */
	size_t image;	     /* that was measured, or PAST_NONE */
};

struct measure {
	enum measure_kind kind;
	const char *place; /* ARCH/NET/PROFILE/SET */
	const char *name;  /* scenario, phase, "boot", or for what was worked */
	bool forked;	   /* it started from a saved state */
	struct measure_night *nights;
};

struct measures {
	struct measure *v;
	size_t n;
	double *host; /* each night: the factor that was taken off, 1 where nothing is known */
};

void measure_all(struct arena *a, const struct past *p, struct measures *out);
/* the last night before this one on which it was measured, or PAST_NONE */
size_t measure_before(const struct measure *m, size_t night);

#endif
