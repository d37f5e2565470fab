/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_READING_H
#define VERIFY_SCENARIO_READING_H

#include "build/base/err.h"
#include "build/files/lines.h"
#include "verify/scenario/scan.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>

/* a file being read */
struct reading {
	struct arena *a;
	struct lines l;
	struct scan scan; /* of the line at hand */
	struct scenario *s;
	const struct verb_form *forms;
	const char **names; /* what ${...} may be from here on */
	size_t nnames;
	int section;
	unsigned seen;	  /* header words that may come once: bits */
	const char *mark; /* of the block that the line at hand opens, or NULL */
	size_t block;	  /* the word that it is of its step */
	const char *race; /* the mark that ends the race that the line at hand is in, or NULL */
	unsigned race_at; /* its line */
};

#define FAIL(r, e, ...) lines_fail(&(r)->l, e, __VA_ARGS__)

/* one text more, which is not copied; the array is on the arena */
void reading_add(struct arena *a, const char ***v, size_t *n, const char *text);
/* from here on ${NAME} has a value */
void reading_define(struct reading *r, const char *name);
/* has each ${...} in it a value? */
int reading_names(struct reading *r, const struct templ *t, struct err *e);
bool reading_has_names(const struct templ *t);
/*
 * Compiles a pattern, or (with names in it, *out is NULL then) checks that it will compile: a name
 * stands for literal text, so any text serves.  Its groups are names from here on.
 */
int reading_pattern(struct reading *r, const struct token *t, struct pattern **out, struct err *e);
/* the next word of the line; pattern: it may be one */
int reading_next(struct reading *r, bool pattern, struct token *t, struct err *e);
/* a plain word, or a quoted one; name says what is missing, as "a name" */
int reading_word(struct reading *r, const char *name, const char **out, struct err *e);
/* there is nothing more on the line */
int reading_end(struct reading *r, struct err *e);

#endif
