/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_HTTP_H
#define BUILD_SOURCE_HTTP_H

#include "build/base/clock.h"
#include "build/base/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Requests that are each a question with one answer: is it there, give it to me, take this.
 * Nothing is tried twice or resumed; sources, which are, come through fetch.c.
 */
enum http_verb { HTTP_HEAD, HTTP_GET, HTTP_PUT };

struct http_request {
	enum http_verb verb;
	const char *url;   /* may carry USER:PASSWORD@ */
	const char *proxy; /* NULL: what the environment says */
	int fd; /* GET: where the body goes, -1: nowhere; PUT: where it is, from its beginning */
	uint64_t size; /* PUT: bytes; GET: more is refused, 0: any number will do */

	/* the answer */
	const char *failed; /* why there is none that counts, or NULL */
	bool absent;	    /* ... and asking the same server again would be no use */
	long
	    status; /* of HTTP, 0 when it was not spoken; a status of 400 and above is no failure */
	uint64_t got;		 /* GET: bytes of the body */
	int64_t length;		 /* as it was announced; -1: it was not */
	char sha256[DIGEST_HEX]; /* GET: of the body */
	const char
	    *moved; /* the URL that it was in the end, when the server sent us there; or NULL */
	const char *type; /* Content-Type, "" when there is none */
};

struct http_patience {
	nstime connect;	  /* until a connection stands */
	unsigned seconds; /* so long ... */
	unsigned slow;	  /* ... with fewer bytes a second than this is too slow */
};
extern const struct http_patience http_usual;

/* asks all of them, several at once; netrc(5) is looked at for passwords */
void http_all(struct arena *a, const struct http_patience *p, struct http_request *v, size_t n);

#endif
