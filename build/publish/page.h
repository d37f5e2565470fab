/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_PAGE_H
#define BUILD_PUBLISH_PAGE_H

#include "build/base/err.h"

struct arena;
struct manifest;
struct release;

/*
 * README of a released folder: for each image, how somebody who has that folder alone boots it,
 * under his own QEMU or from a disk, and logs in.  Nobody can log in before that: first-login,
 * beside it, makes passwords that are his alone.
 */
int page_write(struct arena *a, const struct release *r, const char *to, struct err *e);

/* the image's folder below the release */
const char *page_folder(struct arena *a, const struct manifest *m);

#endif
