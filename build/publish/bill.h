/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_BILL_H
#define BUILD_PUBLISH_BILL_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct filetable;
struct manifest;

/*
 * A bill of materials, as sbom.h has them written, that is anybody's: does it tell of the files of
 * the table, each with its digest, and no other; and of each package of the manifest?  name is for
 * messages.
 */
int bill_check(struct arena *a, const char *name, const char *text, size_t n,
    const struct manifest *m, const struct filetable *t, struct err *e);

#endif
