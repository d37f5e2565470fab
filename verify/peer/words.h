/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_WORDS_H
#define VERIFY_PEER_WORDS_H

#include "build/base/err.h"
#include "build/base/clock.h"

#include <stddef.h>
#include <stdint.h>

/* Values of `net` statements, from their text to what is on the wire. */

/* the next word, blanks between; NULL: there is none; *text goes on behind it */
char *words_next(char **text);
/* "10.0.2.15" */
int words_address(const char *text, unsigned char out[4], struct err *e);
/* a decimal number from least to most; name for the message */
int words_number(const char *text, uint32_t least, uint32_t most, const char *name, uint32_t *out,
    struct err *e);
/* "5s" */
int words_time(const char *text, nstime *out, struct err *e);

#define WORDS_NAME_MAX 255 /* bytes of a name on the wire */

/*
 * "www.example" as DNS has it, each label behind its length, lower case; the number of bytes, or
 * -1.  A dot at the end makes no difference.
 */
int words_name(const char *text, unsigned char out[WORDS_NAME_MAX], struct err *e);
/* several, as an option has them, of which text is cut at its blanks: RFC 3397 without compression
 */
int words_names(char *text, unsigned char out[255], struct err *e);

#endif
