/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_FSCK_H
#define BUILD_COMMAND_FSCK_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;
struct recipes;
struct request;

/*
 * Is what CACHE holds what was put there: each result of the store by its recorded digest and its
 * key, each source in CACHE/sources and OUTPUT/sources by the sha256 that it is named after or
 * pinned with, each checkpoint by the one in its name, each system by its seal, each root by its
 * path.  Nothing is taken from a memo: every byte is read.  All of it can be made or fetched again,
 * so that repairing is removing.
 */
struct fsck_found {
	unsigned results, sources, checkpoints, systems, roots; /* that were looked at */
	unsigned damaged;
};

/* a line on stdout for each that is damaged; repair: it is removed, and nobody may build */
int fsck_run(struct arena *a, const struct config *cfg, const struct recipes *recipes, bool repair,
    struct fsck_found *out, struct err *e);

/* lh-build fsck [--repair]; damage that stays is an error */
int fsck_command(const struct request *rq, struct err *e);

#endif
