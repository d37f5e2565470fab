/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_BLOCKMAP_H
#define BUILD_FORM_BLOCKMAP_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Which blocks of a disk image say something.  An image is sparse, and a block of zeros may be a
 * hole in it; but the zeros of a journal, of a table or of a file are meant, and have to be on a
 * disk that held something else before.  So who lays out a filesystem tells what it has taken,
 * rather than anybody asking which blocks are zero.
 */
enum { MAP_BLOCK = 4096 }; /* bytes */

struct map_run {
	uint64_t start, len; /* blocks of the image */
};

/* ascending, and no two runs touch; start with `struct blockmap m = { .a = a };` */
struct blockmap {
	struct arena *a;
	struct map_run *v;
	size_t n;
};

/* none of them may lie before the last that was added; those it has already count once */
void blockmap_add(struct blockmap *m, uint64_t start, uint64_t len);
/* how many there are */
uint64_t blockmap_blocks(const struct blockmap *m);

#endif
