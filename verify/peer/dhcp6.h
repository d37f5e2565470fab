/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_DHCP6_H
#define VERIFY_PEER_DHCP6_H

#include "build/base/err.h"
#include "verify/peer/frame.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A DHCP server of IPv6 (RFC 8415) that gives no addresses, but says who is asked for names.  QEMU
 * has one, too, whose answers lack the server's identifier: no client may take them, and only some
 * do.  `net dhcp6 WHAT [VALUE]` of a scenario is a row of a table in dhcp6.c.
 */
enum { DHCP6_DNS, DHCP6_SEARCH, DHCP6_OPTIONS };

struct dhcp6_server {
	enum {
		DHCP6_PASS, /* QEMU's answers */
		DHCP6_OK,
		DHCP6_SILENT
	} manner;
	struct dhcp6_given {
		bool told; /* else the resolver, and no domain */
		unsigned char bytes[255];
		size_t n;
	} given[DHCP6_OPTIONS];
};

/* where QEMU has a name server over IPv6: fec0::3 */
extern const unsigned char dhcp6_resolver[16];

/* value: NULL, there is none */
int dhcp6_tell(struct dhcp6_server *s, const char *what, const char *value, struct err *e);
/* is it a whole request for information? */
bool dhcp6_asks(const struct datagram *d);
void dhcp6_answer(
    const struct dhcp6_server *s, const struct datagram *d, frame_reply *reply, void *arg);

#endif
