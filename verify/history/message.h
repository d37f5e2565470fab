/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_MESSAGE_H
#define VERIFY_HISTORY_MESSAGE_H

struct arena;
struct buf;
struct night;
struct past;

/*
 * The message of a night, for a person: at most MESSAGE_LINES lines of text, so that with what
 * ci/nightly says besides, and five answers of lh-bisect, there are 60, each no longer than
 * MESSAGE_COLUMNS but for commands, which are to be copied.  What is most urgent comes first; what
 * has no room is counted.
 */
#define MESSAGE_LINES 50
#define MESSAGE_COLUMNS 100
void message_text(struct arena *a, const struct past *p, const struct night *n, struct buf *out);

#endif
