/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_PACK_H
#define BUILD_CACHE_PACK_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/*
 * Archives of ours.  The same names, bytes and permission bits give the same archive: owners are 0,
 * all times the one that is given, and the order is that of the calls.  Compressed with zstd when
 * the name ends in .zst.
 */
struct pack;

/*
 * versions of libarchive, as "3.6.2", and of the libzstd that it calls, as "1.5.4": other ones may
 * write other bytes
 */
const char *pack_library(void);
const char *pack_zstd(void);

/* for pack_new: every file keeps its own time, to the nanosecond */
#define PACK_OWN_TIMES INT64_MIN

/* file is replaced when the archive is complete; when is in seconds since 1970; NULL with e filled
 */
struct pack *pack_new(const char *file, int64_t when, struct err *e);
/* the same as cpio, in the form that Linux unpacks as its first root; with gzip for a name in .gz
 */
struct pack *pack_new_cpio(const char *file, int64_t when, struct err *e);
/* a file, folder, symlink or fifo of this machine, as `name`; what a folder holds is not added with
 * it */
int pack_add(struct pack *p, const char *path, const char *name, struct err *e);
/* what need not be on this machine as the archive is to have it */
struct pack_entry {
	const char *name;
	mode_t mode; /* with its type: a file, folder, symlink, fifo or device */
	uid_t uid;
	gid_t gid;
	const char *path;      /* of the bytes of a file */
	uint64_t size;	       /* of a file */
	const char *target;    /* of a symlink */
	unsigned major, minor; /* of a device */
};
/* not with PACK_OWN_TIMES: all times are the one that was given */
int pack_put(struct pack *p, const struct pack_entry *entry, struct err *e);
/* all that dir holds, in strcmp order, as name/..; and dir itself */
int pack_tree(struct pack *p, const char *dir, const char *name, struct err *e);
/* what it will unpack to, so far, as pack_open counts it */
uint64_t pack_unpacked(const struct pack *p);
/* the file will be for its owner alone: 0600, not 0644 */
void pack_private(struct pack *p);
int pack_end(struct pack *p, struct err *e);
void pack_abandon(struct pack *p);

/*
 * the bytes of one file, compressed with zstd, and nothing else: `zstd -d` gives it back; file is
 * replaced when complete
 */
int pack_file(const char *path, const char *file, struct err *e);

/*
 * The other way round, from a descriptor into an empty file that is open for writing: zeros stay
 * holes.  What is more than `most` bytes, far more than its packed size, or no such file, is an
 * error; name is for messages. Nothing is opened, so a process that may not can do it, whoever made
 * the file.
 */
int pack_unfile(int from, const char *name, int to, uint64_t most, struct err *e);

/*
 * Makes in dir what an archive of ours holds, permission bits and times as they are told.
 * over: files that are there are replaced; else dir is empty.  Nothing is made elsewhere,
 * whatever the archive says; what is in it is for the caller to judge.  One that unpacks to more
 * than `most` is refused before there is more on the disk: bytes of files, and 512 for each entry.
 */
int pack_open(const char *file, const char *dir, bool over, uint64_t most, struct err *e);

/*
 * The bytes of the first entry of an archive of ours, which has to be a file of this name and no
 * longer than `most`, on the arena; a NUL is behind them.
 */
int pack_first(struct arena *a, const char *file, const char *name, size_t most, char **text,
    size_t *n, struct err *e);

#endif
