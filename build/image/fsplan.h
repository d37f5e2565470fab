/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FSPLAN_H
#define BUILD_IMAGE_FSPLAN_H

#include "build/base/err.h"
#include "build/image/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Where everything goes in an ext4 filesystem: inode numbers, blocks, links.  This is
 * arithmetic, no library and no file.  Whether a tree fits and what is written is
 * answered by the same plan, so the two cannot differ.
 */
enum {
	FS_BLOCK = 4096,       /* bytes */
	FS_EXTENT_MAX = 32768, /* blocks that one extent can map */
	FS_ROOT_EXTENTS = 4,   /* that an inode has room for */
	FS_LEAF_EXTENTS =
	    340,	 /* in a block of its own; no file has more, so 42 GiB are sure to work */
	FS_INO_ROOT = 2, /* what ext4 has decided */
	FS_INO_JOURNAL = 8,
	FS_INO_LOST = 11,
	FS_INO_FIRST = 12,
	FS_LOST_BLOCKS = 4, /* lost+found gets its room ahead: fsck must not need to allocate */
	FS_FAST_LINK = 60
}; /* a symlink's target, with its NUL, that fits the inode */

#define FS_DIR_ROOM (FS_BLOCK - 12) /* a folder's block without its checksum */

/* blocks in a row */
struct fs_run {
	uint64_t start, len;
};

struct fs_node {
	const char *name; /* within its folder */
	uint32_t ino;
	unsigned links;
	uint64_t bytes;	   /* as stat would say */
	uint64_t blocks;   /* of data, folders included */
	size_t run, nruns; /* in plan->runs: each is one extent */
	uint64_t leaf;	/* the block of extents that the inode has no room for, 0: there is none */
	uint64_t index; /* of a folder: blocks in front of its names, 0: it has no index */
	uint32_t hash;	/* of its name, when its folder has one */
	size_t parent;	/* index of its folder */
	size_t child, next; /* first in it, next beside it; 0: none, as the root is nobody's child.
			       In the order of the tree, or, with an index, in that of the hashes */
};

struct fs_plan {
	struct fs_node *v; /* the tree's entries, then lost+found, then the journal */
	size_t n;	   /* of tree entries: v[n] is lost+found, v[n + 1] the journal */
	struct fs_run *runs;
	size_t nruns, cap;
	uint64_t blocks; /* needed */
	uint64_t room;	 /* there */
	bool fits;	 /* the runs are worth something only then */
};

/* bytes that a name takes in a folder's block */
unsigned fs_dirent(const char *name);

/* the hash of a name, bit 0 unset, and a second one that tells equals apart */
typedef uint32_t fs_hash(const unsigned char seed[16], const char *name, uint32_t *minor);

/* what a plan is made for */
struct fs_space {
	const struct fs_run *free; /* blocks that may be used, ascending */
	size_t nfree;
	uint64_t journal; /* blocks of it */
	fs_hash *hash;	  /* for folders of more than a block, or NULL: no folder has an index */
	const unsigned char *seed;
};

/*
 * That the blocks do not suffice is no error; a path without a folder, a lost+found in the tree, an
 * impossibly large file or a folder with more names than an index can have is.
 */
int fs_plan_make(struct arena *a, const struct tree *t, const struct fs_space *space,
    struct fs_plan *out, struct err *e);

#endif
