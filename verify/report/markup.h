/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_MARKUP_H
#define VERIFY_REPORT_MARKUP_H

#include "build/base/err.h"
#include "verify/report/result.h"

#include <stddef.h>
#include <stdio.h>

struct buf;

/* What the reports share: counts, the rows of a failure, and text that came from a guest. */

struct report_counts {
	size_t of[NVERDICTS];
	size_t failed; /* all that are neither passed nor skipped */
};

struct report_row {
	const char *name, *text;
};

#define REPORT_ROWS 5

void report_count(const struct testcase_result *testcases, size_t n, struct report_counts *out);
double report_seconds(nstime t);
/* those that say something; returns how many */
size_t report_rows(const struct testcase_result *c, struct report_row rows[REPORT_ROWS]);

/* one byte for a terminal or a log: what is not printable ASCII becomes \xNN */
void markup_plain(FILE *f, char c);
/*
 * A row of a failure for a terminal or a log: prefix, name in a column of its own, text, whose
 * further lines stand below its first
 */
void markup_row(FILE *f, const char *prefix, const char *name, const char *text);
/*
 * Bytes as text of XML 1.0 or HTML, also within an attribute: the five special characters escaped,
 * tab and newline kept, UTF-8 that is whole kept, every other byte as \xNN, since XML has no way to
 * say it.
 */
void markup_add(struct buf *b, const char *p, size_t n);
void markup_adds(struct buf *b, const char *s);

#endif
