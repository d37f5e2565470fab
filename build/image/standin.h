/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_STANDIN_H
#define BUILD_IMAGE_STANDIN_H

#include "build/base/err.h"

#include <stddef.h>

struct tree;

/* the folder of rootfs for stand-ins: an image whose packages have it is one that uses them */
#define STANDIN_DIR "etc/s6-rc/trees"

/*
 * Copies of filesystems inside rootfs, for a guest to make one in memory of, where the partition
 * cannot be had: STANDIN_DIR/NAME has all that the tree NAME has.  What is there belongs to root,
 * and nothing is setuid, setgid or writable by others; STANDIN_DIR/owners.NN are the files that say
 * how it shall be, in the grammar of layout/owners, those of later layers later.  Without that
 * folder in rootfs nothing is added.
 *
 * To be called when owners are applied; all trees are sorted, before and after.
 * owners: by layer; a file may be absent.
 */
int standin_add(struct tree *rootfs, const struct tree *trees, size_t n, const char *const *owners,
    size_t nowners, struct err *e);

#endif
