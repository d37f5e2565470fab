/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_DHCP_H
#define VERIFY_PEER_DHCP_H

#include "build/base/err.h"
#include "verify/peer/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * A DHCP server (RFC 2131) with one address to give, which behaves as it is told, well or badly. Of
 * the options it has, a client gets those that it asks for.
 * `net dhcp WHAT [VALUE]` of a scenario is a row of one of two tables in dhcp_words.c: how the
 * server behaves, or an option of what it gives.
 */
enum dhcp_manner {
	DHCP_PASS, /* it is none: QEMU's own server answers */
	DHCP_OK,
	DHCP_SILENT,
	DHCP_NAK,      /* offers, and refuses each request */
	DHCP_RIVAL,    /* two servers offer, each an address of its own; the second is at `dns` */
	DHCP_MALFORMED /* only what no client may take */
};

/* what a client says; the numbers of RFC 2132 */
enum dhcp_message {
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACKNOWLEDGE,
	DHCP_REFUSE,
	DHCP_RELEASE,
	DHCP_INFORM
};

#define DHCP_OPTIONS 16	      /* at most, of those that are given */
#define DHCP_OPTION_ROOM 1000 /* bytes, of all of them */

struct dhcp_server {
	enum dhcp_manner manner;
	nstime late;		  /* 0: at once */
	unsigned char address[4]; /* what it gives */
	unsigned char server[4];  /* where it is: the router */
	unsigned char other[4];	  /* what its rival gives, and is */
	unsigned char rival[4];
	struct dhcp_option {
		unsigned char code, n, p[255]; /* code 0: the row is free */
	} options[DHCP_OPTIONS];
};

/* a good server, but for `manner`, which is DHCP_PASS: a lease of a day, a mask of 24 bits */
void dhcp_init(struct dhcp_server *s, const unsigned char address[4], const unsigned char router[4],
    const unsigned char dns[4]);

/* from now on it gives another address: s->address is that one, and s->other the one before */
void dhcp_move(struct dhcp_server *s);

/* does its lease name this address as that of a name server? */
bool dhcp_names_resolver(const struct dhcp_server *s, const unsigned char address[4]);

/* a client's message; the type, or 0 when it is none.  Answers are for dhcp_answer() */
unsigned dhcp_type(const struct datagram *d);
/* answers it, with none, one or several datagrams */
void dhcp_answer(
    const struct dhcp_server *s, const struct datagram *d, frame_reply *reply, void *arg);

/* n bytes of an option, 0: it is not given; replaces one with that code */
int dhcp_option(
    struct dhcp_server *s, unsigned code, const unsigned char *p, size_t n, struct err *e);

/*
 * WHAT [VALUE] as a scenario has them; value NULL: there is none.  The server is then no longer
 * DHCP_PASS, but with the word `pass`.
 */
int dhcp_tell(struct dhcp_server *s, const char *what, const char *value, struct err *e);
/* the same for a value that is not known yet: is there such a word, and does it take one? */
int dhcp_check(const char *what, bool has_value, struct err *e);

#endif
