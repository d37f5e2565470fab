/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_WANT_H
#define VERIFY_SCENARIO_WANT_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct names;
struct step;

/*
 * Is this what the step wants?  The part behind -> and `status` of one step, with its names
 * filled in once.
 */
struct want;

/* a name without value, a bad pattern after filling in: an error */
int want_new(struct arena *a, const struct step *s, const struct names *names, struct want **out,
    struct err *e);
/*
 * status -1: there is none to judge.  1: it is as wanted, and named groups of the pattern are set
 * in names; 0: it is not; -1: it is inconclusive.  *got says on one line what there is.
 */
int want_met(struct arena *a, const struct want *w, int status, const char *out, size_t n,
    struct names *names, const char **got, struct err *e);
/* the pattern that the output has to have, or one of its text; NULL: it is not about one */
const char *want_pattern(struct arena *a, const struct want *w);
/* on one line, for people: "/^true$/", "status 0", "the words a b c and no others" */
const char *want_text(const struct want *w);

#endif
