/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SSH_H
#define VERIFY_GUEST_SSH_H

#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>

struct island;
struct loop;

/*
 * One login and one command over ssh, without blocking: libssh2 served by the loop.
 * slirp accepts a connection before the guest can, so only an "SSH-2.0-" banner counts;
 * until the deadline a silent or reset connection is tried again.
 *
 * The user's shell is given the command in a frame that tells its exit status in a line of its own
 * and ends with another status, which the server has to send: libssh2 takes a server that sends
 * none for one that sends 0.
 *
 * A server may be a guest's, and say what it likes: stdout and stderr have SSH_SAID_MAX beyond
 * what was sent, and libssh2 8 MiB for all that nobody reads; more is a failure that says so.
 */
#define SSH_SAID_MAX (1u << 20)

struct ssh_job {
	const struct island *on; /* the network that has the port; NULL: this machine's */
	unsigned port;		 /* on 127.0.0.1 */
	const char *user;
	const char *password; /* or NULL */
	const char *key;      /* private key file, or NULL; KEY.pub beside it */
	const char *command;
	const void *in; /* bytes for its stdin, may be NULL; must live until done */
	size_t nin;
	nstime deadline;
};

enum ssh_end {
	SSH_DONE,   /* logged in, the command ended: status, out, err */
	SSH_DENIED, /* refused: methods says what the server offers */
	SSH_FAILED
}; /* anything else: why */

struct ssh_result {
	enum ssh_end end;
	int status; /* of the command, as a shell has it: 128 and more when a signal killed it */
	struct buf out, err; /* owned by the ssh, valid in the callback */
	const char *methods; /* publickey,password */
	char why[256];
};

struct ssh;
typedef void ssh_done(void *arg, const struct ssh_result *r);

/* done is called once, from the loop, never from here; the ssh frees itself after it */
int ssh_start(struct loop *l, const struct ssh_job *job, ssh_done *done, void *arg,
    struct ssh **out, struct err *e);
void ssh_cancel(struct ssh *s); /* done is not called */
/* a new ed25519 key pair in OpenSSH format: path, path.pub */
int ssh_keygen(const char *path, struct err *e);

#endif
