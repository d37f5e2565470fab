/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_TREE_H
#define BUILD_IMAGE_TREE_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/*
 * What a filesystem will hold, as a table: ownership lives here, never on disk.
 * Sorted by path, folder by folder: what a folder holds follows it at once, names in
 * strcmp order; path "" is the root.
 */
enum entry_type { ENTRY_DIR, ENTRY_FILE, ENTRY_LINK, ENTRY_FIFO, ENTRY_CHAR, ENTRY_BLOCK };

struct entry {
	const char *path; /* relative, "etc/passwd" */
	enum entry_type type;
	mode_t mode; /* permission bits, setuid.. included */
	uid_t uid;
	gid_t gid;
	const char *from;      /* file that has the bytes, absolute (ENTRY_FILE) */
	uint64_t size;	       /* bytes (ENTRY_FILE) */
	const char *target;    /* ENTRY_LINK */
	unsigned major, minor; /* ENTRY_CHAR, ENTRY_BLOCK */
	const char *package;   /* whose output it is, for messages */
	size_t layer;	       /* 0; of what is laid over it 1, 2.. */
};

struct tree {
	struct arena *a;
	const char *name; /* rootfs rwfs userfs extra */
	struct entry *v;
	size_t n, cap;
};

extern const char *const entry_names[]; /* by enum entry_type: "folder", "file".. */

/* a root folder and nothing in it */
void tree_init(struct arena *a, const char *name, struct tree *t);
/* adds a copy of one entry; for what no package's output can hold, such as a device */
struct entry *tree_push(struct tree *t, const struct entry *new);
/*
 * That nothing but owner and mode says who may do what with a file: file capabilities and access
 * control lists would be gone in the image.  Other attributes, such as a label, are the host's.
 */
int tree_is_plain(const char *path, struct err *e);
/*
 * Adds everything under dir (an absent dir is fine).  Modes come from disk, with owner
 * read and write and without group write; owner is 0:0.
 */
int tree_add(struct tree *t, const char *dir, const char *package, struct err *e);
/*
 * The same for a folder that is laid over what has a lower layer, from 1 on: a file or symlink of
 * it takes the place of one there; a folder leaves the mode that is there.  Anything but files,
 * folders and symlinks, and a symlink that leads out of the filesystem, is refused.
 */
int tree_lay(struct tree *t, const char *dir, const char *name, size_t layer, struct err *e);
/*
 * To be called when all is added, and again when more is.  Folders may come from several packages,
 * and so may what is equal in all of them; anything else that is there twice is an error that names
 * both packages.
 */
int tree_sort(struct tree *t, struct err *e);
/* in a sorted tree; NULL when there is no such path */
struct entry *tree_find(const struct tree *t, const char *path);
/*
 * Applies layout/owners to the four trees: `FS:/PATH UID:GID MODE [PROFILE]`, * within a
 * path component allowed.  A line that matches nothing, two lines in conflict, and a setuid,
 * setgid or world-writable entry (sticky folders aside) without a line are errors.
 * paths: by layer, the file with its lines; all but the first may be absent.
 */
int owners_apply(struct arena *a, const char *const *paths, size_t npaths, const char *profile,
    struct tree **trees, size_t ntrees, struct err *e);
/*
 * Whatever the profile: lines that make no sense, duplicate places, ids that are not in
 * passwd and group of layout/rootfs/etc; found is called with a line for each.
 */
int owners_lint(struct arena *a, const char *layout, void (*found)(void *arg, const char *what),
    void *arg, struct err *e);
/* a set bit that gives root's power in the image would give ours here */
#define TREE_HOST_MODE(mode) ((mode)&01777)
/*
 * Copies the table to dir as ordinary files, for people; replaces dir.
 * Everything is ours, without setuid and setgid, and devices are left out.
 */
int tree_materialise(const struct tree *t, const char *dir, struct err *e);
/* digest over the whole sorted table and every file's bytes */
int tree_digest(const struct tree *t, char hex[65], struct err *e);

#endif
