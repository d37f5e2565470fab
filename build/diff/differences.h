/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_DIFFERENCES_H
#define BUILD_DIFF_DIFFERENCES_H

#include <stddef.h>

struct arena;
struct buf;

/* What two results differ in, collected in whatever order it is found and told by weight. */
enum diff_rank {
	DIFF_MADE_OF,	/* the manifest says so: packages, versions, settings */
	DIFF_TABLE,	/* partitions */
	DIFF_THERE,	/* a path that only one has */
	DIFF_BYTES,	/* of a file */
	DIFF_ATTRIBUTE, /* mode, owner, time, xattr, target */
	DIFF_STRUCTURE, /* of a filesystem */
	DIFF_FOLLOWS, /* what any other difference brings with it: digests, identifiers, free blocks
		       */
	DIFF_NRANKS
};

struct difference {
	enum diff_rank rank;
	const char *fs, *path; /* "rootfs", "/bin/busybox"; NULL: of no file */
	const char *text;
	const char *owner; /* package, filled in by who knows, or NULL */
};

struct differences {
	struct arena *a;
	struct difference *v;
	size_t n;
};

/* the text is copied; fs and path are kept as they are */
void diff_add(struct differences *d, enum diff_rank rank, const char *fs, const char *path,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/*
 * one line each, the most significant first; of each rank at most limit, of the last a quarter of
 * that, then "and N more"
 */
void diff_report(struct differences *d, size_t limit, struct buf *out);

#endif
