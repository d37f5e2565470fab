/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_STAGE_H
#define BUILD_CACHE_STAGE_H

#include "build/base/err.h"

#include <stddef.h>

/*
 * What several packages offer to those who need them, as one tree: their sdk/ folders
 * merged by hard links, so that what is not needed is not visible and nothing is copied.
 */
struct staged {
	const char *id;	 /* "target/skalibs", for messages */
	const char *dir; /* its out/sdk; an absent one offers nothing */
};

/*
 * makes dir, whatever n is; a path that two packages have, folders aside, is an error that names
 * both
 */
int stage_merge(const char *dir, const struct staged *v, size_t n, struct err *e);

#endif
