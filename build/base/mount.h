/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_MOUNT_H
#define BUILD_BASE_MOUNT_H

#include <limits.h>
#include <stdbool.h>

/*
 * path, absolute, becomes where the filesystem is mounted that it is on, or would be if it were
 * there; false: that cannot be told
 */
bool mount_of(char path[PATH_MAX]);
/* is a filesystem mounted at path */
bool mount_is(const char *path);

#endif
