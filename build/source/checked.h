/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_CHECKED_H
#define BUILD_SOURCE_CHECKED_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;

/*
 * Which files of a folder have which sha256, remembered in its file `.checked` so that
 * 150 MB of kernel are not read again by every build.  A file counts as the one that was
 * read while its stamp is the same (stamp.h); anything else is read anew.  One that was
 * written a moment ago is remembered for this run only.
 */
struct checked;

/* the memory lives on the arena; a `.checked` that is absent or makes no sense is an empty one */
struct checked *checked_open(struct arena *a, const char *dir);
/* sha256 of dir/name, on the arena; NULL with errno when it cannot be read or is no regular file */
const char *checked_sha256(struct checked *c, const char *name);
/* writes what was learned, if anything was */
int checked_save(struct checked *c, struct err *e);

#endif
