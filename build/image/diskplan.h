/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_DISKPLAN_H
#define BUILD_IMAGE_DISKPLAN_H

#include "build/base/err.h"
#include "build/image/disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;

/*
 * Where everything will lie on the disk and which identifiers it has, decided before the first
 * byte.  Pure.
 */
struct diskplan {
	uint64_t size; /* of the disk, bytes */
	struct disk_part parts[6];
	size_t nparts;
	char disk_uuid[37];
};

/*
 * The partitions there can be, in the order of the table.  The last one is the first on the disk:
 * some firmware looks no further, and what is behind can grow.
 */
enum { NPARTITIONS = 6 };
extern const struct partition {
	const char *name, *type, *variable;
	size_t mb; /* member of struct config */
} partitions[NPARTITIONS];

/* its size in MiB; 0: the disk has no such partition.  boots: it has one to boot from */
unsigned partition_mb(const struct config *cfg, bool boots, const struct partition *p);
/* offsets and identifiers from the sizes and a seed (the digest of the content) */
int diskplan_make(const struct config *cfg, bool boots, const char *seed_hex, struct diskplan *out,
    struct err *e);

#endif
