/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FATREAD_H
#define BUILD_IMAGE_FATREAD_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

/* a file of a FAT16 filesystem, whoever made that */
struct fat_found {
	const char *path; /* "EFI/BOOT/BOOTX64.EFI": the short names, of printable ASCII */
	uint32_t size;
	char sha256[DIGEST_HEX];
};

/* all files of the one at offset of a disk image, in the order of its folders */
int fat_read(struct arena *a, const char *image, uint64_t offset, uint64_t size,
    struct fat_found **out, size_t *n, struct err *e);

#endif
