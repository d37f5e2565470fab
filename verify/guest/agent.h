/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_AGENT_H
#define VERIFY_GUEST_AGENT_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct channel;
struct loop;
struct manifest;

/*
 * The private command channel: a supervised shell on a virtio serial port, put into a copy
 * of the image, and this side of the wire.  The shell reads commands from the port and writes
 * their output there; a line with a token that no output can hold ends it and has the status.
 * One command at a time.  A command that does not come back takes the door with it.
 */
struct door;

struct door_result {
	int status;	 /* -1: it did not come back; why says more */
	const char *out; /* stdout and stderr; a NUL behind the bytes; valid in the callback */
	size_t n;
	nstime took;
	const char *why;
};
typedef void door_done(void *arg, const struct door_result *r);

/*
 * fd: our end, from here on the door's.  awake: the shell was there before (a restored guest), else
 * it has to greet first.  qmp: is always read first, so that a greeting after a reset comes after it.
 */
struct door *door_new(struct loop *l, int fd, bool awake, struct channel *qmp);
/* /bin/sh -c command, stdin /dev/null; done is called once, from the loop, never from here */
void door_run(struct door *d, const char *command, nstime deadline, door_done *done, void *arg);
/* the guest starts anew: what is under way is over, what waits goes on waiting */
void door_reset(struct door *d);
/* nothing will come any more: whoever waits is told why */
void door_gone(struct door *d, const char *why);
/* when the guest's shell first greeted; 0: not yet */
nstime door_greeted(const struct door *d);
void door_free(struct door *d); /* nobody is told; NULL is fine */

/* can a door be put into this image? */
bool door_fits(const struct manifest *m);
/*
 * Puts the door and the public key (for root and guest) into image, a copy of the manifest's;
 * pubkey NULL: no key.
 */
int door_inject(const struct manifest *m, const char *image, const char *pubkey, struct err *e);

#endif
