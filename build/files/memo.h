/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_MEMO_H
#define BUILD_FILES_MEMO_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stdbool.h>

struct arena;

/*
 * A cache of what is slow to compute: the digest of a folder that has not changed, the version of
 * a compiler, the hash of a password.  A key says all that its
 * value depends on, so that a value is never stale; a file takes part by its stamp, and only
 * when that is settled.  Nothing here is part of a key: without it a build is slower, that is all.
 *
 * The file holds `DIGEST-OF-KEY VALUE` lines and a last one with the digest of all others.
 * What is no such file is an empty one.
 */
struct memo;

/* path and memo live on the arena */
struct memo *memo_open(struct arena *a, const char *path);
/* on the arena; NULL: not known, or m is NULL */
const char *memo_get(struct memo *m, const char *key);
/* one line of text, copied; m may be NULL */
void memo_put(struct memo *m, const char *key, const char *value);
/*
 * writes what was learned, if anything was, readable for its owner only; what was not asked for is
 * forgotten by and by
 */
int memo_save(const struct memo *m, struct err *e);

/* how a file, or all that is in a folder, becomes a digest */
struct memo_kind {
	const char *name;
	int (*digest)(const char *path, char *hex, struct err *e);
	bool (*skip)(const char *rel); /* what digest does not look at, or NULL */
	bool until_boot;	       /* after a restart of the machine it is computed again */
};
/* digest_tree of a folder, digest_file of all else */
extern const struct memo_kind memo_plain;

/* the digest, without reading a byte when nothing has changed since; m may be NULL */
int memo_digest(struct memo *m, const struct memo_kind *kind, const char *path,
    char hex[DIGEST_HEX], struct err *e);

#endif
