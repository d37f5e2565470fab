/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_SEAL_H
#define BUILD_CACHE_SEAL_H

#include "build/base/err.h"

struct memo;

/*
 * A folder of CACHE with a file "seal" in it, which says what else is there: names, bytes and
 * permissions.  Whoever takes the folder at its word breaks no seal by looking; what a disk, or
 * somebody, has changed since is found.  It is no signature: who may write there can seal anew.
 */

/* seals all that is in dir; afterwards it is to stay as it is */
int seal_put(const char *dir, struct err *e);
/*
 * Is dir a folder, and as it was sealed?  0, or -1 and e says what is wrong.  m, or NULL, spares
 * reading what was read since the machine was started, and has not been touched.
 */
int seal_check(const char *dir, struct memo *m, struct err *e);

#endif
