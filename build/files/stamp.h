/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_STAMP_H
#define BUILD_FILES_STAMP_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stdbool.h>
#include <time.h>

struct stat;

/*
 * Was a file touched, or anything in a folder?  A digest over what stat(2) tells of all there
 * is: name, device, inode, mode, size, and both times, as nobody can set the change time back.
 * No bytes are read.
 */
struct stamp {
	char hex[DIGEST_HEX];
	bool settled; /* the last change is so long ago that another one will have another time */
};

/* for who keeps what stat(2) tells; now: from before it was asked */
bool stamp_settled(const struct stat *st, time_t now);

/* of what path leads to, and of nothing that lies in it */
int stamp_one(const char *path, struct stamp *out, struct err *e);
/* and of all that lies in it; skip, or NULL: which paths below it do not count */
int stamp_all(const char *path, bool (*skip)(const char *rel), struct stamp *out, struct err *e);

#endif
