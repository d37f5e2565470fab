/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_BMAP_H
#define BUILD_FORM_BMAP_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct blockmap;

/*
 * A block map as a file, for bmaptool(1): its XML, version 2.0.  It says which blocks of an image
 * have to be written to a disk, run by run with the sha256 of their bytes, and has its own sha256.
 */
struct bmap_range {
	uint64_t first, last; /* blocks of MAP_BLOCK bytes, both included; ascending */
	char sha256[DIGEST_HEX];
};

struct bmap {
	uint64_t size; /* of the image, bytes */
	uint64_t blocks, mapped;
	struct bmap_range *v;
	size_t n;
};

/* of an image that is complete; path is replaced when the map is */
int bmap_write(const char *image, const struct blockmap *m, const char *path, struct err *e);
/*
 * A map of ours; others may have more kinds of element, which are passed over.  Refused is one
 * whose digest, counts or order of ranges is wrong: EXIT_USAGE.
 */
int bmap_read(struct arena *a, const char *path, struct bmap *out, struct err *e);

#endif
