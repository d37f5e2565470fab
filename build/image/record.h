/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_RECORD_H
#define BUILD_IMAGE_RECORD_H

#include "build/base/err.h"
#include "build/files/manifest.h"

struct arena;
struct boot;
struct config;
struct diskplan;
struct memo;
struct overlays;
struct plan;
struct sysdeps;
struct tree;

/*
 * What the manifest in dir will say of an image: all that is known before anything is
 * written, so without digests and key.  Only the list of services is read from disk.
 */
int record_make(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const struct diskplan *l, const char *dir, struct manifest *out,
    struct err *e);
/* and which firmware can start it */
void record_boot(const struct sysdeps *sd, const struct boot *b, struct manifest *m);
/* and what the user gave that is not of the checkout: struct man_added */
int record_added(struct arena *a, const struct config *cfg, struct memo *memo,
    const struct overlays *o, struct manifest *m, struct err *e);
/*
 * What an audit is to compare the image with, once its trees have their owners: each mode that has
 * to be meant, and where the build happened, which is nothing that makes it another image.
 */
void record_audit(struct arena *a, const struct config *cfg, struct tree *const *trees,
    size_t ntrees, struct manifest *m);

#endif
