/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_FILE_H
#define BUILD_FILES_FILE_H

#include "build/base/err.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct stat;

/*
 * Files and folders.  What appears under its final name is complete: temporary name, then rename.
 * What has to be true after a power cut, too, is on the disk before it has its name, and then the
 * name is: file_write_durable() and file_settle().  Nothing else waits for the disk.
 */

/*
 * A regular file, for reading, close-on-exec; flags: 0 or O_NOFOLLOW.  Anything else is an error,
 * as the bytes of a fifo or a device may never come, or never end.
 */
int file_open(const char *path, int flags, struct err *e);
/*
 * whole file, NUL added behind it (not counted in *n; n may be NULL); one of more than FILE_MOST
 * bytes is an error
 */
#define FILE_MOST ((size_t)1 << 28)
int file_read(struct arena *a, const char *path, char **text, size_t *n, struct err *e);
/* replaces path with these bytes by rename; no fsync */
int file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e);
/* the same, and it stays after a power cut */
int file_write_durable(const char *path, const void *p, size_t n, mode_t mode, struct err *e);
/* is this what a power cut leaves of them: a file that has not got its name yet */
bool file_is_half_made(const char *name);
/* the bytes of a file, or the names in a folder, are on the disk */
int file_sync(const char *path, struct err *e);
/* a folder with all that is below it */
int file_sync_tree(const char *dir, struct err *e);
/* all that is on the filesystem that path is on: for more than one wants to name */
int file_sync_all(const char *path, struct err *e);
/* the folder that holds path, after path has got its name */
int file_sync_parent(const char *path, struct err *e);
/* rename of a file, or of a folder with all that is in it, that stays after a power cut */
int file_settle(const char *tmp, const char *path, struct err *e);
/* mkdir -p; what exists is fine */
int file_mkdirs(const char *path, mode_t mode, struct err *e);
/* mkdir -p of the folder that will hold path */
int file_mkparent(const char *path, struct err *e);
/*
 * rm -rf, symlinks are removed, never followed; read-only folders are made writable first; absent
 * is fine
 */
int file_remove(const char *path, struct err *e);
/*
 * The names in a folder in strcmp order, NULL behind the last, on the arena; hidden: also those
 * that begin with a dot, but not "." and "..".  A folder that is not there has none; n may be NULL
 */
int file_names(
    struct arena *a, const char *dir, bool hidden, char ***names, size_t *n, struct err *e);
/*
 * 1: the next name in a folder, but not "." and ".."; 0: there is none left; -1: the rest of
 * them cannot be read.  name is the path for messages.
 */
int file_next(DIR *d, const char *name, const struct dirent **next, struct err *e);
bool file_exists(const char *path);
/* for what nobody shall see: TMPDIR, or /tmp where that is relative, or not ours to write to */
const char *file_tmp(void);
/*
 * 1 or 0; -1: nobody can tell.  For what is made anew, or done without, when it is not there: a
 * disk that fails for a moment is no reason to.
 */
int file_is_there(const char *path, struct err *e);
bool file_isdir(const char *path);
/* copies bytes, mode and holes; to is replaced by rename */
int file_copy(const char *from, const char *to, mode_t mode, struct err *e);
/* symlink(target, path), replacing what is there */
int file_symlink(const char *target, const char *path, struct err *e);
/* what file_read, file_copy and file_walk do, from a descriptor; name is the path for messages */
int fd_read(
    struct arena *a, int fd, size_t most, const char *name, char **text, size_t *n, struct err *e);
int fd_copy(int fd, const char *to, mode_t mode, struct err *e);
/* for where nobody looks before all of it is there: to is new, and written under that name */
int fd_copy_new(int fd, const char *to, mode_t mode, struct err *e);

/*
 * Everything under dir, depth first, names of one folder in strcmp order, dir itself
 * not included.  rel is relative to dir ("a/b").  A folder is visited before what it holds.
 * The callback returns -1 with e filled to stop, FILE_PRUNE not to look into the folder.
 */
#define FILE_PRUNE 1
typedef int file_visit(void *arg, const char *rel, const struct stat *st, struct err *e);
int file_walk(const char *dir, file_visit *visit, void *arg, struct err *e);
int fd_walk(int fd, const char *name, file_visit *visit, void *arg, struct err *e);

#endif
