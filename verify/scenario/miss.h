/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_MISS_H
#define VERIFY_SCENARIO_MISS_H

#include <stddef.h>

struct arena;

/*
 * A text that is nearly what a pattern wants: which line of it, and in what it differs, as one line
 * for a report.  Such as
 *
 *   eth0: 1000 Mbit   (the same with another number)
 *   lh login failed   (fits as far as /lh login/)
 *
 * NULL when nothing comes close, and when it does match.
 */
const char *miss_in(struct arena *a, const char *text, size_t n, const char *re);

/* the same of a console that a step waits for, where the pattern matches and was not to be had */
const char *miss_untaken(struct arena *a, const char *text, size_t n, const char *re);

#endif
