/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_HEADS_H
#define BUILD_SOURCE_HEADS_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;
struct recipes;
struct set;

/*
 * Packages whose version, by VERSION_name or by the set, is HEAD come from the clone that
 * GIT_MIRROR names: its branch HEAD_name, or what HEAD is there.  Each gets the variable
 * OVERRIDE_name=git:CLONE@COMMIT, so that the commit is decided once, whatever happens to the clone
 * while it is built; one that has an override keeps it.  Clones are only read.
 */
int heads_choose(struct arena *a, struct config *cfg, const struct recipes *r,
    const struct set *set, struct err *e);
/* of whom the configuration says that such a variable comes from */
extern const char heads_from[];
/* has it given the package its override */
bool heads_chose(const struct config *cfg, const char *package);

#endif
