/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_WATCHES_H
#define VERIFY_PLAY_WATCHES_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct scenario;
struct stream;
struct watch;

/*
 * The watches of a scenario on the console of one guest, from its first byte to its last.  What
 * they see is told at once; where an `allow` may excuse it, when its line has ended, so that the
 * answer is the same however the bytes come.
 */
struct watches;

struct watches_calls {
	/* the line as far as it has come; it lives during the call; at: where the match begins */
	void (*seen)(void *arg, const struct watch *w, const char *line, uint64_t at);
	/* one of the marks, by its index */
	void (*mark)(void *arg, size_t which);
	/* a pattern gave no answer: it backtracks too long, or needs too much lookahead */
	void (*undecided)(void *arg, const char *why);
};

/* marks: texts that are no watches and are looked for besides */
int watches_new(struct arena *a, const struct scenario *s, struct stream *console,
    const char *const *marks, size_t nmarks, const struct watches_calls *calls, void *arg,
    struct watches **out, struct err *e);
void watches_free(struct watches *w); /* NULL is fine */
/* has the scenario an `allow` for that watch and this line? */
bool watches_excuse(
    const struct scenario *s, struct arena *a, const struct watch *watch, const char *line);
/* there are new bytes */
void watches_look(struct watches *w);
/* nothing more will come: decides what still waits for the end of its line */
void watches_end(struct watches *w);
/* the line of a match, as far as it has come, on the arena of w */
const char *watches_line(const struct watches *w, uint64_t at);
/* some bytes were gone before they were looked at */
bool watches_missed(const struct watches *w);

#endif
