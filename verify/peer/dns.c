/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/dns.h"

#include <ctype.h>
#include <string.h>

#define SERVER 53
#define HEAD 12	   /* bytes in front of the question */
#define QUESTION 4 /* of type and class behind its name */
#define RECORD 16  /* of an answer: a pointer, type, class, TTL, length, an address */
#define TTL 60	   /* seconds */
#define TYPE_A 1
#define CLASS_IN 1

/* bits of a message's second word */
#define RESPONSE 0x8000
#define OPCODE 0x7800
#define CUT 0x0200 /* TC: ask again by TCP */
#define RECURSION_WANTED 0x0100
#define RECURSION_DONE 0x0080

enum { NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };

/* an entry's answer that is no address */
static const struct word {
	const char *word;
	enum dns_kind kind;
	unsigned code;
} words[] = {
	{ "empty", DNS_CODE, NOERROR },
	{ "nxdomain", DNS_CODE, NXDOMAIN },
	{ "servfail", DNS_CODE, SERVFAIL },
	{ "refused", DNS_CODE, REFUSED },
	{ "truncated", DNS_TRUNCATED, NOERROR },
	{ "wrong-id", DNS_WRONG_ID, NOERROR },
	{ "silent", DNS_SILENT, NOERROR },
};

static int
set_answer(struct dns_entry *n, const char *answer, struct err *e)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, answer)) {
			n->kind = words[i].kind;
			n->code = words[i].code;
			return 0;
		}
	if (words_address(answer, n->address, e) < 0)
		return fail_usage(e,
		    "%s: an IPv4 address, or one of empty nxdomain servfail refused truncated "
		    "wrong-id silent",
		    answer);
	return 0;
}

static const struct dns_entry *
find(const struct dns_server *s, const unsigned char *name, size_t length)
{
	for (size_t i = 0; i < s->n; i++)
		if ((size_t)s->names[i].length == length && !memcmp(s->names[i].name, name, length))
			return &s->names[i];
	return NULL;
}

int
dns_tell(
    struct dns_server *s, const char *name, const char *answer, const char *late, struct err *e)
{
	struct dns_entry n = { .kind = DNS_ADDRESS };
	const struct dns_entry *before;

	n.length = words_name(name, n.name, e);
	if (n.length < 0 || set_answer(&n, answer, e) < 0 ||
	    (late && words_time(late, &n.late, e) < 0))
		return wrap(e, "net dns %s", name);
	before = find(s, n.name, (size_t)n.length);
	if (!before && s->n == DNS_NAMES)
		return fail_usage(e, "net dns %s: more than %d names", name, DNS_NAMES);
	s->names[before ? (size_t)(before - s->names) : s->n++] = n;
	s->on = true;
	return 0;
}

/* the one question of a query, lower case; its length on the wire, or 0: it is none */
static size_t
read_name(const struct datagram *d, unsigned char name[WORDS_NAME_MAX])
{
	size_t n = 0;

	if (d->to_port != SERVER || d->n < HEAD + 1 + QUESTION ||
	    frame_get16(d->p + 2) & (RESPONSE | OPCODE) || frame_get16(d->p + 4) != 1)
		return 0;
	for (;;) {
		size_t label = d->p[HEAD + n];

		/* a pointer, RFC 1035, 4.1.4, has nothing to point to here */
		if (label > 63 || n + 1 + label >= WORDS_NAME_MAX ||
		    HEAD + n + 1 + label + QUESTION > d->n)
			return 0;
		name[n++] = (unsigned char)label;
		if (!label)
			return n;
		for (; label--; n++)
			name[n] = (unsigned char)tolower(d->p[HEAD + n]);
		if (HEAD + n + 1 + QUESTION > d->n)
			return 0;
	}
}

bool
dns_asks(const struct datagram *d)
{
	unsigned char name[WORDS_NAME_MAX];

	return read_name(d, name) > 0;
}

/* an A record for the name that the question has; how many bytes */
static size_t
put_record(unsigned char *p, const unsigned char address[4])
{
	frame_put16(p, 0xc000 | HEAD);
	frame_put16(p + 2, TYPE_A);
	frame_put16(p + 4, CLASS_IN);
	frame_put32(p + 6, TTL);
	frame_put16(p + 10, 4);
	memcpy(p + 12, address, 4);
	return RECORD;
}

void
dns_answer(const struct dns_server *s, const struct datagram *d, frame_reply *reply, void *arg)
{
	static const struct dns_entry unknown = { .kind = DNS_CODE, .code = NXDOMAIN };
	unsigned char name[WORDS_NAME_MAX], out[HEAD + WORDS_NAME_MAX + QUESTION + RECORD] = { 0 };
	size_t length = read_name(d, name);
	const struct dns_entry *n = length ? find(s, name, length) : NULL;
	struct datagram r = frame_back(d);
	unsigned type;

	n = n ? n : &unknown;
	if (!length || n->kind == DNS_SILENT)
		return;
	type = frame_get16(d->p + HEAD + length);
	r.n = HEAD + length + QUESTION;
	memcpy(out, d->p, r.n); /* as it was asked: some clients compare upper case, too */
	frame_put16(out + 2, RESPONSE | RECURSION_DONE | n->code |
				 (frame_get16(d->p + 2) & RECURSION_WANTED) |
				 (n->kind == DNS_TRUNCATED ? CUT : 0));
	memset(out + 6, 0, 6); /* no records, and none of what the client had added */
	if (n->kind == DNS_WRONG_ID)
		out[1] ^= 1;
	if (type == TYPE_A && (n->kind == DNS_ADDRESS || n->kind == DNS_WRONG_ID)) {
		r.n += put_record(out + r.n, n->address);
		frame_put16(out + 6, 1);
	}
	r.p = out;
	reply(arg, &r, n->late);
}
