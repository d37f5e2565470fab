/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_LICENCES_H
#define BUILD_PUBLISH_LICENCES_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;
struct config;
struct recipes;
struct request;

/*
 * Are the licence files of the sources those that the recipes pin?  Every pinned version is
 * looked at whose source is here already, in OUTPUT/sources, CACHE/sources or the
 * checkout's sources/; nothing is fetched or unpacked.
 */
struct licences {
	size_t good;	  /* files as they are pinned */
	size_t findings;  /* changed, or gone, or none is pinned though the source is here: each a
			     line */
	size_t unchecked; /* versions whose source is not here: each a line, and no finding */
};

/* an error is a source that cannot be read */
int licences_check(struct arena *a, const struct config *cfg, const struct recipes *r,
    struct licences *out, struct buf *told, struct err *e);

/* lh-build licences */
int licences_command(const struct request *rq, struct err *e);

#endif
