/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_HTTP_H
#define VERIFY_GUEST_HTTP_H

#include "build/base/err.h"

#include <stddef.h>

struct buf;
struct island;
struct loop;

/*
 * A server on a port of 127.0.0.1 (a guest under user networking reaches it at its router's
 * address).  Knows no more of HTTP/1.0 than GET, and has at most 32 clients at a time, each with a
 * request of 8 KiB: others are hung up on.
 */
struct http;

/* puts the whole answer to a GET of path into out, as http_reply() does it */
typedef void http_answer(void *arg, const char *path, const char *request, struct buf *out);

/* on: the network, island.h; NULL: this machine's; port 0: the kernel chooses it */
int http_listen(struct loop *l, const struct island *on, unsigned port, http_answer *answer,
    void *arg, struct http **out, struct err *e);
/* status as `200 OK`; headers: further lines, each ended by \r\n */
void http_reply(
    struct buf *out, const char *status, const char *headers, const void *body, size_t n);
/* a server for guests to fetch from: it answers any path with the same bytes */
int http_serve(struct loop *l, const struct island *on, const void *body, size_t n,
    struct http **out, struct err *e);
unsigned http_port(const struct http *h);
void http_free(struct http *h);

#endif
