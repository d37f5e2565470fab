/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HEADS_H
#define VERIFY_HEADS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * With which bytes can a match of a pattern begin?  An answer that may say too much and never too
 * little, so that a stream can be looked through for many patterns at once, a table look-up a byte,
 * and PCRE2 is asked only where one of them may begin (the idea of Shift-And; Navarro and Raffinot,
 * Flexible Pattern Matching in Strings, 2002, chapter 2).
 */
#define HEADS 4

struct heads {
	unsigned char set[HEADS][32]; /* of each of the first bytes, as a bitmap */
	bool rare;		      /* few bytes begin so: worth being looked for */
};

/* of a regular expression in PCRE2's syntax, n bytes; it must be one that PCRE2 compiles */
void heads_of_regex(const char *re, size_t n, struct heads *out);
/* of exactly these bytes */
void heads_of_literal(const char *text, size_t n, struct heads *out);
static inline bool
heads_has(const struct heads *h, size_t i, unsigned char b)
{
	return h->set[i][b / 8] >> b % 8 & 1;
}

#endif
