/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_AGENT_H
#define VERIFY_GUEST_AGENT_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct channel;
struct loop;

/*
 * The private command channel: a supervised shell on a virtio serial port, put into a copy
 * of the image, and this side of the wire.  The shell reads commands from the port and writes
 * their output there; a line with a token that no output can hold ends it and has the status.
 * One command at a time.  A command that does not come back takes the guest agent with it, and so
 * does one that says more than AGENT_SAID_MAX; what comes while no command runs is dropped.
 */
#define AGENT_SAID_MAX (1u << 20)

struct agent;

struct agent_result {
	int status;	 /* -1: it did not come back; why says more */
	const char *out; /* stdout and stderr; a NUL behind the bytes; valid in the callback */
	size_t n;	 /* at most AGENT_SAID_MAX */
	nstime took;
	const char *why;
};
typedef void agent_done(void *arg, const struct agent_result *r);

/*
 * fd: our end, from here on the guest agent's.  awake: the shell was there before (a restored
 * guest), else it has to greet first.  qmp: is always read first, so that a greeting after a reset
 * comes after it.
 */
struct agent *agent_new(struct loop *l, int fd, bool awake, struct channel *qmp);
/*
 * Another way to a shell of the guest than a port of its own.  run is called when no command is
 * under way, and leads to agent_answered() or agent_gone(), from the loop; reset, when the guest
 * is another one that has yet to greet; stop, when the agent is lost.
 */
struct agent_way {
	void (*run)(void *arg, const char *command);
	void (*reset)(void *arg);
	void (*stop)(void *arg);
	const char *(*why_shut)(void *arg); /* why nobody has greeted yet */
};
struct agent *agent_over(struct loop *l, const struct agent_way *way, void *arg);
void agent_greeted(struct agent *d);
/* out[n] is a NUL */
void agent_answered(struct agent *d, const char *out, size_t n, int status);
/* /bin/sh -c command, stdin /dev/null; done is called once, from the loop, never from here */
void agent_run(struct agent *d, const char *command, nstime deadline, agent_done *done, void *arg);
/* the guest was reset: the request under way fails, the queue is kept */
void agent_reset(struct agent *d);
/*
 * It moves to another QEMU.  From agent_hold() on no command is sent, and when none is under way
 * any more (agent_is_quiet()) that side of the wire may go.  It goes on with fd and qmp, as for
 * agent_new(); or, after agent_take(), with those that it has.
 */
void agent_hold(struct agent *d);
bool agent_is_quiet(const struct agent *d);
void agent_rewire(struct agent *d, int fd, struct channel *qmp);
void agent_take(struct agent *d);
/* nothing will come any more: pending requests fail with why */
void agent_gone(struct agent *d, const char *why);
/* the guest's side of the wire is gone */
bool agent_ended(const struct agent *d);
void agent_free(struct agent *d); /* calls no callback; NULL is fine */

#endif
