/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SIEVE_H
#define VERIFY_GUEST_SIEVE_H

#include "build/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A console on which the guest agent talks, too (serial.h): its frames and the echo of what it
 * types are told from what the guest says.  A frame is "@lh:TOKEN:", hexadecimal digits and colons,
 * and a full stop.  What else comes between its bytes is somebody's line, which cut it in two: it
 * is the guest's, up to its newline, and the frame goes on behind it.
 */
#define SIEVE_FRAME_MAX 8192

struct sieve {
	char head[32];	   /* "@lh:TOKEN:" */
	size_t matched;	   /* bytes of it, held back */
	bool cut;	   /* somebody's line is in the middle of it */
	bool framed;	   /* in a frame */
	bool foreign;	   /* in somebody's line, which is in the middle of something */
	struct buf frame;  /* the one under way */
	char echo[256];	   /* what was typed last */
	size_t echoed;	   /* bytes of it that came back */
	bool echoes;	   /* it is still looked for */
	bool taken;	   /* the byte before was of it */
	bool wraps;	   /* and a carriage return came behind it */
	bool escape;	   /* in a sequence of the line editor that echoes it */
	struct buf held;   /* what came back so far */
	struct buf words;  /* the guest's; whoever reads them clears them */
	struct buf frames; /* those that are whole, each with a NUL behind it; as words */
};

void sieve_begin(struct sieve *s, const char *token);
void sieve_add(struct sieve *s, const char *p, size_t n);
/* from here on the echo of line is looked for; "": of none */
void sieve_expect_echo(struct sieve *s, const char *line);
/* what was held back is no frame: it will not go on */
void sieve_settle(struct sieve *s);
bool sieve_holds(const struct sieve *s);
void sieve_free(struct sieve *s);

#endif
