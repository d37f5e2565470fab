/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_LOOP_H
#define VERIFY_LOOP_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>

/*
 * The one poll(2) of lh-verify.  Whoever has a descriptor or a deadline registers it
 * here with what to do; nothing blocks anywhere else, so every console is always drained.
 * Callbacks may register and forget freely, themselves included.
 */
struct loop;

typedef void loop_ready(void *arg, int fd, short revents);
typedef void loop_late(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);
/* events as in poll(2); a second call for the same fd replaces the first */
void loop_watch(struct loop *l, int fd, short events, loop_ready *ready, void *arg);
void loop_forget(struct loop *l, int fd); /* unknown fd is fine */
/* calls late once when the deadline has passed; the id is never 0 */
unsigned loop_at(struct loop *l, nstime deadline, loop_late *late, void *arg);
void loop_cancel(struct loop *l, unsigned id); /* 0, and one that has fired, are fine */
/* waits for one round of events and serves them; nothing registered is an error */
int loop_once(struct loop *l, struct err *e);
/* looks, and does not wait: has fd one of these events, or an error, now?  fd < 0: no */
bool loop_is_ready(int fd, short events);

#endif
