/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_DISK_H
#define BUILD_IMAGE_DISK_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

/* The partition table of an image: GPT through libfdisk, every identifier given, none drawn. */
struct disk_part {
	const char *name; /* rootfs swap rwfs userfs extra boot */
	const char *type; /* "linux" "swap" "esp" */
	uint64_t start;	  /* bytes, multiple of 1 MiB */
	uint64_t size;
	char uuid[37]; /* of the partition */
};

/* version of libfdisk, as "2.38.1": another one may write other bytes */
const char *disk_library(void);
/* writes the table into the image, a sparse file of its full size */
int disk_write(const char *image, const char *disk_uuid, const struct disk_part *parts,
    size_t nparts, struct err *e);
/*
 * The other way round: what the table of an image says, on the arena.  EXIT_WORK when it
 * has no GPT that libfdisk accepts.
 */
struct disk_table {
	const char *uuid;
	struct disk_entry {
		const char *name, *type, *uuid,
		    *attributes;      /* type: "linux", "swap", "esp" or a GUID */
		uint64_t start, size; /* bytes */
	} v[16];
	size_t n; /* those behind the 16th are not looked at */
};

int disk_read(struct arena *a, const char *image, struct disk_table *out, struct err *e);
/* swap header (version 1, 4 KiB pages, little endian) at an offset; no library knows it */
int swap_write(const char *image, uint64_t offset, uint64_t size, const char *label,
    const unsigned char uuid[16], struct err *e);

#endif
