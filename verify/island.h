/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_ISLAND_H
#define VERIFY_ISLAND_H

#include "build/base/err.h"

/*
 * A network without any other machine, and without this one: a network namespace with its own
 * loopback.  QEMU on it has its user network as ever, with a router, DHCP and a name server, but
 * what leaves it meets only what we have put there.  Nobody else on this machine can reach a
 * forwarded port.  Made by a user namespace, so it takes no root; it lasts as long as the
 * descriptors.
 */
struct island {
	int spaces[2]; /* of the user and of the network, in the order of entering */
};

#define ISLAND_SPACES 2

/* where user namespaces are forbidden, the error is EXIT_USAGE and says what to do */
int island_open(struct island *out, struct err *e);
void island_close(struct island *i);

/* as socket(2), of that network; i NULL: of this machine's.  -1: errno */
int island_socket(const struct island *i, int domain, int type);

#endif
