/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_ASBUILT_H
#define VERIFY_IMAGE_ASBUILT_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct manifest;

/*
 * Whether the filesystems of a disk hold what the build's table of files says (filetable.h): every
 * name, its type, permissions, owner, group, bytes, target and device numbers; no other name, no
 * second name of a file, no extended attribute, no attribute of chattr(1); and each filesystem has
 * the label of its partition and may be written to.
 *
 * It is about an image as it was built.  A filesystem that has been mounted for writing since then
 * cannot be judged.
 */

/* a line with the path, the member, what was expected and what was found */
typedef void asbuilt_found(void *arg, const char *what);

/*
 * The text of the manifest's table.  -1: the manifest names none, or it is not the one that the
 * manifest has the digest of
 */
int asbuilt_open(struct arena *a, const struct manifest *m, char **table, struct err *e);
/*
 * disk: open; image: its name, for messages.  looked: how many names it has.  -1: the text is no
 * table, or a filesystem cannot be read or was used
 */
int asbuilt_compare(struct arena *a, const struct manifest *m, const char *table, int disk,
    const char *image, asbuilt_found *found, void *arg, size_t *looked, struct err *e);

#endif
