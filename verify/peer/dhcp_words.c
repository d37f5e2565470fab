/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `net dhcp WHAT [VALUE]`: how the server behaves, and what it gives */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/peer/dhcp.h"
#include "verify/peer/words.h"

#include <string.h>

#define LEAST_LEASE 1
#define LONGEST_LEASE 0xfffffffeu /* one more is for ever */

static const struct manner {
	const char *word;
	enum dhcp_manner manner;
	bool takes_time; /* VALUE: how late its answers are */
} manners[] = {
	{ "pass", DHCP_PASS, false },
	{ "ok", DHCP_OK, false },
	{ "late", DHCP_OK, true },
	{ "silent", DHCP_SILENT, false },
	{ "nak", DHCP_NAK, false },
	{ "two-servers", DHCP_RIVAL, false },
	{ "malformed", DHCP_MALFORMED, false },
};

/* an option's value; text may be cut at its blanks; the number of bytes, or -1 */
typedef int option_put(char *text, unsigned char out[255], struct err *e);

static int
put_seconds(char *text, unsigned char out[255], struct err *e)
{
	nstime t;

	if (words_time(text, &t, e) < 0)
		return -1;
	if (t % NS_PER_S || t / NS_PER_S < LEAST_LEASE || t / NS_PER_S > LONGEST_LEASE)
		return fail_usage(e, "%s: whole seconds, 1s or more", text);
	frame_put32(out, (uint32_t)(t / NS_PER_S));
	return 4;
}

static int
put_mask(char *text, unsigned char out[255], struct err *e)
{
	uint32_t length;

	if (words_number(text, 0, 32, "a number of bits", &length, e) < 0)
		return -1;
	frame_put32(out, length ? 0xffffffffu << (32 - length) : 0);
	return 4;
}

static int
put_mtu(char *text, unsigned char out[255], struct err *e)
{
	uint32_t mtu;

	if (words_number(text, 0, 65535, "an MTU", &mtu, e) < 0)
		return -1;
	frame_put16(out, mtu);
	return 2;
}

static int
put_text(char *text, unsigned char out[255], struct err *e)
{
	size_t n = strlen(text);

	if (n > 255)
		return fail_usage(e, "a text of %zu bytes: an option has room for 255", n);
	memcpy(out, text, n);
	return (int)n;
}

static int
put_addresses(char *text, unsigned char out[255], struct err *e)
{
	char *word;
	int n = 0;

	while ((word = words_next(&text))) {
		if (n + 4 > 255)
			return fail_usage(e, "more than 63 addresses");
		if (words_address(word, out + n, e) < 0)
			return -1;
		n += 4;
	}
	return n;
}

/* one route of RFC 3442: its length, so many bytes of its net as that has, the router */
static int
put_route(char *net, const char *router, unsigned char out[9], struct err *e)
{
	char *slash = strchr(net, '/');
	unsigned char address[4];
	uint32_t length;
	size_t n;

	if (!slash || !router)
		return fail_usage(e, "%s: a route is NET/BITS and its router", net);
	*slash = '\0';
	if (words_address(net, address, e) < 0 ||
	    words_number(slash + 1, 0, 32, "a number of bits", &length, e) < 0)
		return -1;
	n = (length + 7) / 8;
	out[0] = (unsigned char)length;
	memcpy(out + 1, address, n);
	return words_address(router, out + 1 + n, e) < 0 ? -1 : (int)(1 + n + 4);
}

static int
put_routes(char *text, unsigned char out[255], struct err *e)
{
	unsigned char route[9];
	int n = 0, length;
	char *net;

	while ((net = words_next(&text))) {
		length = put_route(net, words_next(&text), route, e);
		if (length < 0)
			return -1;
		if (n + length > 255)
			return fail_usage(e, "too many routes: an option has room for 255 bytes");
		memcpy(out + n, route, (size_t)length);
		n += length;
	}
	return n;
}

static const struct option {
	const char *word;
	unsigned code;
	option_put *put;
} options[] = {
	{ "mask", 1, put_mask },
	{ "router", 3, put_addresses },
	{ "dns", 6, put_addresses },
	{ "domain", 15, put_text },
	{ "mtu", 26, put_mtu },
	{ "ntp", 42, put_addresses },
	{ "lease", 51, put_seconds },
	{ "search", 119, words_names },
	{ "routes", 121, put_routes },
};

static const struct manner *
manner_of(const char *word)
{
	for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
		if (!strcmp(manners[i].word, word))
			return &manners[i];
	return NULL;
}

static const struct option *
option_of(const char *word)
{
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (!strcmp(options[i].word, word))
			return &options[i];
	return NULL;
}

static int
tell_option(struct dhcp_server *s, const struct option *o, const char *value, struct err *e)
{
	struct arena *a = arena_new();
	unsigned char bytes[255];
	int n = 0, result = 0;

	if (strcmp(value, "none") != 0) {
		n = o->put(arena_strdup(a, value), bytes, e);
		if (n == 0)
			result = fail_usage(e, "needs a value, or none");
	}
	if (n < 0 || result < 0 || dhcp_option(s, o->code, bytes, (size_t)n, e) < 0)
		result = wrap(e, "net dhcp %s", o->word);
	arena_free(a);
	return result;
}

static int
unknown(const char *what, struct err *e)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
		buf_addf(&all, " %s", manners[i].word);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		buf_addf(&all, " %s", options[i].word);
	fail_usage(e, "net dhcp %s: unknown; one of%s", what, all.p);
	buf_free(&all);
	return -1;
}

static int
check_value(const char *what, bool takes, bool has, struct err *e)
{
	if (takes == has)
		return 0;
	return fail_usage(
	    e, "net dhcp %s: %s", what, takes ? "needs a value behind it" : "takes no value");
}

int
dhcp_check(const char *what, bool has_value, struct err *e)
{
	const struct manner *m = manner_of(what);

	if (!m && !option_of(what))
		return unknown(what, e);
	return check_value(what, !m || m->takes_time, has_value, e);
}

static int
tell_manner(struct dhcp_server *s, const struct manner *m, const char *value, struct err *e)
{
	nstime late = 0;

	if (check_value(m->word, m->takes_time, value != NULL, e) < 0)
		return -1;
	if (value && words_time(value, &late, e) < 0)
		return wrap(e, "net dhcp %s", m->word);
	s->manner = m->manner;
	s->late = late;
	return 0;
}

int
dhcp_tell(struct dhcp_server *s, const char *what, const char *value, struct err *e)
{
	const struct manner *m = manner_of(what);
	const struct option *o = option_of(what);

	if (m)
		return tell_manner(s, m, value, e);
	if (!o)
		return unknown(what, e);
	if (check_value(what, true, value != NULL, e) < 0 || tell_option(s, o, value, e) < 0)
		return -1;
	if (s->manner == DHCP_PASS)
		s->manner = DHCP_OK;
	return 0;
}
