/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_OVERLAY_H
#define BUILD_IMAGE_OVERLAY_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stddef.h>

struct arena;
struct config;
struct memo;
struct tree;

/*
 * The folders of OVERLAY, each laid over what packages and earlier ones bring: rootfs/, rwfs/ and
 * userfs/ like those of layout/, and owners, in the same grammar as layout/owners.
 */
struct overlays {
	const char *owners[16]; /* by layer: layout/owners, then one for each; a file may be absent
				 */
	const char *dirs[16];
	char digests[16][DIGEST_HEX]; /* of all that the folder holds */
	size_t n;		      /* layers: 1 when there is no overlay */
};

/* what there is, and that each folder holds nothing else; m may be NULL */
int overlays_read(
    struct arena *a, const struct config *cfg, struct memo *m, struct overlays *out, struct err *e);
/* adds what they hold for each of the trees: tree_lay */
int overlays_lay(const struct overlays *o, struct tree *trees, size_t n, struct err *e);

#endif
