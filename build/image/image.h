/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_IMAGE_H
#define BUILD_IMAGE_IMAGE_H

#include "build/base/err.h"

struct arena;
struct config;
struct plan;
struct sysdeps;

/*
 * The whole disk, in one pass: sizes and offsets are decided and checked before the
 * first byte, then partition table, filesystems, swap; renamed into place when complete,
 * manifest last.  Nothing is written when the image that is there has the same key.
 *
 * Stages the plan's outputs and writes everything under dir: kernel, disk-image.raw,
 * rootfs/ rwfs/ userfs/, manifest.
 */
/* 1: the image that is there has the key of what would be built; 0: it is to be built; -1 */
int image_is_there(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e);
int image_build(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e);

#endif
