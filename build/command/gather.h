/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_GATHER_H
#define BUILD_COMMAND_GATHER_H

#include "build/base/err.h"

#include <stddef.h>

struct request;

/*
 * All sources that a build may ask for: of every triple in TRIPLES (or `all`, or the one
 * that is configured) and every set in SETS (or the one that is configured).
 */
struct gathered {
	struct gathered_file {
		const char *name, *path, *sha256; /* path: in OUTPUT/sources */
	} * v;
	size_t n;
	const char *output, *cache; /* folders */
	const char *epoch;
};

/*
 * fetches what is not there yet; each file once, in the order of names; what cannot be fetched is
 * told, and is the error
 */
int gather_sources(const struct request *rq, struct gathered *out, struct err *e);

/* lh-build fetch */
int gather_command(const struct request *rq, struct err *e);

#endif
