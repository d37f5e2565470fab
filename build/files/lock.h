/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_LOCK_H
#define BUILD_FILES_LOCK_H

#include "build/base/err.h"

/*
 * The file of that name, made if there is none, and ours alone until *fd is closed; it may be
 * removed before that.  0 and *fd -1: another process has it.  A symlink is not followed.
 */
int lock_take(const char *path, int *fd, struct err *e);

#endif
