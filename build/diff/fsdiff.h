/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_FSDIFF_H
#define BUILD_DIFF_FSDIFF_H

#include "build/base/err.h"

#include <stdint.h>

struct differences;
struct spans;

/*
 * Two ext4 filesystems, read through libext2fs: what they hold, path by path, then the structures
 * that hold it, block by block as far as the blocks differ.  Every differing block is accounted for
 * by at least one difference.
 *
 * It is what makes `reproduce` of use when two builds differ.  Without it one would read that block
 * 51234 differs, and go looking with debugfs: a mount of both shows neither a creation
 * time, a checksum seed, the order of a folder's names, a journal nor what is in free blocks, and
 * those are what a build is irreproducible by when its files are the same.
 */
struct fs_side {
	const char *image;
	uint64_t offset, size; /* bytes, of the partition */
};

/*
 * name is the filesystem's, for the differences; raw: where the two images differ, and
 * so both filesystems start at the same offset.  That one of them cannot be read is a
 * difference, not an error.
 */
int fs_diff(const struct fs_side sides[2], const char *name, const struct spans *raw,
    struct differences *d, struct err *e);

#endif
