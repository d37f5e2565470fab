/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/lan.h"

#include <stdio.h>
#include <sys/random.h>

#define FIRST 2 /* of the host numbers */
#define NHOSTS 220

static void
name(char out[INET_ADDRSTRLEN], const unsigned char net[3], unsigned host)
{
	snprintf(out, INET_ADDRSTRLEN, "%u.%u.%u.%u", net[0], net[1], net[2], host);
}

/* one of the blocks of RFC 1918; 10.0.2.0/24, which QEMU has by itself, is in none of them */
static void
net_of(const unsigned char random[3], unsigned char net[3])
{
	net[2] = random[2];
	switch (random[0] % 3) {
	case 0:
		net[0] = 10;
		net[1] = (unsigned char)(16 + random[1] % 240);
		break;
	case 1:
		net[0] = 172;
		net[1] = (unsigned char)(16 + random[1] % 16);
		break;
	default:
		net[0] = 192;
		net[1] = 168;
	}
}

void
lan_of(const unsigned char random[5], struct lan *out)
{
	unsigned char net[3];
	/* three that differ: from one to the next it is 1 to 50 and 1 to 100, together under NHOSTS
	 */
	unsigned router = random[3] % NHOSTS, dns = (router + 1 + random[4] % 50) % NHOSTS,
		 address = (dns + 1 + random[4] % 100) % NHOSTS;

	net_of(random, net);
	name(out->net, net, 0);
	name(out->router, net, FIRST + router);
	name(out->dns, net, FIRST + dns);
	name(out->address, net, FIRST + address);
}

void
lan_draw(struct lan *out)
{
	unsigned char random[5];

	while (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		; /* only a signal can come between */
	lan_of(random, out);
}
