/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_SCAN_H
#define VERIFY_SCENARIO_SCAN_H

#include "build/base/err.h"
#include "verify/scenario/templ.h"

struct arena;
struct lines;

/*
 * One line of a scenario, word by word: bare words, "quoted" ones with \n \r \t \e \\ \" \$, and
 * /patterns/ with \/ for a slash.  # behind a blank starts a comment.
 */
enum token_kind {
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_PATTERN,
	TOKEN_ARROW, /* -> */
	TOKEN_TIME,  /* @10s */
	TOKEN_BAR,   /* | at the start of the line */
	TOKEN_END
};

struct token {
	enum token_kind kind;
	const char *text;   /* as written, without quotes or slashes; a time without @ */
	struct templ templ; /* the same with escapes resolved, cut at its ${names} */
};

struct scan {
	struct arena *a;
	const struct lines *lines; /* for messages */
	char *at;
	bool started;
	const char *comment; /* once TOKEN_END was seen: what stands behind #, or NULL */
};

void scan_start(struct scan *s, struct arena *a, const struct lines *l, char *line);
/* pattern: a word that begins with a slash is a /pattern/ */
int scan_next(struct scan *s, bool pattern, struct token *t, struct err *e);

/*
 * Cuts at ${name}: letters, digits, . _ -, beginning with a lower-case letter.  Anything else that
 * begins with ${ is left as it is, for the guest's shell.  escapes: backslash sequences are
 * resolved.
 */
int scan_templ(struct scan *s, const char *text, bool escapes, struct templ *out, struct err *e);

#endif
