/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_TARBALL_H
#define BUILD_IMAGE_TARBALL_H

#include "build/base/err.h"

#include <stdint.h>

struct tree;

/*
 * A filesystem as a tar archive (pax where a name or a size needs it), with the owners, modes and
 * devices of the image; owners are numbers alone.  All times are epoch.  The same tree gives the
 * same bytes; path is replaced when it is complete.
 */
int tarball_write(const struct tree *t, const char *path, int64_t epoch, struct err *e);
/*
 * The same of rootfs as what Linux unpacks as its first root, and stays with: a cpio archive,
 * compressed with gzip, with the file init as /init in it.  No file of it may have 4 GiB.
 */
int tarball_diskless(
    const struct tree *rootfs, const char *init, const char *path, int64_t epoch, struct err *e);

#endif
