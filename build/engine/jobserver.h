/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_JOBSERVER_H
#define BUILD_ENGINE_JOBSERVER_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Who may compile: one pool of tokens for the whole run, served to GNU make by its own
 * protocol.  A package that runs holds one token for itself; its make may take more,
 * from a pair of pipes that only this package has.  So every token is accounted for:
 * what a killed make took with it is back in the pool as soon as the step is over.
 *
 * The pool is ours (JOBS tokens), or, when we were started by a make with a jobserver,
 * that make's.  We serve the pipe form (`--jobserver-auth=R,W`): make 4.3 knows no other
 * and later ones still take it.
 *
 * Tokens go first to packages that are ready to start (`waiting` below), then to the one
 * that has the fewest.  A make says that it wants one by taking it: each is offered one,
 * and an offer that is ignored while others want it is withdrawn.
 */
struct jobserver;
struct client;

/*
 * makeflags: $MAKEFLAGS or NULL; one that names a jobserver which is not there means a pool of our
 * own
 */
int jobserver_open(
    struct arena *a, unsigned jobs, const char *makeflags, struct jobserver **out, struct err *e);
/* gives everything back to a parent make; clients must be closed */
void jobserver_close(struct jobserver *j);
/* free tokens; of our own pool, all of them when there is no client */
unsigned jobserver_free(const struct jobserver *j);
/* the pool is that of the make that started us */
bool jobserver_joined(const struct jobserver *j);

/* takes a token for a package; *out is NULL when there is none now */
int jobserver_begin(struct jobserver *j, struct client **out, struct err *e);
/*
 * the package's child is dead: what it took is back; its next step is asked anew whether it wants
 * more
 */
void jobserver_settle(struct jobserver *j, struct client *client);
void jobserver_end(struct jobserver *j, struct client *client);
/* value of MAKEFLAGS for the package, and the two descriptors it must inherit */
const char *client_makeflags(const struct client *client);
const int *client_fds(const struct client *client);

/* most entries that jobserver_poll fills for n open clients */
#define JOBSERVER_POLLS(n) (2 * (n) + 1)
/* fills v with what to wait for, returns how many */
size_t jobserver_poll(const struct jobserver *j, bool waiting, struct pollfd *v);
/* when jobserver_turn should be called at the latest */
nstime jobserver_deadline(const struct jobserver *j);
/* moves tokens; call after every poll, and once before the first */
void jobserver_turn(struct jobserver *j, bool waiting);

#endif
