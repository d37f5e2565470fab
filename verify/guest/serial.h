/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SERIAL_H
#define VERIFY_GUEST_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

struct agent;
struct loop;
struct manifest;

/*
 * A guest agent (agent.h) for images that nothing of ours can be put into: it logs in on the serial
 * console and types a small loop of sh there.  A command goes there in lines with a checksum behind
 * them; what it says is kept in a file, and comes back in frames (sieve.h) that have a token, a
 * number and a checksum.  What was damaged on either way is sent or asked for again; a command is
 * run once all the same.  The guest needs sh, printf, od, cksum, dd, tr and stty.
 */
struct serial;

struct serial_opts {
	const char *user, *password; /* password NULL: none is asked for */
	/* of a guest that goes on where it was saved: the loop runs there */
	bool awake;
	void (*type)(void *arg, const char *p, size_t n); /* to the console */
	void (*said)(void *arg, const char *p, size_t n); /* by the guest, without what is ours */
	void *arg;
};

/* does the manifest want it? */
bool serial_is_asked(const struct manifest *m);
struct serial *serial_new(struct loop *l, const struct serial_opts *o);
/* the agent that speaks by it; it lives longer than the serial */
struct agent *serial_agent(struct serial *s);
/* what the console got; calls said, then the agent's callbacks */
void serial_hear(struct serial *s, const char *p, size_t n);
void serial_free(struct serial *s); /* NULL is fine */

#endif
