/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_NEIGHBOUR_H
#define VERIFY_PEER_NEIGHBOUR_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Another machine in the guest's network.  It answers whoever asks by ARP (RFC 826) for its
 * address, who only wants to know whether it is free (RFC 5227) too, and does nothing else.
 */
struct neighbour {
	bool there;
	unsigned char address[4];
};

#define NEIGHBOUR_FRAME 60 /* bytes of an answer */

/* `net neighbour ADDRESS` of a scenario; "none": there is none */
int neighbour_tell(struct neighbour *s, const char *address, struct err *e);
/* does a frame of n bytes ask for it?  Then out is what it answers */
bool neighbour_answer(const struct neighbour *s, const unsigned char *p, size_t n,
    unsigned char out[NEIGHBOUR_FRAME]);

#endif
