/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_HTTP_H
#define VERIFY_GUEST_HTTP_H

#include "build/base/err.h"

#include <stddef.h>

struct island;
struct loop;

/*
 * A server for guests to fetch from: answers GET of any path with the same bytes, on a
 * port of 127.0.0.1 that the kernel chose (a guest under user networking reaches it at its
 * router's address).  Knows no more of HTTP/1.0 than that, and has at most 32 clients at a time,
 * each with a request of 8 KiB: others are hung up on.
 */
struct http;

/* on: the network, island.h; NULL: this machine's */
int http_serve(struct loop *l, const struct island *on, const void *body, size_t n,
    struct http **out, struct err *e);
unsigned http_port(const struct http *h);
void http_free(struct http *h);

#endif
