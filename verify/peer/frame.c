/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/frame.h"

#include <string.h>

#define ETHER 14 /* bytes of its head: to, from, type */
#define IP 20	 /* of its head, without options */
#define UDP 8
#define TYPE_IPV4 0x0800
#define PROTOCOL_UDP 17
#define TTL 64

unsigned
frame_get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

uint32_t
frame_get32(const unsigned char *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

void
frame_put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

void
frame_put32(unsigned char *p, uint32_t v)
{
	frame_put16(p, v >> 16);
	frame_put16(p + 2, v & 0xffff);
}

/* of the Internet checksum, RFC 1071: the sum goes on from what came before */
static uint32_t
sum(uint32_t before, const unsigned char *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		before += frame_get16(p);
	return n ? before + ((uint32_t)*p << 8) : before;
}

static unsigned
fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s & 0xffff;
}

/* with the addresses, protocol and length that are part of it, RFC 768 */
static unsigned
udp_checksum(const unsigned char from_to[8], const unsigned char *udp, size_t n)
{
	return fold(sum(sum(PROTOCOL_UDP + (uint32_t)n, from_to, 8), udp, n));
}

bool
frame_read(const unsigned char *p, size_t n, struct datagram *out)
{
	const unsigned char *ip, *udp;
	size_t head, total, length;

	if (n < ETHER + IP + UDP || frame_get16(p + 12) != TYPE_IPV4)
		return false;
	ip = p + ETHER;
	head = (size_t)(ip[0] & 15) * 4;
	total = frame_get16(ip + 2);
	if (ip[0] >> 4 != 4 || head < IP || total < head + UDP || total > n - ETHER)
		return false;
	/* neither more fragments nor the end of one */
	if (ip[9] != PROTOCOL_UDP || frame_get16(ip + 6) & 0x3fff || fold(sum(0, ip, head)))
		return false;
	udp = ip + head;
	length = frame_get16(udp + 4);
	if (length < UDP || length > total - head)
		return false;
	if (frame_get16(udp + 6) && udp_checksum(ip + 12, udp, length))
		return false;
	*out = (struct datagram){ .from_port = (uint16_t)frame_get16(udp),
		.to_port = (uint16_t)frame_get16(udp + 2),
		.p = udp + UDP,
		.n = length - UDP };
	memcpy(out->to_mac, p, 6);
	memcpy(out->from_mac, p + 6, 6);
	memcpy(out->from, ip + 12, 4);
	memcpy(out->to, ip + 16, 4);
	return true;
}

size_t
frame_write(const struct datagram *d, unsigned char out[FRAME_MAX])
{
	unsigned char *ip = out + ETHER, *udp = ip + IP;
	unsigned checksum;

	memset(out, 0, ETHER + IP + UDP);
	memcpy(out, d->to_mac, 6);
	memcpy(out + 6, d->from_mac, 6);
	frame_put16(out + 12, TYPE_IPV4);
	ip[0] = 4 << 4 | IP / 4;
	frame_put16(ip + 2, (unsigned)(IP + UDP + d->n));
	ip[8] = TTL;
	ip[9] = PROTOCOL_UDP;
	memcpy(ip + 12, d->from, 4);
	memcpy(ip + 16, d->to, 4);
	frame_put16(ip + 10, fold(sum(0, ip, IP)));
	frame_put16(udp, d->from_port);
	frame_put16(udp + 2, d->to_port);
	frame_put16(udp + 4, (unsigned)(UDP + d->n));
	if (d->n)
		memcpy(udp + UDP, d->p, d->n);
	checksum = udp_checksum(ip + 12, udp, UDP + d->n);
	/* zero would say that there is none */
	frame_put16(udp + 6, (checksum ? checksum : 0xffff) ^ (d->spoilt ? 0x5a5a : 0));
	return ETHER + IP + UDP + d->n;
}
