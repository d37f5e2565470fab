/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FETCH_H
#define BUILD_FETCH_H

#include "build/base/err.h"
#include "build/recipe.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;

/*
 * Sources, from wherever they can be had, checked before they get their name.
 * Origins are tried in this order: a complete file in OUTPUT/sources or CACHE/sources,
 * MIRRORS, the form's own URLs, the Debian archive of this machine's apt, the clone
 * that GIT_MIRROR names.  Several files at once.
 */
struct want {
	const char *name;              /* package, for messages and for GIT_MIRROR's %s */
	const char *version;
	const struct source *forms;    /* in order of preference */
	size_t nforms;
	const struct source *got;      /* which form is there now; NULL: none could be had */
	const char *path;              /* of that file, absolute */
	const char *why;               /* when got is NULL: every origin tried, each with its own reason */
};

/*
 * Gets all of them.  Not being able to get one is no error here: got stays NULL and
 * why tells; an error is a full disk, an unwritable folder.  Files land in
 * OUTPUT/sources under their name, by rename; a partial one is FILE.part.
 */
int fetch_all(struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e);
/* could any form be had, judging by HEAD requests, files present and clones; fills why; downloads nothing */
int fetch_probe(struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e);

#endif
