/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_FOLDER_H
#define BUILD_PUBLISH_FOLDER_H

#include "build/base/err.h"

struct arena;
struct release;

/*
 * The folder `to`, written anew, when it is complete; a release that was there stays until then:
 *
 *   README, first-login       how to boot and to log in: page.h
 *   lh-TRIPLE-SET-NET/        an image: disk-image.raw.zst, other forms, kernel, manifest, table of
 *                             files, bills of materials
 *   verify/                   what it has passed
 *   legal/, sources/          legal.h
 *   commit, provenance.json   provenance.h
 *   SHA256SUMS, .sig          sums.h, signature.h
 *
 * The same images, results, sources and commit give the same bytes.  One that tells of this machine
 * (traces.h) is not written.
 */
int folder_write(struct arena *a, const struct release *r, const char *to, struct err *e);

#endif
