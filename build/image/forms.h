/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FORMS_H
#define BUILD_IMAGE_FORMS_H

#include "build/base/err.h"

#include <stdint.h>

struct arena;
struct blockmap;
struct buf;
struct manifest;
struct tree;

/*
 * What FORMS asks for beside the raw image: its other forms, and archives of its filesystems.  Each
 * is a line `form` of the manifest.
 */
struct forms {
	const char *dir;	    /* of the manifest and of all files */
	const char *image;	    /* the raw one, complete */
	struct tree *const *trees;  /* rootfs rwfs userfs, with owners */
	const struct blockmap *map; /* what of the image has to be written to a disk */
	const char *init;	    /* the first program of what has no disk: forms_init() */
	int64_t epoch;		    /* for the times in archives */
};

/* the first program of the diskless form; top is the checkout's folder */
const char *forms_init(struct arena *a, const char *top);

/* the lines of the manifest, without the digests; nothing is written */
void forms_decide(struct arena *a, const char *words, struct manifest *m);
/* what their bytes depend on, beside the image: lines for its key */
int forms_depend(
    struct arena *a, const char *init, const struct manifest *m, struct buf *key, struct err *e);
/* writes those of the manifest and their digests there; removes all others that were in dir */
int forms_write(struct arena *a, const struct forms *f, struct manifest *m, struct err *e);

#endif
