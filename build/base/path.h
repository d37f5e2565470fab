/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_PATH_H
#define BUILD_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Paths by their letters: nothing is looked up, and symlinks are names like others. */

/*
 * The next name in *path, of *n bytes, and *path behind it; empty names and "." are passed over.
 * NULL: there is none left.
 */
const char *path_next(const char **path, size_t *n);
/* of the n bytes that path_next found */
bool path_is_up(const char *name, size_t n);
/*
 * Absolute, without "." and "..", without a slash at the end; "/" when nothing is left.  dir is
 * where a relative path starts.
 */
char *path_absolute(struct arena *a, const char *dir, const char *path);
/*
 * Does the target of a symlink lie in the folder that rel, the link, is relative to?  An absolute
 * one does not.
 */
bool path_stays(const char *rel, const char *target);
/*
 * May somebody else name a folder, a file or a machine so?  Letters, digits, "." "_" and "-", but
 * neither "." nor "-" first, and 64 bytes at most.
 */
bool path_is_name(const char *name);

#endif
