/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_DISKPLAN_H
#define BUILD_IMAGE_DISKPLAN_H

#include "build/base/err.h"
#include "build/image/disk.h"

#include <stddef.h>
#include <stdint.h>

struct config;

/*
 * Where everything will lie on the disk and which identifiers it has, decided before the first
 * byte.  Pure.
 */
struct diskplan {
	uint64_t size; /* of the disk, bytes */
	struct disk_part parts[5];
	size_t nparts;
	char disk_uuid[37];
};

/* the partitions there can be, in the order they have on the disk */
enum { NPARTITIONS = 5 };
extern const struct partition {
	const char *name, *type, *variable;
	size_t mb; /* member of struct config */
} partitions[NPARTITIONS];

/* its size in MiB; 0: the disk has no such partition */
unsigned partition_mb(const struct config *cfg, const struct partition *p);
/*
 * An identifier that is not random: RFC 9562 version 8, its bits the sha256 of
 * "lh-uuid 1 SEED NAME\n".  text may be NULL.
 */
void diskplan_uuid(const char *seed_hex, const char *name, unsigned char uuid[16], char text[37]);
/* offsets and identifiers from the sizes and a seed (the digest of the content) */
int diskplan_make(
    const struct config *cfg, const char *seed_hex, struct diskplan *out, struct err *e);

#endif
