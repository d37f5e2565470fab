/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FS_H
#define BUILD_IMAGE_FS_H

#include "build/base/err.h"
#include "build/image/tree.h"

#include <stdint.h>

struct blockmap;

/*
 * ext4 inside an image, written in place at an offset through libext2fs: no mount, no
 * root, no temporary file.  Same input, same bytes: no clock, no random numbers, no
 * mke2fs.conf.  Every block of a file is allocated, but a block of zeros is never
 * written, so the image stays sparse.
 */
struct fs_opts {
	const char *image; /* exists, sparse, large enough */
	uint64_t offset;   /* bytes, multiple of 1 MiB */
	uint64_t size;	   /* bytes */
	const char *label;
	unsigned char uuid[16]; /* of the filesystem; also the directory hash seed */
	int64_t epoch;		/* seconds since 1970 for every time; below 2^31, not 0 */
	struct blockmap *used;	/* gets the blocks of the image that it has taken; or NULL */
};

/*
 * The smallest size, in whole MiB, at which fs_write can write this tree.  The uuid has its say in
 * the order of names, and so in how many blocks a large folder takes.
 */
int fs_need(const struct tree *t, const unsigned char uuid[16], uint64_t *mib, struct err *e);
/*
 * Can fs_write write it into so many bytes; the error names the filesystem, what it
 * needs, what it has, its largest folders and the variable to change.
 */
int fs_check(const struct tree *t, const unsigned char uuid[16], uint64_t size,
    const char *variable, struct err *e);
/* version of libext2fs, as "1.47.0": another one may write other bytes */
const char *fs_library(void);
/* the caller syncs */
int fs_write(const struct fs_opts *o, const struct tree *t, struct err *e);

#endif
