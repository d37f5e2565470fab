/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_TREND_H
#define VERIFY_HISTORY_TREND_H

#include <stddef.h>

struct arena;
struct buf;

/*
 * Nights from left to right, as an <svg> within a page: a line of values, or a bar a verdict.  What
 * it shows is in its label, for who does not see it.
 */
struct trend {
	const char *label;
	const char **nights; /* each one's date */
	size_t n;
	const double *values; /* one a night, 0 where there is none; or NULL */
	const char *letters;  /* one a night, as past_letter(); or NULL */
	const char **marks;   /* what changed on that night, NULL nothing; or NULL */
	const char *(*amount)(struct arena *a, double value); /* as a person reads it */
};
void trend_svg(struct arena *a, const struct trend *t, struct buf *out);

#endif
