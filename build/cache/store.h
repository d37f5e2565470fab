/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_STORE_H
#define BUILD_CACHE_STORE_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stdbool.h>

struct arena;
struct memo;

/*
 * Results by key: CACHE/store/KEY-NAME/ holds out/ (read-only), key (the text whose
 * digest the name is), output (digest_tree of out/), log, linked, for a package with
 * programs: what went into each (links.h), and signer, for what came from CACHE_URL: the public
 * key that its signature was checked with.  An entry appears by rename, complete or not at all; two
 * builders may share a store.
 */
struct store {
	const char *dir;   /* CACHE/store */
	struct memo *memo; /* of digests that were compared since the machine started, or NULL */
};

int store_open(struct arena *a, const char *cache, struct store *s, struct err *e);
/* entry's folder, whether it is there or not */
char *store_path(struct arena *a, const struct store *s, const char *key, const char *name);
/*
 * 1: there, whole, and output holds its digest; 0: not there; -1: it is damaged, and e says how: to
 * be built again, and store_enter replaces it.  Every name that has a meaning is of the right type,
 * and the bytes of out/ are those that were stored.
 */
int store_lookup(const struct store *s, const char *key, const char *name, char output[DIGEST_HEX],
    struct err *e);
/* the same, but for the bytes of out/, which are not read: for who does not use them */
int store_find(const struct store *s, const char *key, const char *name, char output[DIGEST_HEX],
    struct err *e);
/*
 * Before anybody looks into what a step has left in workdir/out: the folder may be entered and
 * moved, and what is in it may be read, or it is named.
 */
int store_prepare(const char *workdir, struct err *e);
/*
 * Takes workdir/out, and workdir/log, /linked and /signer if there are such, into the store under
 * key; key_text is kept beside them.  Owners may no longer write to what is in out/; the other
 * permission bits stay.  workdir must be on the store's filesystem.
 * When somebody else entered the same key meanwhile, theirs stays, unless it is damaged.  Fills
 * output.  An error when there is something else than is meant at a name with a meaning, or a file
 * that is setuid or setgid, as everybody may run what is in CACHE.
 */
int store_enter(const struct store *s, const char *workdir, const char *key, const char *name,
    const char *key_text, char output[DIGEST_HEX], struct err *e);
/* the key that signed what came from CACHE_URL, on the arena; NULL for what was built here */
char *store_signer(struct arena *a, const char *entry);
/*
 * The right to build a key: *lock is a descriptor to give to store_unlock(), or -1 when
 * another builder has it.  It ends with the process.
 */
int store_lock(const struct store *s, const char *key, int *lock, struct err *e);
void store_unlock(const struct store *s, const char *key, int lock);

#endif
