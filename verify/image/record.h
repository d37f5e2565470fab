/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_RECORD_H
#define VERIFY_IMAGE_RECORD_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct image;

/*
 * What is told of an image when it is gone: in its folder of a run a copy of its `manifest`, and
 * `sizes`, text: first line "lh-sizes 1", then lines NAME BYTES, of `kernel` and of each package,
 * whose bytes are those of the files that it brought, by the table of files.
 */
int record_image(struct arena *a, const struct image *i, struct err *e);

struct record_size {
	const char *name;
	long long bytes;
};
/* those of such a file, on the arena; without it there are none */
int record_sizes(
    struct arena *a, const char *path, struct record_size **out, size_t *n, struct err *e);

#endif
