/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_DNS_H
#define VERIFY_PEER_DNS_H

#include "build/base/err.h"
#include "verify/peer/frame.h"
#include "verify/peer/words.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A name server (RFC 1035) that knows the names it was told.  Once it was told one, each other name
 * does not exist; before that, QEMU's own server answers.  `net dns NAME ANSWER` of a scenario: an
 * IPv4 address, or a word of the table in dns.c.
 */
#define DNS_NAMES 32

enum dns_kind {
	DNS_ADDRESS,
	DNS_CODE, /* nothing but a response code */
	DNS_TRUNCATED,
	DNS_WRONG_ID,
	DNS_SILENT
};

struct dns_server {
	bool on;
	size_t n;
	struct dns_entry {
		unsigned char name[WORDS_NAME_MAX]; /* as on the wire */
		int length;
		enum dns_kind kind;
		unsigned code;
		unsigned char address[4];
		nstime late;
	} names[DNS_NAMES];
};

/* late: "2s", or NULL; a name that was told before gets this answer now */
int dns_tell(
    struct dns_server *s, const char *name, const char *answer, const char *late, struct err *e);
/* is it a question for a name? */
bool dns_asks(const struct datagram *d);
void dns_answer(
    const struct dns_server *s, const struct datagram *d, frame_reply *reply, void *arg);

#endif
