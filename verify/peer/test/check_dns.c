/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dns.h"

#include "build/base/arena.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a question with the number 0x1234, recursion wanted */
static size_t
ask(unsigned char *p, const char *name, unsigned type)
{
	unsigned char wire[WORDS_NAME_MAX];
	struct err e;
	int n = words_name(name, wire, &e);

	memcpy(p, "\x12\x34\1\0\0\1\0\0\0\0\0\0", 12);
	memcpy(p + 12, wire, (size_t)n);
	if (strstr(name, "WWW"))
		memcpy(p + 13, "WWW", 3);
	frame_put16(p + 12 + n, type);
	frame_put16(p + 14 + n, 1);
	return 16 + (size_t)n;
}

static void
on_reply(void *arg, const struct datagram *d, nstime after)
{
	char *out = arg;

	ck_assert_uint_eq(d->to_port, 4000);
	ck_assert_uint_eq(d->from_port, 53);
	ck_assert_mem_eq(d->to, "abcd", 4);
	ck_assert_mem_eq(d->from, "efgh", 4);
	for (size_t i = 0; i < d->n; i++)
		out += sprintf(out, "%02x", d->p[i]);
	if (after)
		sprintf(out, " after %u ms", (unsigned)(after / NS_PER_MS));
}

#define WWW "0377777704746573740000010001" /* its question: type A */
#define WWW6 "03777777047465737400001c0001"

static const struct {
	const char *name, *answer, *late; /* what the server knows */
	const char *question;
	unsigned type;
	const char *reply;
} cases[] = {
	{ "www.test", "203.0.113.7", NULL, "www.test", 1,
	    "123481800001000100000000" WWW "c00c000100010000003c0004cb007107" },
	{ "www.test.", "203.0.113.7", "1500ms", "www.test", 1,
	    "123481800001000100000000" WWW "c00c000100010000003c0004cb007107 after 1500 ms" },
	/* in any case, and answered in that */
	{ "wWw.Test", "203.0.113.7", NULL, "WWW.test", 1,
	    "123481800001000100000000"
	    "0357575704746573740000010001c00c000100010000003c0004cb007107" },
	{ "www.test", "203.0.113.7", NULL, "www.test", 28, "123481800001000000000000" WWW6 },
	{ "ww.test", "203.0.113.7", NULL, "www.test", 1, "123481830001000000000000" WWW },
	{ "test", "203.0.113.7", NULL, "www.test", 1, "123481830001000000000000" WWW },
	{ "www.test", "empty", NULL, "www.test", 1, "123481800001000000000000" WWW },
	{ "www.test", "servfail", NULL, "www.test", 1, "123481820001000000000000" WWW },
	{ "www.test", "nxdomain", NULL, "www.test", 1, "123481830001000000000000" WWW },
	{ "www.test", "refused", NULL, "www.test", 1, "123481850001000000000000" WWW },
	{ "www.test", "truncated", NULL, "www.test", 1, "123483800001000000000000" WWW },
	{ "www.test", "wrong-id", NULL, "www.test", 1,
	    "123581800001000100000000" WWW "c00c000100010000003c000400000000" },
	{ "www.test", "silent", NULL, "www.test", 1, "" },
};

static void
question(struct datagram *d, const unsigned char *p, size_t n)
{
	*d = (struct datagram){
		.to = "efgh", .from = "abcd", .to_port = 53, .from_port = 4000, .p = p, .n = n
	};
}

START_TEST(answers)
{
	struct dns_server *s = calloc(1, sizeof *s);
	unsigned char p[300];
	char out[1200] = "";
	struct datagram d;
	struct err e;

	ck_assert_msg(
	    dns_tell(s, cases[_i].name, cases[_i].answer, cases[_i].late, &e) == 0, "%s", e.msg);
	question(&d, p, ask(p, cases[_i].question, cases[_i].type));
	ck_assert(dns_asks(&d));
	dns_answer(s, &d, on_reply, out);
	ck_assert_str_eq(out, cases[_i].reply);
	free(s);
}
END_TEST

/* of a question each length, and what is no question */
START_TEST(hostile)
{
	unsigned char p[300];
	size_t n = ask(p, "www.test", 1);
	struct datagram d;

	for (size_t k = 0; k < n; k++) {
		unsigned char *cut = malloc(k ? k : 1);

		memcpy(cut, p, k);
		question(&d, cut, k);
		ck_assert(!dns_asks(&d));
		free(cut);
	}
	question(&d, p, n);
	p[2] = 0x81; /* an answer */
	ck_assert(!dns_asks(&d));
	p[2] = 0x28; /* an update */
	ck_assert(!dns_asks(&d));
	p[2] = 1;
	p[5] = 2; /* two questions */
	ck_assert(!dns_asks(&d));
	p[5] = 1;
	p[12] = 0xc0; /* a pointer, to itself */
	p[13] = 12;
	ck_assert(!dns_asks(&d));
	/* a name without an end, longer than one may be */
	memset(p + 12, 1, sizeof p - 12);
	question(&d, p, sizeof p);
	ck_assert(!dns_asks(&d));
}
END_TEST

START_TEST(told)
{
	struct dns_server *s = calloc(1, sizeof *s);
	struct err e;
	char name[20];

	ck_assert_int_eq(dns_tell(s, "a", "b", NULL, &e), -1);
	ck_assert_str_eq(e.msg, "net dns a: b: an IPv4 address, or one of empty nxdomain servfail "
				"refused truncated wrong-id silent");
	ck_assert_int_eq(dns_tell(s, "", "silent", NULL, &e), -1);
	ck_assert_int_eq(dns_tell(s, "a", "silent", "soon", &e), -1);
	ck_assert(!s->on);
	for (unsigned i = 0; i < DNS_NAMES; i++) {
		sprintf(name, "n%u", i);
		ck_assert_int_eq(dns_tell(s, name, "silent", NULL, &e), 0);
	}
	/* another answer needs no room */
	ck_assert_int_eq(dns_tell(s, "N0", "empty", NULL, &e), 0);
	ck_assert_int_eq(s->names[0].kind, DNS_CODE);
	ck_assert_int_eq(dns_tell(s, "more", "empty", NULL, &e), -1);
	ck_assert_str_eq(e.msg, "net dns more: more than 32 names");
	free(s);
}
END_TEST

Suite *
dns_suite(void)
{
	Suite *s = suite_create("dns");

	tcase_add_loop_test(harness_case(s, "answers"), answers, 0, sizeof cases / sizeof *cases);
	tcase_add_test(harness_case(s, "hostile"), hostile);
	tcase_add_test(harness_case(s, "told"), told);
	return s;
}
