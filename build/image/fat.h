/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FAT_H
#define BUILD_IMAGE_FAT_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct blockmap;

/*
 * A FAT16 filesystem in a file: what every firmware can read.  Its folders are those that the paths
 * name; all identifiers and times are given, so the same files give the same bytes.
 */
struct fat_file {
	const char *path; /* "EFI/BOOT/BOOTX64.EFI", of ASCII */
	const void *bytes;
	size_t n;
};

struct fat_opts {
	const char *image;
	uint64_t offset, size; /* in it, bytes: multiples of 1 MiB */
	const char *label;
	uint32_t serial;       /* of the volume */
	int64_t epoch;	       /* of every file and folder */
	struct blockmap *used; /* what of the image has been taken is added to it; or NULL */
};

/* would they fit?  variable is what the size is called, for the message */
int fat_check(
    uint64_t size, const struct fat_file *files, size_t n, const char *variable, struct err *e);
/* into what was all zeros */
int fat_write(const struct fat_opts *o, const struct fat_file *files, size_t n, struct err *e);
/* what is taken of one that fat_write made, and to which somebody has added files since */
int fat_used(const struct fat_opts *o, struct err *e);

#endif
