/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_DOWNLOADS_H
#define BUILD_COMMAND_DOWNLOADS_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct config;

/*
 * What was downloaded for an OUTPUT is in OUTPUT/sources, and under the same name in CACHE/sources
 * for all that build with that CACHE.  To be listed before OUTPUT is removed, and dropped after.
 */
struct downloads {
	char **names;
	size_t n;
};

int downloads_list(struct arena *a, const struct config *cfg, struct downloads *out, struct err *e);
/*
 * Removes from CACHE/sources those that no other OUTPUT has, and says what is left there and why.
 * A CACHE in use, and an OUTPUT that is on a filesystem that is not mounted, keep all of them.
 */
int downloads_drop(
    struct arena *a, const struct config *cfg, const struct downloads *d, struct err *e);

#endif
