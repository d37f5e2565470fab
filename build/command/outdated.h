/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_OUTDATED_H
#define BUILD_COMMAND_OUTDATED_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;
struct config;
struct recipes;
struct request;

/*
 * Do the origins of a recipe have a newer version than the newest that it pins?  Asked are the
 * folder that a URL is in, the tags of the clone that GIT_MIRROR names, and apt's own lists.  An
 * origin that does not have what is pinned does not know, whatever else it has.
 */

/*
 * numbers with dots between them, one by one: 1.10 is more than 1.9, and 1.9.0 more than 1.9; <0,
 * 0, >0 as strcmp
 */
int outdated_order(const char *x, const char *y);
/*
 * The newest version of which text (a web page, lines) has the name that `name` would be with that
 * version in the place of `version`; NULL: there is none, or name has no version in it.
 */
const char *outdated_newest(
    struct arena *a, const char *text, const char *name, const char *version);

struct outdated {
	size_t current, older, unknown; /* recipes */
};

/*
 * adds "NAME PINNED -> NEWER (ORIGIN)" a recipe that is older, "NAME PINNED unknown: REASONS" where
 * no origin knows
 */
void outdated_find(struct arena *a, const struct config *cfg, const struct recipes *rs,
    struct outdated *counts, struct buf *out);
/* lh-build outdated [--check]; with --check an error when a recipe is older */
int outdated_command(const struct request *rq, struct err *e);

#endif
