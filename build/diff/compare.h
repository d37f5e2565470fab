/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_COMPARE_H
#define BUILD_DIFF_COMPARE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;

/*
 * What two results differ in, and where it comes from.  Each of them is a manifest, the
 * folder of one, or a disk image.  Two manifests: what they say, the kernels, everything
 * else beside them, then the images; if one is an image only, the images alone.
 */
struct verdict {
	size_t differences;
	const char
	    *told; /* a line each, or, when there are none, one that says what was compared */
};

int compare(struct arena *a, const char *const paths[2], struct verdict *out, struct err *e);

#endif
