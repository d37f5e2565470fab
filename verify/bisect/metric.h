/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_METRIC_H
#define VERIFY_BISECT_METRIC_H

#include "verify/bisect/odds.h"

#include <stdbool.h>

struct arena;
struct trials;

/*
 * METRIC=NAME: what is bisected is no verdict, but how much there is of something that scenarios
 * measure.  What has been measured of a version set is good or bad by the end that it is nearer to,
 * as a factor; noise that reaches the other side is a verdict that flips (odds.h).
 */

/* the ends differ when their medians do by more than this factor; else all is good */
#define METRIC_FACTOR 0.01

/*
 * Seconds of NAME in a finished run in dir: `took` by its test cases together, `booted` by the
 * first that booted, or a figure of a chart, as chart_phases() names it.  false: it has none.
 */
bool metric_read(struct arena *a, const char *dir, const char *name, double *seconds);
/* as the trial of a run that passed keeps it in `got` */
const char *metric_text(struct arena *a, double seconds);
/* the median of what was measured of a subject, in seconds; false: nothing was */
bool metric_median(const struct trials *t, const char *subject, double *seconds);
/* the runs of a subject, by those of the ends: subjects, or NULL for one that has none yet */
struct tally metric_tally(const struct trials *t, const char *subject, const char *const ends[2]);

#endif
