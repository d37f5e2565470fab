/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_MARKUP_H
#define VERIFY_REPORT_MARKUP_H

#include <stddef.h>
#include <stdio.h>

struct buf;

/* one byte for a terminal or a log: what is not printable ASCII becomes \xNN */
void markup_plain(FILE *f, char c);
/*
 * A row of a failure for a terminal or a log: prefix, name in a column of its own, text, whose
 * further lines stand below its first.  What is longer than a terminal of so many columns goes on
 * there too, from a blank on; 0, or a terminal that is too narrow for it: each line as it is.
 */
void markup_row(FILE *f, const char *prefix, const char *name, const char *text, unsigned columns);
/*
 * Bytes as text of XML 1.0 or HTML, also within an attribute: the five special characters escaped,
 * tab and newline kept, UTF-8 that is whole kept, every other byte as \xNN, since XML has no way to
 * say it.
 */
void markup_add(struct buf *b, const char *p, size_t n);
void markup_adds(struct buf *b, const char *s);
/* n bytes as base64 (RFC 4648) */
void markup_base64(struct buf *b, const void *p, size_t n);

#endif
