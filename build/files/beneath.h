/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_BENEATH_H
#define BUILD_FILES_BENEATH_H

#include "build/base/err.h"
#include "build/files/file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/*
 * Files in a folder that somebody else has written: a build step, an archive, a cache server, a
 * clone, another user.  `root` is that folder; the path that leads to it is ours and may have
 * symlinks, the folder itself may not be one.  `rel` is a path in it, taken name by name: no name
 * of it may be a symlink, "." or "..", or on another kind of object than it has to be, so that
 * nothing outside of root is ever read.  Nothing here waits for a fifo or reads a device.
 *
 * An error names the path and what is there instead of what was expected.
 */
enum beneath { BENEATH_NONE, BENEATH_FILE, BENEATH_FOLDER, BENEATH_OTHER };

/* what is there; a symlink is OTHER, also one at root or on the way; ROOT itself when rel is "" */
enum beneath beneath_type(const char *root, const char *rel);
/*
 * Checks that what is there is a regular file, or a folder, or that nothing is there: 1, or 0 for
 * nothing; -1: it is something else.
 */
int beneath_is(const char *root, const char *rel, enum beneath want, struct err *e);
/* a regular file for reading, or a folder, close-on-exec: the caller closes it; -1: error */
int beneath_open(const char *root, const char *rel, enum beneath want, struct err *e);
/*
 * as file_read; a file of more than `most` bytes is an error, and, for who takes it as text and
 * passes NULL for n, one with a NUL, behind which more could stand than is seen
 */
int beneath_read(struct arena *a, const char *root, const char *rel, size_t most, char **text,
    size_t *n, struct err *e);
/* as file_copy: `to` is a path of ours */
int beneath_copy(const char *root, const char *rel, const char *to, mode_t mode, struct err *e);
/* as file_remove; what lies behind a symlink, or below a file, is not there, and stays */
int beneath_remove(const char *root, const char *rel, struct err *e);
/* as file_walk, of the folder root/rel; nothing is visited when nothing is there */
int beneath_walk(const char *root, const char *rel, file_visit *visit, void *arg, struct err *e);

#endif
