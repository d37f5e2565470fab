/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_VERSIONS_H
#define BUILD_COMMAND_VERSIONS_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;
struct recipes;
struct request;
struct session;

/* recipes/minimums: package at version needs at least this version of on */
struct minimum {
	const char *package, *version, *on, *least;
};

/* a checkout without the file has none; packages without a recipe are errors, EXIT_USAGE */
int minimums_read(struct arena *a, const char *top, const struct recipes *r, struct minimum **out,
    size_t *n, struct err *e);

/*
 * The versions of a plan, for programs; tab-separated lines, sorted by package:
 *
 *     package NAME VERSION [OVERRIDE]	what the set and the configuration choose
 *     version NAME VERSION		one that the recipe pins, newest first as there
 *     minimum NAME VERSION ON LEAST	see recipes/minimums
 *
 * and, before them, what was decided: checkout and output (absolute), triple, profile, set,
 * owner (the number of NORMALUSER and its group).
 */
int versions_text(const struct session *s, struct buf *out, struct err *e);

/* lh-build versions */
int versions_command(const struct request *rq, struct err *e);

#endif
