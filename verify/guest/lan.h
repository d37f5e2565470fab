/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_LAN_H
#define VERIFY_GUEST_LAN_H

#include <netinet/in.h>

/*
 * The network that a guest's DHCP client is given, as text: drawn at random among the private /24
 * ones, so that no fixed configuration can look like a lease.
 */
struct lan {
	char net[INET_ADDRSTRLEN]; /* ends with .0 */
	char router[INET_ADDRSTRLEN], dns[INET_ADDRSTRLEN], address[INET_ADDRSTRLEN];
};

void lan_draw(struct lan *out);
/* the same for given random bytes: 5 of them */
void lan_of(const unsigned char random[5], struct lan *out);

#endif
