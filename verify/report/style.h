/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_STYLE_H
#define VERIFY_REPORT_STYLE_H

struct buf;

/* The HTML reports have one style sheet, which is part of each file: nothing is fetched. */

/* everything before the body's first element */
void style_begin(struct buf *b, const char *title);
/* a row of a <dl>: what a fact is called, and the text, escaped; nothing when there is none */
void style_row(struct buf *b, const char *name, const char *text);

#endif
