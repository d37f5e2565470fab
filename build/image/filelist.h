/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FILELIST_H
#define BUILD_IMAGE_FILELIST_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct tree;

/*
 * What an image holds and which package every path came from: the file `files` beside the
 * manifest, a line each, `FS:/PATH MODE UID GID SIZE SHA256 PACKAGE`, filesystem by
 * filesystem and sorted as struct tree is.  MODE is octal with the type, SIZE and SHA256
 * are those of a file's bytes or of a symlink's target, "-" for all else.  In PATH a
 * backslash and bytes below a blank are \ooo.
 */
int filelist_write(struct tree *const *trees, size_t ntrees, const char *path, struct err *e);

struct filelist {
	struct file_owner {
		const char *path; /* "rootfs:/bin/busybox" */
		const char *package;
		bool regular;	    /* a file, not a link, folder or device */
		const char *sha256; /* or "-" */
	} * v;			    /* sorted by path */
	size_t n;
};

/* an absent file is an empty list; a line that is none is EXIT_USAGE */
int filelist_read(struct arena *a, const char *path, struct filelist *out, struct err *e);
/* package that brought fs:path, or NULL */
const char *filelist_owner(const struct filelist *l, const char *fs, const char *path);

#endif
