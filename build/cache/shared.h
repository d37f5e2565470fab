/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_SHARED_H
#define BUILD_CACHE_SHARED_H

#include "build/base/err.h"
#include "build/files/digest.h"
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
 *     ac/KEY        text: which archive a key led to, and the digest of the tree in it
 *     cas/SHA256    archives of pack.c by their digest: out/, the log, and what was linked
 *
 * Nothing is believed: an archive has to have the digest that is its name, and what it
 * unpacks to the digest that the entry tells.  At the first trouble we warn, and do without
 * it until the end of the run.  Results go there from a process of its own, archive first.
 */
struct shared;

/* NULL when there is none: CACHE_URL is empty, or OFFLINE is true.  Starts the process */
struct shared *shared_open(struct arena *a, const struct config *cfg, const struct store *store,
    const struct transfer_patience *p);
/* 1: it is in our store now, and output is filled; 0: it is not there.  s may be NULL */
int shared_get(struct shared *s, const char *key, const char *name, const char *key_text,
    char output[DIGEST_HEX], struct err *e);
/* the result is in our store: may go there too, when there is time; s may be NULL */
void shared_put(struct shared *s, const char *key, const char *name);
/* waits for what is still on its way, or, if hasty, does not */
void shared_close(struct shared *s, bool hasty);

/* may others have it: neither it nor what it was built with came from an override */
bool shared_may(const struct plan *p, const struct node *n);

#endif
