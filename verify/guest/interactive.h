/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_INTERACTIVE_H
#define VERIFY_GUEST_INTERACTIVE_H

#include "build/base/err.h"

#include "verify/trust.h"

#include <stdbool.h>

struct arena;

/* NULL and 0: not given */
struct interactive_opts {
	const char *accel;
	const char *disk; /* keeps what the guest writes; made from the image when not there */
	const char
	    *boot; /* the lane (lane.h), or firmware, all: the first that fits; NULL: kernel */
	const char *share; /* folder that the guest may mount */
	unsigned memory;   /* MiB; 0: the manifest's */
	unsigned cpus;	   /* 0: one */
	unsigned port;	   /* of 127.0.0.1, for ssh; 0: a free one */
	enum trust trust;
	bool print; /* the command line to stdout, and no more; nothing is written */
};

/*
 * A guest for a person: the console on the terminal, ssh on a port of 127.0.0.1, and no agent.
 * Without a disk of its own, what the guest writes is forgotten when it ends, so the image stays
 * what its manifest says.  Says how to log in, then becomes QEMU; only returns on failure.
 */
int interactive_boot(
    struct arena *a, const char *manifest, const struct interactive_opts *o, struct err *e);

#endif
