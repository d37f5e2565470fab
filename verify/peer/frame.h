/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_FRAME_H
#define VERIFY_PEER_FRAME_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * UDP in IPv4 or IPv6 in an Ethernet frame: all that the peer takes apart and puts together itself.
 * Addresses are bytes as they are on the wire, of IPv4 the first four; ports are numbers.
 */
#define FRAME_MAX 1514	       /* bytes, without the checksum that the card adds */
#define FRAME_PAYLOAD_MAX 1452 /* of UDP in it, whatever is in between */

struct datagram {
	unsigned char to_mac[6], from_mac[6];
	unsigned char to[16], from[16];
	bool ipv6;
	uint16_t to_port, from_port;
	const unsigned char *p; /* the payload; of one that was read: within the frame */
	size_t n;
	bool spoilt; /* written with a checksum that is wrong */
};

/*
 * Looks at n bytes that a guest sent.  False: it is something else, or not whole: another protocol,
 * a fragment, a head of IPv6 with others behind it, a length beyond the end, a wrong checksum.
 */
bool frame_read(const unsigned char *p, size_t n, struct datagram *out);
/* an answer to where d came from, from where it went to; without a payload */
struct datagram frame_back(const struct datagram *d);
/* d->n is at most FRAME_PAYLOAD_MAX; the number of bytes of the frame */
size_t frame_write(const struct datagram *d, unsigned char out[FRAME_MAX]);

/* how a protocol answers: at once, or when `after` has passed; d lives only during the call */
typedef void frame_reply(void *arg, const struct datagram *d, nstime after);

/* numbers in the byte order of the wire */
unsigned frame_get16(const unsigned char *p);
uint32_t frame_get32(const unsigned char *p);
void frame_put16(unsigned char *p, unsigned v);
void frame_put32(unsigned char *p, uint32_t v);

#endif
