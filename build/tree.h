/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_TREE_H
#define BUILD_TREE_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/*
 * What a filesystem will hold, as a table: ownership lives here, never on disk.
 * Sorted by path in strcmp order, every folder before what it holds; path "" is the root.
 */
enum entry_type { ENTRY_DIR,
	ENTRY_FILE,
	ENTRY_LINK,
	ENTRY_FIFO,
	ENTRY_CHAR,
	ENTRY_BLOCK };

struct entry {
	const char *path;   /* relative, "etc/passwd" */
	enum entry_type type;
	mode_t mode;        /* permission bits, setuid.. included */
	uid_t uid;
	gid_t gid;
	const char *from;   /* file that has the bytes, absolute (ENTRY_FILE) */
	uint64_t size;      /* bytes (ENTRY_FILE) */
	const char *target; /* ENTRY_LINK */
	unsigned major, minor; /* ENTRY_CHAR, ENTRY_BLOCK */
	const char *package;   /* whose output it is, for messages */
};

struct tree {
	struct arena *a;
	const char *name; /* rootfs rwfs userfs extra */
	struct entry *v;
	size_t n, cap;
};

void tree_init(struct arena *a, const char *name, struct tree *t);
/*
 * Adds everything under dir (an absent dir is fine).  Folders may come from several
 * packages; any other path twice with different content is an error naming both packages.
 * Modes come from disk without group and other write; owner is 0:0.
 */
int tree_add(struct tree *t, const char *dir, const char *package, struct err *e);
int tree_sort(struct tree *t, struct err *e);
struct entry *tree_find(struct tree *t, const char *path);
/*
 * Applies layout/owners to the four trees: `FS:/PATH UID:GID MODE [PROFILE]`, * within a
 * path component allowed.  A line that matches nothing, two lines in conflict, and a setuid,
 * setgid or world-writable entry (sticky folders aside) without a line are errors.
 */
int owners_apply(struct arena *a, const char *path, const char *profile, struct tree **trees, size_t ntrees, struct err *e);
/* copies the table to dir as ordinary files (hard links where possible), for people and tarballs; replaces dir */
int tree_materialise(const struct tree *t, const char *dir, struct err *e);
/* digest over the whole table and every file's bytes */
int tree_digest(const struct tree *t, char hex[65], struct err *e);

#endif
