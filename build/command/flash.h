/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_FLASH_H
#define BUILD_COMMAND_FLASH_H

#include "build/base/err.h"

struct request;

/*
 * lh-build flash DEVICE: writes the image, through its block map, to a disk, reads it back and
 * compares.  --force: also to a file, or a disk that is not removable.  With -n it only says what
 * would be overwritten.  Started as root, it opens the disk and is root no longer.
 */
int flash_command(const struct request *rq, struct err *e);

#endif
