/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_EXPECT_H
#define VERIFY_EXPECT_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Patterns against a console: bytes, not text, and the earliest match in the stream
 * wins whatever the boundaries at which it was read.  Of matches that start at the same
 * byte the pattern first in the list wins.  Memory is bounded: a stream keeps what its
 * cursors may still need, at most its window.
 *
 * A pattern that looks at the end ($, \z) can never be sure on a stream: `expect` patterns
 * meet the end only at end of file; prompt_find() is for "the output ends like this, and
 * has been quiet".  (PCRE2 partial matching: pcre2partial(3).)
 */
struct pattern; /* compiled, immutable; shared by any number of streams */

/*
 * PCRE2 syntax over bytes; ^ and $ are ends of lines, a line ends with LF, CR or CRLF (so with what
 * a terminal makes of a newline), and . matches none of them.  What depends on where a search began
 * or what was read by then (\G, \R, \X, backtracking verbs) is refused.  The message has PCRE2's
 * text and the column.
 */
int pattern_compile(struct arena *a, const char *re, struct pattern **out, struct err *e);
/* a pattern that matches exactly these bytes */
int pattern_literal(struct arena *a, const void *p, size_t n, struct pattern **out, struct err *e);
/* text as a piece of a pattern that matches exactly it */
char *pattern_quote(struct arena *a, const char *text);
const char *pattern_text(const struct pattern *p);
/* names of its named groups, in number order; NULL-terminated */
const char *const *pattern_names(const struct pattern *p);

struct stream;

/*
 * window: no match is longer, and so many bytes are kept behind the newest ones; heap, not arena.
 * A cursor that is asked after every stream_add() sees every byte, however long the adds.
 */
struct stream *stream_new(size_t window);
void stream_free(struct stream *s);
void stream_add(struct stream *s, const void *p, size_t n);
void stream_eof(struct stream *s);	      /* nothing more will come */
uint64_t stream_size(const struct stream *s); /* bytes ever added */
/* the last line that has more than blanks, for reports; on the arena, at most max bytes */
char *stream_last_line(struct arena *a, const struct stream *s, size_t max);
/* the bytes from..to that are still kept; on the arena */
char *stream_text(struct arena *a, const struct stream *s, uint64_t from, uint64_t to, size_t *n);

/* one reader of a stream with the patterns it looks for; several may read one stream */
struct cursor;

struct hit {
	size_t which;	     /* index of the pattern */
	uint64_t start, end; /* absolute offsets in the stream */
	/* named groups of that pattern: values on the arena given to cursor_find, NULL when unset
	 */
	const char **names;
	char **values;
	size_t nvalues;
};

struct cursor *cursor_new(struct stream *s, struct pattern *const *patterns, size_t n);
void cursor_free(struct cursor *c);
/*
 * each pattern looks for itself from here on: a match of one hides nothing from the others (for
 * watches)
 */
void cursor_each(struct cursor *c);
/* look for other patterns from here on */
void cursor_patterns(struct cursor *c, struct pattern *const *patterns, size_t n);
uint64_t cursor_offset(const struct cursor *c);
void cursor_seek(struct cursor *c, uint64_t offset);
/*
 * 1: *h is the next match, and the cursor stands behind it (an empty match moves it by one byte);
 * 0: more bytes are needed, or (after stream_eof) there is none.
 * -1: a pattern could not be judged: it backtracks without end, or wants to see more of the stream
 * than a match may have; *e names it and the byte where that match would begin.  It is given up,
 * and looks for nothing more until cursor_seek() or cursor_patterns(); the others go on. The
 * sequence of answers is the same for every way of cutting the stream into reads.
 */
int cursor_find(struct arena *a, struct cursor *c, struct hit *h, struct err *e);
/*
 * bytes that left the stream before this cursor was asked about them: 0 if it is asked after every
 * add
 */
uint64_t cursor_lost(const struct cursor *c);
/*
 * do the bytes from the cursor to the newest one end with a match of p; for `prompt`, after quiet
 * time.  1, 0, -1 as above
 */
int prompt_find(struct arena *a, struct cursor *c, struct pattern *p, struct hit *h, struct err *e);
/*
 * one-shot: does p match anywhere in these bytes; h may be NULL.  1, 0, -1 as above; the more bytes
 * there are, the less may p backtrack
 */
int pattern_match(
    struct arena *a, struct pattern *p, const void *s, size_t n, struct hit *h, struct err *e);

/*
 * How far do bytes fit that do not match?  Of all places where a match could begin, the one from
 * where most of the pattern fits; of equals the last one.  For reports: it may give up early.
 */
struct reach {
	size_t from, to; /* the bytes that fit */
	size_t n;	 /* so many characters of the pattern's text, from its start */
};
/* false: none fits */
bool pattern_reach(const struct pattern *p, const void *s, size_t n, struct reach *out);

#endif
