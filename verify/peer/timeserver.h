/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_TIMESERVER_H
#define VERIFY_PEER_TIMESERVER_H

#include "build/base/err.h"
#include "verify/peer/frame.h"

#include <stdbool.h>

/*
 * Servers of time (NTP, RFC 5905): whatever address a guest asks, one answers there.
 * `net ntp WHAT [VALUE]` of a scenario is a row of the table in timeserver.c.
 */
struct timeserver {
	enum {
		TIMESERVER_PASS, /* QEMU takes the question to the world */
		TIMESERVER_OK,
		TIMESERVER_SILENT,
		TIMESERVER_KISS /* the answer of a server that does not want to be asked any more */
	} manner;
	nstime late;
	nstime offset; /* of its time since 1970 from the monotonic clock */
};

int timeserver_tell(struct timeserver *s, const char *what, const char *value, struct err *e);
/* the same for a value that is not known yet */
int timeserver_check(const char *what, bool has_value, struct err *e);
bool timeserver_asks(const struct datagram *d);
void timeserver_answer(
    const struct timeserver *s, const struct datagram *d, frame_reply *reply, void *arg);

#endif
