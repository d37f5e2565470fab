/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FILELIST_H
#define BUILD_IMAGE_FILELIST_H

#include "build/base/err.h"

#include <stddef.h>

struct tree;

/*
 * What an image holds and which package every path came from: the file `files` beside the
 * manifest, as build/files/filetable.h describes it, filesystem by filesystem and sorted as struct
 * tree is.  lost+found, which fs.c adds to each, is there too.
 */
int filelist_write(struct tree *const *trees, size_t ntrees, const char *path, struct err *e);

#endif
