/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_TRANSCRIPT_H
#define VERIFY_REPORT_TRANSCRIPT_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * What a machine says on its console, as it is remembered to be compared with: its lines, of which
 * some do not come each time, and whose words are "#" where they have not always been the same.
 * Words are letters and digits, and only one with a digit, or of TRANSCRIPT_WORD letters, may vary:
 * addresses, sizes; so may TRANSCRIPT_BASE64 of base64, such as keys and fingerprints.  So what
 * varies is learned from consoles and told by nobody; it is known better the more of them there
 * are.
 *
 * The order of lines does not count, for it is not the same each time.  The kernel writes its lines
 * also in the middle of others: those are put together again, and the kernel's time is left out.
 */
#define TRANSCRIPT_WORD 16    /* letters */
#define TRANSCRIPT_BASE64 32  /* letters, digits, + and / */
#define TRANSCRIPT_MOST 20000 /* lines; a machine that says more says nothing that is compared */

struct transcript {
	size_t consoles; /* that it was learned from */
	struct transcript_line {
		const char *text; /* printable ASCII */
		const char *kind; /* the same with all words "#" that may vary */
		bool always;	  /* each console had it */
	} * v;
	size_t n;
};

/* one console; name is for messages, as everywhere here */
int transcript_of(struct arena *a, const char *name, const char *console, size_t n,
    struct transcript *out, struct err *e);
/* a file of lh-verify(1), TRANSCRIPTS, and back */
int transcript_parse(
    struct arena *a, const char *name, char *text, struct transcript *out, struct err *e);
void transcript_write(const struct transcript *t, struct buf *out);
/* t has been learned from another console, too, or only from this one */
int transcript_learn(
    struct arena *a, struct transcript *t, const struct transcript *console, struct err *e);
/*
 * What a console says that t does not know, "+ LINE", and what it does not say that all others did,
 * "- LINE"; before the former the latter that it may be in place of.  Returns how many such lines
 * there are.
 */
size_t transcript_compare(
    struct arena *a, const struct transcript *t, const struct transcript *console, struct buf *out);

#endif
