/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dhcp.h"

#include "verify/peer/dhcp_spoil.h"

#include <string.h>

#define CLIENT 68
#define SERVER 67
#define LEASE 86400 /* seconds */

/* where things are in a message, RFC 2131, 2 */
#define XID 4
#define FLAGS 10
#define CIADDR 12
#define YIADDR 16
#define RELAY 24
#define CHADDR 28
#define COOKIE 236
#define OPTIONS 240
#define SHORTEST 300 /* of an answer: what BOOTP had */

/* options, RFC 2132 */
#define PAD 0
#define MASK 1
#define ROUTER 3
#define RESOLVER 6
#define REQUESTED 50
#define LEASE_TIME 51
#define TYPE 53
#define WANTED 55
#define SERVER_ID 54
#define END 255

static const unsigned char cookie[4] = { 0x63, 0x82, 0x53, 0x63 };
static const unsigned char everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const unsigned char nobody[4];

/* a client's message, taken apart; the pointers are into it, NULL: it has no such option */
struct query {
	const unsigned char *p;
	unsigned type;
	const unsigned char *requested, *server; /* addresses */
	const unsigned char *wanted;		 /* the codes of options, so many */
	size_t nwanted;
};

int
dhcp_option(struct dhcp_server *s, unsigned code, const unsigned char *p, size_t n, struct err *e)
{
	struct dhcp_option *at = NULL;
	size_t all = n;

	for (struct dhcp_option *o = s->options; o < s->options + DHCP_OPTIONS; o++) {
		if (o->code && o->code != code)
			all += o->n;
		else if (!at || o->code == code)
			at = o;
	}
	if (!at)
		return fail_usage(e, "more than %d options", DHCP_OPTIONS);
	if (n > sizeof at->p || all > DHCP_OPTION_ROOM)
		return fail_usage(e, "too long: an option has %zu bytes, and all together have %d",
		    sizeof at->p, DHCP_OPTION_ROOM);
	*at = (struct dhcp_option){ .code = n ? (unsigned char)code : 0, .n = (unsigned char)n };
	if (n)
		memcpy(at->p, p, n);
	return 0;
}

void
dhcp_init(struct dhcp_server *s, const unsigned char address[4], const unsigned char router[4],
    const unsigned char dns[4])
{
	static const unsigned char mask[4] = { 255, 255, 255, 0 };
	unsigned char lease[4];
	struct err e;

	*s = (struct dhcp_server){ .manner = DHCP_PASS };
	memcpy(s->address, address, 4);
	memcpy(s->server, router, 4);
	memcpy(s->rival, dns, 4);
	memcpy(s->other, address, 4);
	/* no address that one of the three has, and no end of the net */
	do
		s->other[3] = (unsigned char)(s->other[3] % 254 + 1);
	while (!memcmp(s->other, address, 4) || !memcmp(s->other, router, 4) ||
	       !memcmp(s->other, dns, 4));
	frame_put32(lease, LEASE);
	dhcp_option(s, MASK, mask, 4, &e);
	dhcp_option(s, ROUTER, router, 4, &e);
	dhcp_option(s, RESOLVER, dns, 4, &e);
	dhcp_option(s, LEASE_TIME, lease, 4, &e);
}

void
dhcp_move(struct dhcp_server *s)
{
	unsigned char before[4];

	memcpy(before, s->address, 4);
	memcpy(s->address, s->other, 4);
	memcpy(s->other, before, 4);
	if (s->manner == DHCP_PASS)
		s->manner = DHCP_OK;
}

bool
dhcp_names_resolver(const struct dhcp_server *s, const unsigned char address[4])
{
	for (const struct dhcp_option *o = s->options; o < s->options + DHCP_OPTIONS; o++)
		for (size_t i = 0; o->code == RESOLVER && i + 4 <= o->n; i += 4)
			if (!memcmp(o->p + i, address, 4))
				return true;
	return false;
}

/* p: its code, its length, so many bytes */
static void
note_option(struct query *q, const unsigned char *p)
{
	if (p[0] == TYPE && p[1] == 1) {
		q->type = p[2];
	} else if (p[0] == REQUESTED && p[1] == 4) {
		q->requested = p + 2;
	} else if (p[0] == SERVER_ID && p[1] == 4) {
		q->server = p + 2;
	} else if (p[0] == WANTED) {
		q->wanted = p + 2;
		q->nwanted = p[1];
	}
}

static bool
read_query(const struct datagram *d, struct query *q)
{
	const unsigned char *p, *end = d->p + d->n;

	*q = (struct query){ .p = d->p };
	if (d->to_port != SERVER || d->n < OPTIONS || d->p[0] != 1 || d->p[1] != 1 ||
	    d->p[2] != 6 || memcmp(d->p + COOKIE, cookie, 4))
		return false;
	p = d->p + OPTIONS;
	while (p < end && *p != END) {
		if (*p == PAD) {
			p++;
			continue;
		}
		if (end - p < 2 || end - p - 2 < p[1])
			return false;
		note_option(q, p);
		p += 2 + p[1];
	}
	return q->type >= DHCP_DISCOVER && q->type <= DHCP_INFORM;
}

