/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_PEER_H
#define VERIFY_PEER_PEER_H

#include "build/base/err.h"
#include "verify/peer/dhcp.h"
#include "verify/peer/dhcp6.h"
#include "verify/peer/dns.h"
#include "verify/peer/neighbour.h"
#include "verify/peer/timeserver.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;

/*
 * Who sits on the wire between a guest and QEMU's user network (slirp), and is what the scenario
 * says: a DHCP server of either family, a name server, servers of time, another machine.  All else
 * passes, both ways: other ARP, ICMP, TCP and routers of IPv6 are slirp's.  At first everything
 * passes.  Each frame is kept in a file (pcap.h): what passes once, where it came in.
 *
 * What a guest sends is looked at within its bounds, and nothing of it is remembered but, for
 * peer_heard(), that it came.  At most 64 late answers wait; others are dropped.
 */
struct peer;

/* what a guest asks, for peer_heard() */
enum peer_word {
	PEER_DISCOVER,
	PEER_REQUEST,
	PEER_DECLINE,
	PEER_RELEASE,
	PEER_INFORM,
	PEER_INFORM6,
	PEER_DNS,
	PEER_NTP,
	PEER_NWORDS
};

struct peer_opts {
	const char *pcap;			     /* path */
	unsigned char address[4], router[4], dns[4]; /* of the guest's network */
};

/* told when the guest has asked something: from the loop */
typedef void peer_told(void *arg);

int peer_new(struct loop *l, const struct peer_opts *o, peer_told *told, void *arg,
    struct peer **out, struct err *e);
/*
 * Between a guest that is about to start and its network: ends are what QEMU inherits, as
 * qemu_opts.net has them; whoever started QEMU closes them.  What was there before, of a guest
 * that has ended, is forgotten.
 */
int peer_plug(struct peer *p, int ends[], struct err *e);
void peer_free(struct peer *p); /* NULL is fine */

/* how it behaves: may be changed at any time, by dhcp_tell() and the like */
struct dhcp_server *peer_dhcp(struct peer *p);
struct dhcp6_server *peer_dhcp6(struct peer *p);
struct dns_server *peer_dns(struct peer *p);
struct neighbour *peer_neighbour(struct peer *p);
struct timeserver *peer_timeserver(struct peer *p);

/* has the guest asked this since the last peer_attend()?  Says so once for each time */
bool peer_heard(struct peer *p, enum peer_word w);
/* forgets what it has asked so far */
void peer_attend(struct peer *p);

#endif
