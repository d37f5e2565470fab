/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dhcp_spoil.h"

#include <string.h>

#define XID 4
#define CHADDR 28
#define COOKIE 236
#define OPTIONS 240
#define TYPE 53
#define SHORT 3 /* as put_message() has it: the type comes first, with so many bytes */
#define END 255

/* changes n bytes, or how many are sent; the answer is n */
typedef size_t spoil(struct datagram *d, unsigned char *p, size_t n);

static size_t
other_transaction(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	p[XID + 3] ^= 1;
	return n;
}

static size_t
other_card(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	p[CHADDR + 5] ^= 1;
	return n;
}

static size_t
other_cookie(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	p[COOKIE] ^= 1;
	return n;
}

static size_t
no_type(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	memset(p + OPTIONS, 0, SHORT); /* padding */
	return n;
}

static size_t
unknown_type(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	p[OPTIONS + 2] = 200;
	return n;
}

/* nothing but an option that says to be longer than what there is */
static size_t
overrun(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	memset(p + OPTIONS, 0, n - OPTIONS);
	p[n - 3] = TYPE;
	p[n - 2] = 255;
	return n;
}

/* the type is on the wire, and the length of all says that it is not */
static size_t
cut(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	(void)p;
	(void)n;
	return OPTIONS;
}

static size_t
cut_in_head(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	(void)p;
	(void)n;
	return CHADDR;
}

static size_t
empty(struct datagram *d, unsigned char *p, size_t n)
{
	(void)d;
	(void)p;
	(void)n;
	return 0;
}

static size_t
wrong_checksum(struct datagram *d, unsigned char *p, size_t n)
{
	(void)p;
	d->spoilt = true;
	return n;
}

static size_t
wrong_port(struct datagram *d, unsigned char *p, size_t n)
{
	(void)p;
	d->to_port++;
	return n;
}

/* bytes behind the cookie as they come, drawn from the transaction, so that a run can be repeated
 */
static size_t
noise(struct datagram *d, unsigned char *p, size_t n)
{
	uint32_t x = frame_get32(p + XID) | 1;

	(void)d;
	for (size_t i = OPTIONS; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (unsigned char)x;
	}
	p[OPTIONS] = END; /* whatever comes, it has no type */
	return n;
}

static spoil *const spoils[] = { other_transaction, other_card, other_cookie, no_type, unknown_type,
	overrun, cut, cut_in_head, empty, wrong_checksum, wrong_port, noise };

#define NSPOILS (sizeof spoils / sizeof *spoils)

unsigned
dhcp_spoils(void)
{
	return NSPOILS;
}

void
dhcp_spoil(
    const struct datagram *d, unsigned char out[FRAME_PAYLOAD_MAX], frame_reply *reply, void *arg)
{
	unsigned char good[FRAME_PAYLOAD_MAX];

	memcpy(good, out, d->n);
	for (size_t i = 0; i < NSPOILS; i++) {
		struct datagram bad = *d;

		memcpy(out, good, d->n);
		bad.n = spoils[i](&bad, out, d->n);
		reply(arg, &bad, 0);
	}
}