unsigned
dhcp_type(const struct datagram *d)
{
	struct query q;

	return read_query(d, &q) ? q.type : 0;
}

/* a server gives what it is asked for; one that names nothing, gets all */
static bool
is_wanted(const struct query *q, unsigned code)
{
	return code == LEASE_TIME || !q->wanted || memchr(q->wanted, (int)code, q->nwanted);
}

static unsigned char *
put_option(unsigned char *p, unsigned code, const void *value, size_t n)
{
	*p++ = (unsigned char)code;
	*p++ = (unsigned char)n;
	memcpy(p, value, n);
	return p + n;
}

/* a message to q with an address, from the server with an address; how long it is */
static size_t
put_message(const struct dhcp_server *s, const struct query *q, unsigned type,
    const unsigned char address[4], const unsigned char server[4],
    unsigned char out[FRAME_PAYLOAD_MAX])
{
	unsigned char *p = out + OPTIONS, kind = (unsigned char)type;

	memset(out, 0, FRAME_PAYLOAD_MAX);
	out[0] = 2;
	out[1] = 1;
	out[2] = 6;
	memcpy(out + XID, q->p + XID, 4);
	memcpy(out + FLAGS, q->p + FLAGS, 2);
	memcpy(out + RELAY, q->p + RELAY, 4);
	memcpy(out + CHADDR, q->p + CHADDR, 16);
	memcpy(out + COOKIE, cookie, 4);
	p = put_option(p, TYPE, &kind, 1);
	p = put_option(p, SERVER_ID, server, 4);
	if (type != DHCP_REFUSE) {
		memcpy(out + YIADDR, address, 4);
		for (const struct dhcp_option *o = s->options; o < s->options + DHCP_OPTIONS; o++)
			if (o->code && is_wanted(q, o->code))
				p = put_option(p, o->code, o->p, o->n);
	}
	*p++ = END;
	return p - out < SHORTEST ? SHORTEST : (size_t)(p - out);
}

/* what a message is sent with: to the address that a client has, or to everybody */
struct envelope {
	const struct dhcp_server *s;
	const struct query *q;
	frame_reply *reply;
	void *arg;
};

static void
send_message(const struct envelope *v, unsigned type, const unsigned char address[4],
    const unsigned char server[4])
{
	unsigned char out[FRAME_PAYLOAD_MAX];
	struct datagram d = {
		.from_mac = { 0x52, 0x55 }, .to_port = CLIENT, .from_port = SERVER, .p = out
	};
	bool known = type != DHCP_REFUSE && memcmp(v->q->p + CIADDR, nobody, 4);

	d.n = put_message(v->s, v->q, type, address, server, out);
	memcpy(d.from_mac + 2, server, 4); /* as QEMU's network has it */
	memcpy(d.from, server, 4);
	memcpy(d.to, known ? v->q->p + CIADDR : everybody, 4);
	memcpy(d.to_mac, known ? v->q->p + CHADDR : everybody, 6);
	if (v->s->manner == DHCP_MALFORMED)
		dhcp_spoil(&d, out, v->reply, v->arg);
	else
		v->reply(v->arg, &d, v->s->late);
}

/* which of two servers a request is for, or the first */
static void
answer_request(const struct envelope *v)
{
	const struct dhcp_server *s = v->s;
	const unsigned char *mine = s->server, *gives = s->address;

	if (s->manner == DHCP_RIVAL && v->q->server && !memcmp(v->q->server, s->rival, 4)) {
		mine = s->rival;
		gives = s->other;
	}
	if (v->q->server && memcmp(v->q->server, mine, 4))
		return; /* it has taken another one's offer */
	/* a renewal names no address: it gets what there is now */
	if (s->manner == DHCP_NAK || (v->q->requested && memcmp(v->q->requested, gives, 4)))
		send_message(v, DHCP_REFUSE, nobody, mine);
	else
		send_message(v, DHCP_ACKNOWLEDGE, gives, mine);
}

void
dhcp_answer(const struct dhcp_server *s, const struct datagram *d, frame_reply *reply, void *arg)
{
	struct query q;
	const struct envelope v = { .s = s, .q = &q, .reply = reply, .arg = arg };

	if (!read_query(d, &q) || s->manner == DHCP_SILENT || s->manner == DHCP_PASS)
		return;
	if (q.type == DHCP_DISCOVER) {
		send_message(&v, DHCP_OFFER, s->address, s->server);
		if (s->manner == DHCP_RIVAL)
			send_message(&v, DHCP_OFFER, s->other, s->rival);
	} else if (q.type == DHCP_REQUEST) {
		answer_request(&v);
	}
}
