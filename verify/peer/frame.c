/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/frame.h"

#include <string.h>

#define ETHER 14 /* bytes of its head: to, from, type */
#define IPV4 20	 /* of its head, without options */
#define IPV6 40
#define UDP 8
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
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

/* with the addresses, protocol and length that are part of it, RFC 768 and 8200: both, bytes each
 */
static unsigned
udp_checksum(const unsigned char *from_to, size_t both, const unsigned char *udp, size_t n)
{
	return fold(sum(sum(PROTOCOL_UDP + (uint32_t)n, from_to, both), udp, n));
}

/* udp: room bytes, of a packet with these addresses, each of as many bytes */
static bool
read_udp(const unsigned char *udp, size_t room, const unsigned char *from_to, size_t address,
    struct datagram *out)
{
	size_t length;

	if (room < UDP)
		return false;
	length = frame_get16(udp + 4);
	if (length < UDP || length > room)
		return false;
	if (frame_get16(udp + 6) ? udp_checksum(from_to, 2 * address, udp, length) : out->ipv6)
		return false; /* over IPv6, there has to be one */
	out->from_port = (uint16_t)frame_get16(udp);
	out->to_port = (uint16_t)frame_get16(udp + 2);
	out->p = udp + UDP;
	out->n = length - UDP;
	memcpy(out->from, from_to, address);
	memcpy(out->to, from_to + address, address);
	return true;
}

static bool
read_ipv4(const unsigned char *ip, size_t n, struct datagram *out)
{
	size_t head, total;

	if (n < IPV4)
		return false;
	head = (size_t)(ip[0] & 15) * 4;
	total = frame_get16(ip + 2);
	if (ip[0] >> 4 != 4 || head < IPV4 || total < head || total > n)
		return false;
	/* neither more fragments nor the end of one */
	if (ip[9] != PROTOCOL_UDP || frame_get16(ip + 6) & 0x3fff || fold(sum(0, ip, head)))
		return false;
	return read_udp(ip + head, total - head, ip + 12, 4, out);
}

static bool
read_ipv6(const unsigned char *ip, size_t n, struct datagram *out)
{
	size_t length;

	if (n < IPV6)
		return false;
	length = frame_get16(ip + 4);
	if (ip[0] >> 4 != 6 || length > n - IPV6 || ip[6] != PROTOCOL_UDP)
		return false;
	out->ipv6 = true;
	return read_udp(ip + IPV6, length, ip + 8, 16, out);
}

bool
frame_read(const unsigned char *p, size_t n, struct datagram *out)
{
	unsigned type;

	*out = (struct datagram){ .ipv6 = false };
	if (n < ETHER)
		return false;
	memcpy(out->to_mac, p, 6);
	memcpy(out->from_mac, p + 6, 6);
	type = frame_get16(p + 12);
	return (type == TYPE_IPV4 && read_ipv4(p + ETHER, n - ETHER, out)) ||
	       (type == TYPE_IPV6 && read_ipv6(p + ETHER, n - ETHER, out));
}

struct datagram
frame_back(const struct datagram *d)
{
	struct datagram r = { .to_port = d->from_port, .from_port = d->to_port, .ipv6 = d->ipv6 };

	memcpy(r.to_mac, d->from_mac, sizeof r.to_mac);
	memcpy(r.from_mac, d->to_mac, sizeof r.from_mac);
	memcpy(r.to, d->from, sizeof r.to);
	memcpy(r.from, d->to, sizeof r.from);
	return r;
}

/* the head before n bytes; its length */
static size_t
write_ipv4(const struct datagram *d, size_t n, unsigned char *ip)
{
	ip[0] = 4 << 4 | IPV4 / 4;
	frame_put16(ip + 2, (unsigned)(IPV4 + n));
	ip[8] = TTL;
	ip[9] = PROTOCOL_UDP;
	memcpy(ip + 12, d->from, 4);
	memcpy(ip + 16, d->to, 4);
	frame_put16(ip + 10, fold(sum(0, ip, IPV4)));
	return IPV4;
}

static size_t
write_ipv6(const struct datagram *d, size_t n, unsigned char *ip)
{
	ip[0] = 6 << 4;
	frame_put16(ip + 4, (unsigned)n);
	ip[6] = PROTOCOL_UDP;
	ip[7] = TTL;
	memcpy(ip + 8, d->from, 16);
	memcpy(ip + 24, d->to, 16);
	return IPV6;
}

size_t
frame_write(const struct datagram *d, unsigned char out[FRAME_MAX])
{
	unsigned char *ip = out + ETHER, *udp;
	size_t n = UDP + d->n;
	unsigned checksum;

	memset(out, 0, ETHER + IPV6 + UDP);
	memcpy(out, d->to_mac, 6);
	memcpy(out + 6, d->from_mac, 6);
	frame_put16(out + 12, d->ipv6 ? TYPE_IPV6 : TYPE_IPV4);
	udp = ip + (d->ipv6 ? write_ipv6(d, n, ip) : write_ipv4(d, n, ip));
	frame_put16(udp, d->from_port);
	frame_put16(udp + 2, d->to_port);
	frame_put16(udp + 4, (unsigned)n);
	if (d->n)
		memcpy(udp + UDP, d->p, d->n);
	checksum = udp_checksum(d->ipv6 ? ip + 8 : ip + 12, d->ipv6 ? 32 : 8, udp, n);
	/* zero would say that there is none */
	frame_put16(udp + 6, (checksum ? checksum : 0xffff) ^ (d->spoilt ? 0x5a5a : 0));
	return (size_t)(udp - out) + n;
}
