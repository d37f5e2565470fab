/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_BLOCKS_H
#define BUILD_IMAGE_BLOCKS_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct fs_run;

/*
 * File contents on their way into a filesystem of an image: what lands side by side is
 * written together, often many small files at once, and blocks of zeros are left out.
 */
struct blocks {
	const char *image;
	int fd;
	uint64_t offset;    /* of the filesystem, bytes */
	unsigned char *buf; /* blocks in a row */
	uint64_t at;	    /* where the first one goes */
	unsigned n;
};

int blocks_open(const char *image, uint64_t offset, struct blocks *b, struct err *e);
/* the bytes of a file, exactly size of them, into the blocks of these runs */
int blocks_add_file(struct blocks *b, const char *path, uint64_t size, const struct fs_run *runs,
    size_t nruns, struct err *e);
/* at most one block */
int blocks_add(struct blocks *b, const void *p, size_t n, uint64_t block, struct err *e);
/* writes what is still here */
int blocks_flush(struct blocks *b, struct err *e);
void blocks_close(struct blocks *b);

#endif
