/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dhcp.h"

#include "build/base/arena.h"
#include "verify/peer/dhcp_spoil.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS                                                                                    \
	{                                                                                          \
		10, 7, 0, 9                                                                        \
	}
#define OTHER                                                                                      \
	{                                                                                          \
		10, 7, 0, 10                                                                       \
	}
#define ROUTER                                                                                     \
	{                                                                                          \
		10, 7, 0, 1                                                                        \
	}
#define DNS                                                                                        \
	{                                                                                          \
		10, 7, 0, 3                                                                        \
	}

static const unsigned char address[4] = ADDRESS, router[4] = ROUTER, dns[4] = DNS,
			   card[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

/* a client's message; zeros: it does not say so */
struct saying {
	unsigned type;
	unsigned char has[4], requested[4], server[4];
};

/* wanted: codes of options, or NULL */
static void
make_asking(const struct saying *y, const char *wanted, unsigned char *p, struct datagram *d)
{
	size_t n = 240;

	memset(p, 0, 300);
	memcpy(p, "\1\1\6\0\x11\x22\x33\x44\0\0\x80", 11);
	memcpy(p + 12, y->has, 4);
	memcpy(p + 28, card, 6);
	memcpy(p + 236, "\x63\x82\x53\x63\x35\1", 6);
	p[242] = (unsigned char)y->type;
	n = 243;
	if (y->requested[0]) {
		memcpy(p + n, "\x32\4", 2);
		memcpy(p + n + 2, y->requested, 4);
		n += 6;
	}
	if (y->server[0]) {
		memcpy(p + n, "\x36\4", 2);
		memcpy(p + n + 2, y->server, 4);
		n += 6;
	}
	if (wanted) {
		p[n++] = 55;
		p[n++] = (unsigned char)strlen(wanted);
		memcpy(p + n, wanted, strlen(wanted));
		n += strlen(wanted);
	}
	p[n] = 255;
	*d = (struct datagram){ .to_port = 67, .from_port = 68, .p = p, .n = 300 };
}

static void
make(const struct saying *y, unsigned char *p, struct datagram *d)
{
	make_asking(y, NULL, p, d);
}

/* what was answered: "offer 10.7.0.9 by 10.7.0.1 to all" each, late ones with how late */
struct said {
	struct arena *a;
	const char *text;
	unsigned n;
	struct datagram last;
	unsigned char bytes[FRAME_PAYLOAD_MAX];
};

static void
on_reply(void *arg, const struct datagram *d, nstime after)
{
	static const char *const types[256] = {
		[DHCP_OFFER] = "offer", [DHCP_ACKNOWLEDGE] = "ack", [DHCP_REFUSE] = "nak"
	};
	struct said *s = arg;
	const unsigned char *p = d->p;

	s->n++;
	s->last = *d;
	memcpy(s->bytes, d->p, d->n);
	s->last.p = s->bytes;
	if (d->n < 250 || !types[p[242]])
		return;
	s->text = arena_printf(s->a, "%s%s%s %u.%u by %u.%u to %s", s->text, *s->text ? ", " : "",
	    types[p[242]], p[18], p[19], d->from[2], d->from[3],
	    d->to[0] == 255 && d->to_mac[0] == 255	    ? "all"
	    : !memcmp(d->to_mac, card, 6) && d->to[0] == 10 ? "it"
							    : "?");
	if (after)
		s->text =
		    arena_printf(s->a, "%s after %u ms", s->text, (unsigned)(after / NS_PER_MS));
	/* the same transaction and card, and the server that it says to be */
	ck_assert_mem_eq(p, "\2\1\6\0\x11\x22\x33\x44", 8);
	ck_assert_mem_eq(p + 28, card, 6);
	ck_assert_mem_eq(p + 245, d->from, 4);
	ck_assert_uint_ge(d->n, 300);
}

static const struct {
	const char *what, *value; /* what the server was told */
	struct saying y;
	const char *said;
} cases[] = {
	{ "ok", NULL, { .type = DHCP_DISCOVER }, "offer 0.9 by 0.1 to all" },
	{ "ok", NULL, { DHCP_REQUEST, { 0 }, ADDRESS, ROUTER }, "ack 0.9 by 0.1 to all" },
	/* after a reboot, in a renewal, of an address that it never gave */
	{ "ok", NULL, { DHCP_REQUEST, { 0 }, ADDRESS, { 0 } }, "ack 0.9 by 0.1 to all" },
	{ "ok", NULL, { DHCP_REQUEST, ADDRESS, { 0 }, { 0 } }, "ack 0.9 by 0.1 to it" },
	{ "ok", NULL, { DHCP_REQUEST, OTHER, { 0 }, { 0 } }, "ack 0.9 by 0.1 to it" },
	{ "ok", NULL, { DHCP_REQUEST, { 0 }, OTHER, { 0 } }, "nak 0.0 by 0.1 to all" },
	/* an offer of somebody else was taken */
	{ "ok", NULL, { DHCP_REQUEST, { 0 }, OTHER, DNS }, "" },
	{ "ok", NULL, { .type = DHCP_RELEASE }, "" },
	{ "ok", NULL, { .type = DHCP_ACKNOWLEDGE }, "" },
	{ "ok", NULL, { .type = 99 }, "" },
	{ "pass", NULL, { .type = DHCP_DISCOVER }, "" },
	{ "silent", NULL, { .type = DHCP_DISCOVER }, "" },
	{ "late", "250ms", { .type = DHCP_DISCOVER }, "offer 0.9 by 0.1 to all after 250 ms" },
	{ "nak", NULL, { .type = DHCP_DISCOVER }, "offer 0.9 by 0.1 to all" },
	{ "nak", NULL, { DHCP_REQUEST, { 0 }, ADDRESS, ROUTER }, "nak 0.0 by 0.1 to all" },
	{ "nak", NULL, { DHCP_REQUEST, ADDRESS, { 0 }, { 0 } }, "nak 0.0 by 0.1 to all" },
	{ "two-servers", NULL, { .type = DHCP_DISCOVER },
	    "offer 0.9 by 0.1 to all, offer 0.10 by 0.3 to all" },
	{ "two-servers", NULL, { DHCP_REQUEST, { 0 }, ADDRESS, ROUTER }, "ack 0.9 by 0.1 to all" },
	{ "two-servers", NULL, { DHCP_REQUEST, { 0 }, OTHER, DNS }, "ack 0.10 by 0.3 to all" },
	{ "two-servers", NULL, { DHCP_REQUEST, { 0 }, OTHER, ROUTER }, "nak 0.0 by 0.1 to all" },
};

START_TEST(answers)
{
	struct said s = { .a = arena_new(), .text = "" };
	unsigned char p[300];
	struct dhcp_server server;
	struct datagram d;
	struct err e;

	dhcp_init(&server, address, router, dns);
	ck_assert_msg(dhcp_tell(&server, cases[_i].what, cases[_i].value, &e) == 0, "%s", e.msg);
	make(&cases[_i].y, p, &d);
	dhcp_answer(&server, &d, on_reply, &s);
	ck_assert_str_eq(s.text, cases[_i].said);
	arena_free(s.a);
}
END_TEST

/* what an offer gives, as the wire has it, behind its type and server */
static const struct {
	const char *what, *value, *bytes;
	size_t n;
} gives[] = {
	{ "lease", "2m", "\x33\4\0\0\0\x78", 6 },
	{ "mask", "32", "\1\4\xff\xff\xff\xff", 6 },
	{ "mask", "0", "\1\4\0\0\0\0", 6 },
	{ "mask", "none", "\3\4\x0a\7\0\1", 6 },
	{ "lease", "60s", "\x33\4\0\0\0\x3c", 6 },
	{ "mtu", "1280", "\x1a\2\5\0", 4 },
	{ "router", "10.0.0.1 10.0.0.2", "\3\x08\x0a\0\0\1\x0a\0\0\2", 10 },
	{ "search", "A.test b", "\x77\x0b\1a\4test\0\1b\0", 13 },
	{ "domain", "a test", "\x0f\6a test", 8 },
	{ "routes", "10.1.0.0/16 10.0.0.7  0.0.0.0/0 10.0.0.1",
	    "\x79\x0c\x10\x0a\1\x0a\0\0\7\0\x0a\0\0\1", 14 },
	{ "routes", "10.1.128.0/17 0.0.0.0", "\x79\x08\x11\x0a\1\x80\0\0\0\0", 10 },
};

START_TEST(options)
{
	struct said s = { .a = arena_new(), .text = "" };
	struct saying y = { .type = DHCP_DISCOVER };
	unsigned char p[300];
	struct dhcp_server server;
	struct datagram d;
	struct err e;

	dhcp_init(&server, address, router, dns);
	ck_assert_msg(dhcp_tell(&server, gives[_i].what, gives[_i].value, &e) == 0, "%s", e.msg);
	make(&y, p, &d);
	dhcp_answer(&server, &d, on_reply, &s);
	ck_assert_ptr_nonnull(memmem(s.bytes + 249, s.last.n - 249, gives[_i].bytes, gives[_i].n));
	arena_free(s.a);
}
END_TEST

/* neither more than was asked for, nor what nobody has; the time of a lease always */
START_TEST(asked_for)
{
	static const char all[] = "\x35\1\2\x36\4\x0a\7\0\1\3\4\x0a\7\0\1\x33\4\0\1\x51\x80\xff";
	struct said s = { .a = arena_new(), .text = "" };
	struct saying y = { .type = DHCP_DISCOVER };
	unsigned char p[300];
	struct dhcp_server server;
	struct datagram d;
	struct err e;

	dhcp_init(&server, address, router, dns);
	dhcp_tell(&server, "ok", NULL, &e);
	make_asking(&y, "\x79\3\x1a", p, &d);
	dhcp_answer(&server, &d, on_reply, &s);
	ck_assert_mem_eq(s.bytes + 240, all, sizeof all - 1);
	arena_free(s.a);
}
END_TEST

static const struct {
	const char *what, *value, *message;
} wrong[] = {
	{ "loud", NULL,
	    "net dhcp loud: unknown; one of pass ok late silent nak two-servers malformed mask "
	    "router dns domain mtu ntp lease search routes" },
	{ "late", NULL, "net dhcp late: needs a value behind it" },
	{ "late", "soon", "net dhcp late: soon: not a time, such as 5s or 250ms" },
	{ "ok", "1", "net dhcp ok: takes no value" },
	{ "mask", NULL, "net dhcp mask: needs a value behind it" },
	{ "mask", "33", "net dhcp mask: 33: not a number of bits, from 0 to 32" },
	{ "mask", "-1", "net dhcp mask: -1: not a number of bits, from 0 to 32" },
	{ "mtu", "65536", "net dhcp mtu: 65536: not an MTU, from 0 to 65535" },
	{ "lease", "250ms", "net dhcp lease: 250ms: whole seconds, 1s or more" },
	{ "router", "", "net dhcp router: needs a value, or none" },
	{ "router", "10.0.0", "net dhcp router: 10.0.0: not an IPv4 address, such as 192.0.2.1" },
	{ "search", "a..b", "net dhcp search: a..b: not a name of DNS, such as www.example" },
	{ "search", "a123456789012345678901234567890123456789012345678901234567890123",
	    "net dhcp search: a123456789012345678901234567890123456789012345678901234567890123: "
	    "not a name of DNS, such as www.example" },
	{ "routes", "10.0.0.0/8",
	    "net dhcp routes: 10.0.0.0/8: a route is NET/BITS and its "
	    "router" },
	{ "routes", "10.0.0.0 10.0.0.1",
	    "net dhcp routes: 10.0.0.0: a route is NET/BITS and its router" },
	{ "routes", "10.0.0.0/33 10.0.0.1",
	    "net dhcp routes: 33: not a number of bits, from 0 to 32" },
};

START_TEST(refused)
{
	struct dhcp_server server, before;
	struct err e;

	dhcp_init(&server, address, router, dns);
	before = server;
	ck_assert_int_eq(dhcp_tell(&server, wrong[_i].what, wrong[_i].value, &e), -1);
	ck_assert_str_eq(e.msg, wrong[_i].message);
	ck_assert_mem_eq(&server, &before, sizeof before);
}
END_TEST

/* as much as there may be fits into a frame, and no more is taken */
START_TEST(full)
{
	struct said s = { .a = arena_new(), .text = "" };
	struct saying y = { .type = DHCP_DISCOVER };
	unsigned char p[300], text[255];
	struct dhcp_server server;
	unsigned taken = 0;
	struct datagram d;
	struct err e;

	memset(text, 'x', sizeof text);
	dhcp_init(&server, address, router, dns);
	dhcp_tell(&server, "ok", NULL, &e);
	for (unsigned code = 200; code < 254; code++)
		taken += dhcp_option(&server, code, text, 255 - (code - 200) * 12 % 250, &e) == 0;
	ck_assert_uint_ge(taken, 3);
	ck_assert_uint_le(taken, DHCP_OPTIONS);
	make(&y, p, &d);
	dhcp_answer(&server, &d, on_reply, &s);
	ck_assert_uint_eq(s.n, 1);
	ck_assert_uint_le(s.last.n, FRAME_PAYLOAD_MAX);
	arena_free(s.a);
}
END_TEST

/* is it what a client takes: whole, for it, with a type that it knows? */
struct judged {
	unsigned n, good;
	unsigned char seen[32][FRAME_MAX];
	size_t lengths[32];
};

static void
on_spoilt(void *arg, const struct datagram *d, nstime after)
{
	struct judged *j = arg;
	unsigned char frame[FRAME_MAX];
	size_t n = frame_write(d, frame);
	struct datagram got;
	const unsigned char *p, *end;
	bool typed = false;

	ck_assert_int_eq(after, 0);
	ck_assert_uint_lt(j->n, 32);
	for (unsigned i = 0; i < j->n; i++)
		ck_assert(j->lengths[i] != n || memcmp(j->seen[i], frame, n));
	memcpy(j->seen[j->n], frame, n);
	j->lengths[j->n++] = n;
	if (!frame_read(frame, n, &got) || got.to_port != 68 || got.n < 240 ||
	    memcmp(got.p + 4, "\x11\x22\x33\x44", 4) || memcmp(got.p + 28, card, 6) ||
	    memcmp(got.p + 236, "\x63\x82\x53\x63", 4))
		return;
	end = got.p + got.n;
	for (p = got.p + 240; p < end && *p != 255; p += *p ? 2 + p[1] : 1) {
		if (*p && (end - p < 2 || end - p - 2 < p[1]))
			return;
		typed = typed || (*p == 53 && p[2] == DHCP_OFFER);
	}
	j->good += typed;
}

START_TEST(malformed)
{
	struct judged *j = calloc(1, sizeof *j);
	struct saying y = { .type = DHCP_DISCOVER };
	struct dhcp_server server;
	unsigned char p[300];
	struct datagram d;
	struct err e;

	dhcp_init(&server, address, router, dns);
	make(&y, p, &d);
	dhcp_tell(&server, "ok", NULL, &e);
	dhcp_answer(&server, &d, on_spoilt, j);
	ck_assert_uint_eq(j->good, 1); /* so it would be seen */
	dhcp_tell(&server, "malformed", NULL, &e);
	dhcp_answer(&server, &d, on_spoilt, j);
	ck_assert_uint_eq(j->n, 1 + dhcp_spoils());
	ck_assert_uint_eq(j->good, 1);
	free(j);
}
END_TEST

/* what a client must not say: cut at each length, and options beyond the end */
START_TEST(hostile)
{
	struct saying y = { DHCP_REQUEST, { 0 }, ADDRESS, ROUTER };
	unsigned char p[300];
	struct datagram d;

	make(&y, p, &d);
	ck_assert_uint_eq(dhcp_type(&d), DHCP_REQUEST);
	for (size_t n = 0; n < 256; n++) {
		unsigned char *cut = malloc(n ? n : 1);

		memcpy(cut, p, n);
		d.p = cut;
		d.n = n;
		/* without the byte that ends the options it is taken as far as it is whole */
		ck_assert(dhcp_type(&d) == (n == 243 || n == 249 || n == 255 ? DHCP_REQUEST : 0));
		free(cut);
	}
}
END_TEST

Suite *
dhcp_suite(void)
{
	Suite *s = suite_create("dhcp");

	tcase_add_loop_test(harness_case(s, "answers"), answers, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(harness_case(s, "options"), options, 0, sizeof gives / sizeof *gives);
	tcase_add_loop_test(harness_case(s, "refused"), refused, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(harness_case(s, "asked for"), asked_for);
	tcase_add_test(harness_case(s, "full"), full);
	tcase_add_test(harness_case(s, "malformed"), malformed);
	tcase_add_test(harness_case(s, "hostile"), hostile);
	return s;
}
