/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_NTP_H
#define VERIFY_GUEST_NTP_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct island;
struct loop;

/*
 * A server of time for guests, on a UDP port of 127.0.0.1 that the kernel chose (a guest under user
 * networking reaches it at its router's address).  Its clock goes on from the time that it was
 * given, whatever the host's says.
 */
struct ntp;

#define NTP_SIZE 48 /* bytes of a packet */

/* unix: seconds since 1970, less than 2085978496, where NTP's own count begins anew */
int ntp_serve(
    struct loop *l, const struct island *on, unsigned long unix, struct ntp **out, struct err *e);
unsigned ntp_port(const struct ntp *s);
void ntp_free(struct ntp *s); /* NULL is fine */
/* the answer to n bytes of a client, at a time since 1970; false: it gets none */
bool ntp_answer(const unsigned char *query, size_t n, nstime now, unsigned char out[NTP_SIZE]);
/* makes an answer that of a server which does not want to be asked any more: RFC 5905, 7.4 */
void ntp_kiss(unsigned char out[NTP_SIZE]);

#endif
