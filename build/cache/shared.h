/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_SHARED_H
#define BUILD_CACHE_SHARED_H

#include "build/base/err.h"
#include "build/source/transfer.h"

#include <stdbool.h>

struct arena;
struct config;
struct node;
struct plan;
struct store;

/*
 * A store that several machines share: CACHE_URL, a server that answers GET, HEAD and PUT
 * of two folders.
 *
 *     ac/KEY        text, signed: which archive a key led to, and the digest of the tree in it
 *     cas/SHA256    files by their digest: archives of pack.c (out/, the log, and what was
 *                   linked), and sources
 *
 * Nothing is believed but a signature of one whom CACHE_TRUST names: it vouches for the key, for
 * the archive's digest and for how much it unpacks to, and each is checked.  What has no such
 * signature is built here.  After trouble with the server itself it is not asked any more until
 * the end of the run.
 *
 * shared_get() and shared_put() wait for the server: they are for a process of their own
 * (traffic.h), and say nothing themselves.
 */
struct shared;

/*
 * NULL when there is none: CACHE_URL is empty, OFFLINE is true, or nobody is trusted and nothing is
 * signed, which is said.
 */
struct shared *shared_open(struct arena *a, const struct config *cfg, const struct store *store,
    const struct transfer_patience *p);
void shared_close(struct shared *s);
/* the URL for people */
const char *shared_shown(const struct shared *s);
/* is anything to be had from it; is anything to be sent: not after it was lost; s may be NULL */
bool shared_takes(const struct shared *s);
bool shared_sends(const struct shared *s);
/* it is of no use any more; all processes of a run know of it */
bool shared_lost(const struct shared *s);
void shared_lose(struct shared *s);

/* a result that is wanted: any of several keys will do */
struct shared_want {
	const char *key, *text;
};
/* 1: it is in our store now; 0: it is not there; -1: e says what was refused, or is wrong */
int shared_get(struct shared *s, const struct shared_want *w, const char *name, struct err *e);
/* the result is in our store: sends it, unless what we would take is there already */
int shared_put(struct shared *s, const char *key, const char *name, struct err *e);
/* sends a source, unless it is there */
int shared_put_source(struct shared *s, const char *path, const char *sha256, struct err *e);

/* may others have it: neither it nor what it was built with came from an override */
bool shared_may(const struct plan *p, const struct node *n);

#endif
