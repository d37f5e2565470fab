/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_DEBIAN_H
#define BUILD_PLAN_DEBIAN_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;

/* What dpkg knows of this machine: read from its database, no program of its is run. */
#define DEBIAN_DATABASE "/var/lib/dpkg"

/*
 * The files below /usr of the packages that own these paths, and of all packages that those depend
 * on, but for what is for people: manuals, translations.  Sorted, each once, on the arena; folders
 * are among them.  A wanted path that no package owns is left out.  0: database is none of dpkg's.
 * An error says what is missing in it: a dependency, a list of files.
 */
int debian_files(struct arena *a, const char *database, const char *const *wanted, size_t nwanted,
    char ***paths, size_t *n, struct err *e);

#endif
