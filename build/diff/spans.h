/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_SPANS_H
#define BUILD_DIFF_SPANS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Where two files differ, in blocks of 4096 bytes.  What is a hole in both is not read,
 * so two images of a few GiB take as long as what is in them.  Behind the end of the
 * shorter one there are zeros.
 */
#define SPAN_BLOCK 4096

struct spans {
	struct span {
		uint64_t start, len; /* in blocks */
	} * v;			     /* ascending, apart */
	size_t n;
	uint64_t size[2]; /* of the files, bytes */
	uint64_t bytes;	  /* that differ */
	uint64_t first;	  /* offset of the first one of them */
};

int spans_find(struct arena *a, const char *const paths[2], struct spans *out, struct err *e);
/* does any of the blocks in [from, to) differ */
bool spans_touch(const struct spans *s, uint64_t from, uint64_t to);

#endif
