/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_FSFIELDS_H
#define BUILD_DIFF_FSFIELDS_H

#include "build/diff/differences.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The fields of ext4's structures by name, as they are on disk, little endian (offsets:
 * the kernel's Documentation/filesystems/ext4).  Arithmetic on bytes, no library.
 */
enum fields_of { FIELDS_SUPER, FIELDS_GROUP, FIELDS_INODE, NFIELDS };

#define SUPER_BYTES 1024
#define SUPER_UUID 0x68

/* one structure of a filesystem, and the same one of the other */
struct fields {
	enum fields_of of;
	enum diff_rank rank;   /* of a difference that follows from no other */
	const char *fs, *path; /* as for diff_add */
	const char *what;      /* in front of a field's name: "inode 8: " */
	const void *x, *y;
	size_t n;  /* bytes of each */
	bool sums; /* checksums are worth telling when no other field differs */
};

/*
 * Adds a difference for every field that is not the same in x and y; bytes that no field of ours
 * has are one more.  Returns how many were added.
 */
size_t fields_diff(struct differences *d, const struct fields *f);

#endif
