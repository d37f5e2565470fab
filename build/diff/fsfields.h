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

/*
 * Adds a difference for every field that is not the same in x and y, each n bytes long;
 * what is in front of its name ("inode 8: ").  Checksums are told only when sums is set
 * and no other field differs, and bytes that no field of ours has only when nothing else
 * does.  Returns how many were added.
 */
size_t fields_diff(struct differences *d, enum fields_of of, enum diff_rank rank, const char *fs,
    const char *path, const char *what, const void *x, const void *y, size_t n, bool sums);

#endif
