/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_TABLED_H
#define BUILD_DIFF_TABLED_H

#include "build/base/err.h"

struct filetable;
struct fs_side;

/*
 * Is an ext4 filesystem what a table of files says: every name with its type, mode, owner, and what
 * is in it, no other name, no attribute, and nothing that a mount would change?  The first that is
 * not so is the error.  Both may be anybody's.
 */
int tabled_check(
    const struct fs_side *at, const char *name, const struct filetable *t, struct err *e);

#endif
