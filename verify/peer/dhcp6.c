/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dhcp6.h"

#include <string.h>

/* RFC 8415: ports (7.2), messages (7.3), options (21), and DUID-LL (11.4), whose address is a MAC
 */
#define SERVER 547
#define REPLY 7
#define INFORMATION_REQUEST 11
#define CLIENT_ID 1
#define SERVER_ID 2
#define NAME_SERVERS 23 /* RFC 3646 */
#define DUID_LL 3
#define ETHERNET 1

#define HEAD 4		  /* type and transaction */
#define OPTION 4	  /* code and length of its value */
#define CLIENT_ID_MAX 130 /* bytes of a DUID, with its type */
#define DUID 10

/* of QEMU's router */
static const unsigned char router_mac[6] = { 0x52, 0x56, 0, 0, 0, 2 },
			   router[16] = { 0xfe, 0x80, [15] = 2 };
const unsigned char dhcp6_resolver[16] = { 0xfe, 0xc0, [15] = 3 };

static const struct {
	const char *word;
	int manner;
} manners[] = {
	{ "pass", DHCP6_PASS },
	{ "ok", DHCP6_OK },
	{ "silent", DHCP6_SILENT },
};

int
dhcp6_tell(struct dhcp6_server *s, const char *what, struct err *e)
{
	for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
		if (!strcmp(manners[i].word, what)) {
			s->manner = manners[i].manner;
			return 0;
		}
	return fail_usage(e, "net dhcp6 %s: unknown; one of pass ok silent", what);
}

/* the client's identifier, or NULL: the message is no such request, or not whole */
static const unsigned char *
client_id(const struct datagram *d, size_t *n)
{
	const unsigned char *found = NULL;
	size_t length;

	if (!d->ipv6 || d->to_port != SERVER || d->n < HEAD || d->p[0] != INFORMATION_REQUEST)
		return NULL;
	for (size_t at = HEAD; at < d->n; at += OPTION + length) {
		if (d->n - at < OPTION)
			return NULL;
		length = frame_get16(d->p + at + 2);
		if (length > d->n - at - OPTION)
			return NULL;
		if (frame_get16(d->p + at) != CLIENT_ID)
			continue;
		found = d->p + at + OPTION;
		*n = length;
	}
	return found && *n <= CLIENT_ID_MAX ? found : NULL;
}

bool
dhcp6_asks(const struct datagram *d)
{
	size_t n;

	return client_id(d, &n) != NULL;
}

/* how many bytes */
static size_t
put_option(unsigned char *p, unsigned code, const unsigned char *value, size_t n)
{
	frame_put16(p, code);
	frame_put16(p + 2, (unsigned)n);
	memcpy(p + OPTION, value, n);
	return OPTION + n;
}

void
dhcp6_answer(const struct dhcp6_server *s, const struct datagram *d, frame_reply *reply, void *arg)
{
	unsigned char out[HEAD + 3 * OPTION + CLIENT_ID_MAX + DUID + sizeof dhcp6_resolver],
	    own[DUID] = { 0, DUID_LL, 0, ETHERNET };
	struct datagram r = {
		.ipv6 = true, .to_port = d->from_port, .from_port = SERVER, .p = out
	};
	size_t n;
	const unsigned char *client = client_id(d, &n);

	if (!client || s->manner != DHCP6_OK)
		return;
	memcpy(own + 4, router_mac, sizeof router_mac);
	memcpy(out, d->p, HEAD);
	out[0] = REPLY;
	r.n = HEAD;
	r.n += put_option(out + r.n, CLIENT_ID, client, n);
	r.n += put_option(out + r.n, SERVER_ID, own, sizeof own);
	r.n += put_option(out + r.n, NAME_SERVERS, dhcp6_resolver, sizeof dhcp6_resolver);
	memcpy(r.to_mac, d->from_mac, 6);
	memcpy(r.from_mac, router_mac, 6);
	memcpy(r.to, d->from, sizeof r.to);
	memcpy(r.from, router, sizeof r.from);
	reply(arg, &r, 0);
}
