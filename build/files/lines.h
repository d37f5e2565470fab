/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_LINES_H
#define BUILD_FILES_LINES_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;

/*
 * Text files line by line; errors read "file:line: ...".  The text is copied to
 * the arena and cut there, so a line may be kept as long as the arena lives.  A file of more than
 * 64 MiB is an error.
 */
struct lines {
	const char *path;
	unsigned no; /* of the line last returned, from 1 */
	char *next;  /* internal */
};

int lines_open(struct arena *a, const char *path, struct lines *l, struct err *e);
/* the same; a file that is not there has no lines */
int lines_open_if_there(struct arena *a, const char *path, struct lines *l, struct err *e);
/* the same over a text in memory; name stands for the path in messages */
void lines_text(struct arena *a, const char *name, const char *text, struct lines *l);
/* next line without its newline, or NULL at the end */
char *lines_next(struct lines *l);
/*
 * next line that says something: comments (# at the start or after a blank) and blanks at both ends
 * are cut off
 */
char *lines_next_datum(struct lines *l);
/* "path:no: message", EXIT_USAGE: the file is wrong, not the system */
int lines_fail(const struct lines *l, struct err *e, const char *fmt, ...) BASE_PRINTF(3, 4);

/*
 * cuts the first blank-separated word off *rest; NULL when there is none; *rest then points behind
 * it, blanks skipped
 */
char *word_next(char **rest);
/* all words of a line: at most max, returns how many there are (may be more than max) */
size_t words(char *line, char **v, size_t max);
/* s without blanks at both ends, cut in place */
char *trim(char *s);

#endif
