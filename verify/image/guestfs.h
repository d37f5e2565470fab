/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_GUESTFS_H
#define VERIFY_IMAGE_GUESTFS_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct buf;

/*
 * Reading and changing an ext4 filesystem inside a disk image through libext2fs: the
 * agent, the throw-away key, sabotage, and what a guest left behind.  Never used on an
 * image that is to be shipped, only on a copy.
 */
struct guestfs;

int guestfs_open(
    const char *image, uint64_t offset, int writable, struct guestfs **out, struct err *e);
/* the same of an open image, which stays the caller's; its name is for messages */
int guestfs_open_fd(int disk, const char *image, uint64_t offset, int writable,
    struct guestfs **out, struct err *e);
/* flushes; always frees, also on error */
int guestfs_close(struct guestfs *g, struct err *e);
struct guestfs_file {
	const char *path; /* absolute, on the filesystem */
	const void *bytes;
	size_t n;
	mode_t mode; /* permissions */
	uid_t uid;
	gid_t gid;
};

/*
 * replaces or makes a file, folders above it made 0755 root; symlinks on the way are followed
 * inside the filesystem
 */
int guestfs_put(struct guestfs *g, const struct guestfs_file *f, struct err *e);
/* adds to the end of a file, making it if need be; an existing file keeps owner and mode */
int guestfs_append(struct guestfs *g, const struct guestfs_file *f, struct err *e);
/* permissions and owner of a file, a folder or what a symlink leads to; its bytes stay */
int guestfs_set(
    struct guestfs *g, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e);
/* at most 16 bytes: more are an error */
int guestfs_label(struct guestfs *g, const char *label, struct err *e);
/* every kernel mounts it for reading only, whatever it is told */
void guestfs_read_only(struct guestfs *g);
int guestfs_remove(
    struct guestfs *g, const char *path, struct err *e); /* file or symlink; absent is an error */
int guestfs_read(
    struct arena *a, struct guestfs *g, const char *path, char **text, size_t *n, struct err *e);
/*
 * Every name in it, folder by folder, / first.  A file linked twice is there twice; a folder that
 * is, is an error.
 */
struct guestfs_entry {
	const char *path; /* "/etc/passwd" */
	mode_t mode;	  /* as st_mode: the type, too */
	uid_t uid;
	gid_t gid;
	uint64_t size;
	const char *target;    /* of a symlink; NULL: it is none */
	const char *xattrs;    /* their names, a blank between two; NULL: it has none */
	unsigned major, minor; /* of a device */
	unsigned links;	       /* how many names it has; of a folder 2, and its folders */
	const char *flags;     /* what chattr(1) has set, a blank between two; NULL: nothing */
	uint32_t inode;	       /* two names of one file have the same */
};

int guestfs_entries(
    struct arena *a, struct guestfs *g, struct guestfs_entry **v, size_t *n, struct err *e);
/* that name, which may be a symlink itself; 0: there is no such name, 1: out is about it */
int guestfs_find(
    struct arena *a, struct guestfs *g, const char *path, struct guestfs_entry *out, struct err *e);
/* sha256 of the file of that inode, which is read piece by piece */
int guestfs_digest(struct guestfs *g, uint32_t inode, char hex[DIGEST_HEX], struct err *e);
/* what it says of itself */
struct guestfs_self {
	char label[17];
	bool read_only;	 /* as guestfs_read_only() */
	unsigned mounts; /* how often a kernel has mounted it for writing since it was made */
};

void guestfs_self(const struct guestfs *g, struct guestfs_self *out);
/*
 * The names as text, a line each: "NAME PATH TYPE MODE UID:GID", then "-> TARGET" for a symlink.
 * TYPE is as in ls: - d l c b p s.
 */
int guestfs_list(
    struct arena *a, struct guestfs *g, const char *name, struct buf *out, struct err *e);
/*
 * Was it unmounted in order: state flag, no journal to replay, no error count, no orphans.  -1 with
 * the reason.  Whether it is sound is for fsck.h.
 */
int guestfs_unmounted(int disk, const char *image, uint64_t offset, struct err *e);

#endif
