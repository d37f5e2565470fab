/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_RELEASE_H
#define BUILD_PUBLISH_RELEASE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct config;
struct manifest;
struct recipes;
struct request;

/*
 * OUTPUT/release: what is given away of images that were built and verified (folder.h).  Refused is
 * what was not made of the checkout as it was committed, of its pinned sources, did not pass every
 * scenario that applies, or lets in whoever built it.
 */

/*
 * the commit that the checkout is, and nothing but it: a file that git does not know is an error,
 * too
 */
int release_commit(struct arena *a, const char *top, char **commit, struct err *e);
/*
 * Does the file `results` of lh-verify say that every scenario of the folder was judged on these
 * very bytes of image and kernel, and nothing failed?  An error names what is missing.
 */
int release_verified(struct arena *a, const char *results, const char *scenarios,
    const struct manifest *v, size_t n, struct err *e);
/*
 * has it that profile and set, a sandbox, unmodified sources, nothing that the user gave, and the
 * kernel, its configuration and the image that it tells of?
 */
int release_fit(
    struct arena *a, const struct manifest *m, const char *profile, const char *set, struct err *e);
/*
 * Can nobody log in to it, by its table of files: no password, no key.  One that was baked in would
 * be that of every copy.
 */
int release_closed(struct arena *a, const char *top, const struct manifest *m, struct err *e);
/*
 * are the licence files in the sources that are here those which the recipes pin?  What is not so
 * is logged
 */
int release_licensed(
    struct arena *a, const struct config *cfg, const struct recipes *r, struct err *e);
/* lh-build release; with -n only the checkout and the licences of its sources are looked at */
int release_command(const struct request *rq, struct err *e);

#endif
