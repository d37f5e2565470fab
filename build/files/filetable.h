/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_FILETABLE_H
#define BUILD_FILES_FILETABLE_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct buf;

/*
 * The table of files beside a manifest, which names it and has its digest: every name of an image's
 * filesystems, `/` and `/lost+found` included, as the build meant it to be.  lh-build writes it,
 * and lh-verify compares the image with it.
 *
 * Text: first line "lh-files 2", then a line a name, each of seven words:
 *
 *   FS:/PATH MODE UID GID SIZE CONTENT PACKAGE
 *
 * MODE is octal with the type, as st_mode.  SIZE is a file's bytes, MAJOR:MINOR of a device, else
 * "-".  CONTENT is the sha256 of a file, the target of a symlink, else "-".  PACKAGE is what
 * brought it.  In PATH, CONTENT and PACKAGE a backslash, a blank and every byte that is not
 * printable ASCII is \ooo.
 *
 * Each name is a file of its own, without extended attributes and without attributes of chattr(1):
 * lh-build makes nothing else, so the table has no words for it.
 */
struct filetable_row {
	const char *name; /* "rootfs:/bin/busybox" */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t size;	       /* S_ISREG */
	unsigned major, minor; /* S_ISCHR, S_ISBLK */
	const char *sha256;    /* S_ISREG; else NULL */
	const char *target;    /* S_ISLNK; else NULL */
	const char *package;
};

struct filetable {
	struct filetable_row *v; /* by name, in strcmp order; each name once */
	size_t n;
};

void filetable_begin(struct buf *out);
void filetable_add(struct buf *out, const struct filetable_row *r);
/*
 * text: of the file of that name, on the arena; it stays.  A line that is none, and a name that is
 * there twice, is EXIT_USAGE
 */
int filetable_parse(
    struct arena *a, const char *name, const char *text, struct filetable *out, struct err *e);
/* the same of a file, and so is no such file */
int filetable_read(struct arena *a, const char *path, struct filetable *out, struct err *e);
/* the row of that name, or NULL */
const struct filetable_row *filetable_find(const struct filetable *t, const char *name);
/* the text with \ooo for what no line may have, on the arena */
const char *filetable_escape(struct arena *a, const char *text);

#endif
