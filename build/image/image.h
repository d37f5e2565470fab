/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_IMAGE_H
#define BUILD_IMAGE_IMAGE_H

#include "build/base/err.h"
#include "build/image/disk.h"

struct arena;
struct config;
struct plan;
struct sysdeps;

/*
 * The whole disk, in one pass: sizes and offsets are decided and checked before the
 * first byte, then partition table, filesystems, swap; renamed into place when complete,
 * manifest last.  Nothing is written when the image that is there has the same key.
 */
struct image_layout {
	uint64_t size; /* of the disk, bytes */
	struct disk_part parts[5];
	size_t nparts;
	char disk_uuid[37];
};

/*
 * An identifier that nobody draws: RFC 9562 version 8, its bits the sha256 of
 * "lh-uuid 1 SEED NAME\n".  text may be NULL.
 */
void image_uuid(const char *seed_hex, const char *name, unsigned char uuid[16], char text[37]);
/* offsets and identifiers from the sizes and a seed (the digest of the content): pure */
int image_lay_out(
    const struct config *cfg, const char *seed_hex, struct image_layout *out, struct err *e);
/*
 * stages the plan's outputs and writes everything under dir: kernel, disk-image.raw, rootfs/ rwfs/
 * userfs/, manifest
 */
int image_build(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e);

#endif
