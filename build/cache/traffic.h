/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_TRAFFIC_H
#define BUILD_CACHE_TRAFFIC_H

#include "build/base/clock.h"
#include "build/cache/shared.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * What goes to and comes from CACHE_URL beside a build: a child for each look-up and for each file
 * that is sent, a few at a time.  Nobody waits for one but in the caller's poll; one that dies, or
 * hangs for longer than any server may keep it, is told of, and the build goes on as if the server
 * had not had what was asked for.  Trouble of one kind is told once a run.
 */
struct traffic;

struct traffic *traffic_new(struct arena *a);
/* looks for one of n keys; traffic_turn() returns user when that is over; all must stay */
void traffic_get(struct traffic *t, struct shared *s, const struct shared_want *v, size_t n,
    const char *name, void *user);
/* sends a result, or a source, when there is time; all must stay */
void traffic_put(struct traffic *t, struct shared *s, const char *key, const char *name);
void traffic_put_source(struct traffic *t, struct shared *s, const char *path, const char *sha256);
/* a look-up that is over: in our store there may be what it was for; NULL: there is none now */
void *traffic_turn(struct traffic *t);
/* look-ups that are not over; all that is not done */
size_t traffic_gets(const struct traffic *t);
size_t traffic_pending(const struct traffic *t);

/* most entries that traffic_poll() fills */
#define TRAFFIC_POLLS 8
/* fills v with what to wait for, returns how many; traffic_turn() when one of them is ready */
size_t traffic_poll(const struct traffic *t, struct pollfd *v);
/* when traffic_turn() should be called at the latest */
nstime traffic_deadline(const struct traffic *t);
/* ends all look-ups; all: what is being sent, too, and nothing is started any more */
void traffic_stop(struct traffic *t, bool all);

#endif
