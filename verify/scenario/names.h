/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_NAMES_H
#define VERIFY_SCENARIO_NAMES_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct hit;
struct templ;

/*
 * What ${name} stands for in one playing of a scenario: facts of the image from the start,
 * then what captures and host steps define.  A later value replaces an earlier one.
 */
struct names {
	struct arena *a;
	struct name {
		const char *name, *value;
	} * v;
	size_t n, cap;
};

/* value NULL: the name is known, and has no value here */
void names_set(struct names *s, const char *name, const char *value);
/* the named groups that took part in a match */
void names_set_hit(struct names *s, const struct hit *h);
/* NULL when it is not known or has no value */
const char *names_get(const struct names *s, const char *name);
/*
 * the text with its names filled in, on the arena of s; a name without value is an error that says
 * so
 */
int names_fill(const struct names *s, const struct templ *t, const char **out, struct err *e);
/* the same for a pattern: values are quoted, so that they match themselves */
int names_fill_pattern(
    const struct names *s, const struct templ *t, const char **out, struct err *e);
/* for a pattern whose source has ${name} in it and was not cut yet */
int names_fill_source(const struct names *s, const char *re, const char **out, struct err *e);

#endif
