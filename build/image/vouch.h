/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_VOUCH_H
#define BUILD_IMAGE_VOUCH_H

#include <stdbool.h>

struct arena;
struct memo;
struct manifest;

/*
 * Is an image in dir still what its manifest vouches for: the image, its forms, its kernel, its
 * table of files, and the folders that show what is in it?  A guest that ran on it may have changed
 * it, or somebody who put another one there.  No time decides, as clocks are set back: bytes are
 * compared, and not read a second time as long as stat(2) tells the same and the machine runs.
 */
bool vouch(struct arena *a, struct memo *memo, const char *dir, const struct manifest *m);

#endif
