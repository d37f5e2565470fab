/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dhcp6.h"

#include "build/base/arena.h"
#include "verify/peer/words.h"

#include <arpa/inet.h>
#include <string.h>

/* RFC 8415: ports (7.2), messages (7.3), options (21), and DUID-LL (11.4), whose address is a MAC
 */
#define SERVER 547
#define REPLY 7
#define INFORMATION_REQUEST 11
#define CLIENT_ID 1
#define SERVER_ID 2
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

static int
put_addresses(char *text, unsigned char out[255], struct err *e)
{
	char *word;
	int n = 0;

	while ((word = words_next(&text))) {
		if (n + 16 > 255)
			return fail_usage(e, "more than 15 addresses");
		if (inet_pton(AF_INET6, word, out + n) != 1)
			return fail_usage(e, "%s: not an IPv6 address, such as fec0::3", word);
		n += 16;
	}
	return n;
}

/* RFC 3646 */
static const struct option {
	const char *word;
	unsigned code;
	int (*put)(char *text, unsigned char out[255], struct err *e);
} options[DHCP6_OPTIONS] = {
	[DHCP6_DNS] = { "dns", 23, put_addresses },
	[DHCP6_SEARCH] = { "search", 24, words_names },
};

static int
tell_option(struct dhcp6_given *g, const struct option *o, const char *value, struct err *e)
{
	struct arena *a = arena_new();
	int n = 0;

	if (strcmp(value, "none") != 0) {
		n = o->put(arena_strdup(a, value), g->bytes, e);
		if (n == 0)
			n = fail_usage(e, "needs a value, or none");
	}
	arena_free(a);
	if (n < 0)
		return wrap(e, "net dhcp6 %s", o->word);
	g->told = true;
	g->n = (size_t)n;
	return 0;
}

int
dhcp6_tell(struct dhcp6_server *s, const char *what, const char *value, struct err *e)
{
	for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
		if (!strcmp(manners[i].word, what)) {
			if (value)
				return fail_usage(e, "net dhcp6 %s: takes no value", what);
			s->manner = manners[i].manner;
			return 0;
		}
	for (size_t i = 0; i < DHCP6_OPTIONS; i++)
		if (!strcmp(options[i].word, what)) {
			if (!value)
				return fail_usage(e, "net dhcp6 %s: needs a value behind it", what);
			return tell_option(&s->given[i], &options[i], value, e);
		}
	return fail_usage(e, "net dhcp6 %s: unknown; one of pass ok silent dns search", what);
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
	unsigned char
	    out[HEAD + (2 + DHCP6_OPTIONS) * OPTION + CLIENT_ID_MAX + DUID + DHCP6_OPTIONS * 255],
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
	for (size_t i = 0; i < DHCP6_OPTIONS; i++) {
		const struct dhcp6_given *g = &s->given[i];

		if (g->n)
			r.n += put_option(out + r.n, options[i].code, g->bytes, g->n);
		else if (i == DHCP6_DNS && !g->told)
			r.n += put_option(
			    out + r.n, options[i].code, dhcp6_resolver, sizeof dhcp6_resolver);
	}
	memcpy(r.to_mac, d->from_mac, 6);
	memcpy(r.from_mac, router_mac, 6);
	memcpy(r.to, d->from, sizeof r.to);
	memcpy(r.from, router, sizeof r.from);
	reply(arg, &r, 0);
}
