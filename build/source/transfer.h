/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_TRANSFER_H
#define BUILD_SOURCE_TRANSFER_H

#include "build/base/clock.h"
#include "build/files/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct transfers;

/*
 * Single requests of http: https: and file: URLs, many at a time; the only file that knows libcurl.
 * Nothing is tried twice here: what to make of the end is up to whoever asked.  A server that
 * hangs, trickles or sends more than was asked for is given up.  netrc(5) is looked at for
 * passwords.
 */
enum transfer_verb { TRANSFER_HEAD, TRANSFER_GET, TRANSFER_PUT };

enum transfer_end {
	TRANSFER_RUNNING,
	TRANSFER_ANSWERED, /* all of it; also by a status of 300 and above, whose body is dropped */
	TRANSFER_ABSENT,   /* there is no such server, or it refuses connections */
	TRANSFER_CUT,	   /* the connection ended early: may go better another time */
	TRANSFER_SLOW,
	TRANSFER_WRONG,	 /* sends more, or another part, than was asked for */
	TRANSFER_UNKEPT, /* no fault of the server: the file could not be written */
	TRANSFER_FAILED
};

struct transfer {
	enum transfer_verb verb;
	const char *url;   /* may carry USER:PASSWORD@ */
	const char *proxy; /* NULL: what the environment says */
	int fd; /* GET: where the body goes, -1: nowhere; PUT: where it is, from its beginning */
	uint64_t start; /* GET: bytes that fd has already; back to 0 when the server sends all */
	uint64_t most;	/* GET: more bytes in all are refused, 0: any number will do */
	uint64_t size;	/* PUT: bytes */
	void *user;	/* whoever asked */

	/* so far */
	uint64_t have; /* GET: bytes in fd, with those that were there; PUT: sent */

	/* the answer */
	enum transfer_end end;
	const char *failed;	 /* why it was not answered, or NULL */
	int error;		 /* ... when it is TRANSFER_UNKEPT, as errno */
	long status;		 /* of HTTP, 0 when it was not spoken */
	int64_t length;		 /* as it was announced; -1: it was not */
	char sha256[DIGEST_HEX]; /* GET: of the body; "" when only a part of it was sent */
	const char *moved;	 /* the URL that it was in the end, when the server sent us there */
	const char *type;	 /* Content-Type, "" when there is none */

	struct running *running; /* of transfer.c, while it does */
};

/* how long a server may keep us waiting */
struct transfer_patience {
	nstime connect; /* until a connection stands */
	nstime window;	/* in any such time ... */
	uint64_t slow;	/* ... at least so many bytes must come or go */
	/* bytes a second that all of it must come or go with, but for one window; 0: any number */
	uint64_t rate;
};
extern const struct transfer_patience transfer_usual;
/* with who is of use only as long as it is quick: it is waited for no longer than for its bytes */
extern const struct transfer_patience transfer_brisk;

/* what else a wait may end with; ready tells afterwards whether it did */
struct transfer_fd {
	int fd;
	bool ready;
};

/* messages are on the arena */
struct transfers *transfers_open(struct arena *a, const struct transfer_patience *p);
/* gives up what still runs */
void transfers_close(struct transfers *ts);
/* why the URL's server need not be asked: another transfer of these found none; or NULL */
const char *transfers_absent(const struct transfers *ts, const char *url);
void transfer_start(struct transfers *ts, struct transfer *t);
/* gives it up; nothing happens to one that does not run */
void transfer_stop(struct transfers *ts, struct transfer *t);
/* does what can be done without waiting; one that has ended since, or NULL */
struct transfer *transfers_next(struct transfers *ts);
/* until something can be done, one of n descriptors can be read, or the time has come */
void transfers_wait(struct transfers *ts, struct transfer_fd *also, unsigned n, nstime until);

/* all of them, several at once, to their ends */
void transfer_all(struct arena *a, const struct transfer_patience *p, struct transfer *v, size_t n);

#endif
