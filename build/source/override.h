/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_OVERRIDE_H
#define BUILD_SOURCE_OVERRIDE_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct memo;

/*
 * A source tree of the user's own instead of the pinned one: OVERRIDE_name=DIR is the
 * folder as it is now, without anything called .git; OVERRIDE_name=git:DIR@REV is what
 * that clone holds under a revision (HEAD without @REV).  What it holds enters the key
 * as `id`; when it was written does not.
 */
struct override {
	bool git;
	const char *dir; /* absolute */
	const char *rev; /* git: as the user wrote it */
	const char *id;	 /* "git-tree HEX": git's own id of the tree; "tree HEX": sha256 of names,
			    modes, bytes, link targets */
};

/*
 * a relative DIR is one below the working directory; errors are EXIT_USAGE and name text; m may be
 * NULL
 */
int override_read(
    struct arena *a, struct memo *m, const char *text, struct override *out, struct err *e);
/*
 * What lies beside the HEAD of a work tree, changed or new, and so is not built, in a sentence;
 * NULL: nothing, or another revision was asked for, or there is no work tree to look at
 */
const char *override_uncommitted(struct arena *a, const struct override *o);
/*
 * Copies the tree into a folder, which is made if need be.  A folder keeps its times, so
 * that make(1) sees what the user's make would; a git tree gets one time for all.
 * A folder that has changed since override_read is an error.
 */
int override_export(
    struct arena *a, const struct override *o, unsigned most, const char *into, struct err *e);

#endif
