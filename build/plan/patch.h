/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_PATCH_H
#define BUILD_PLAN_PATCH_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct argv;

/*
 * top/patches/NAME/NNNN-*.patch: our changes to a package's source, applied in strcmp
 * order to a pinned version, never to an override (whoever brings a tree of his own
 * means that tree).  They enter the key by name and content.
 */

/* does a file of that name get applied: all that end in .patch do, whatever else lint wants */
bool patch_is(const char *name);
/* file names within top/patches/NAME that end in .patch, sorted; none is fine */
int patch_list(
    struct arena *a, const char *top, const char *name, char ***v, size_t *n, struct err *e);
/* pushes the command that applies one to the tree it is run in: exactly, or not at all */
void patch_command(struct argv *v, const char *file);

#endif
