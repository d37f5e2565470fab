/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SESSION_SCRIPT_H
#define VERIFY_SESSION_SCRIPT_H

#include "build/base/err.h"
#include "verify/report/result.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct names;

/*
 * A scenario that somebody works on: its steps in their order, each with the lines of the file that
 * are its own, so that what was not touched is saved as it was.  The steps themselves are a pool,
 * the scenario's: what is replaced stays there, and what is new comes behind.
 */
#define SCRIPT_ROOM 1000 /* so many steps may come to it */

struct script_item {
	const char *text;     /* lines, each with its newline */
	size_t step;	      /* in the pool */
	unsigned line;	      /* of the file; of a new one that of the item it was put before */
	bool played;	      /* at least once */
	enum verdict verdict; /* the last time */
};

struct script {
	struct arena *a;
	struct scenario s; /* with the pool */
	size_t room;	   /* of the pool */
	const char *head;  /* the lines before the first step */
	struct script_item *v;
	size_t n;
};

/* from the file that it was read of; steps that are not of it, the ending's, are left out */
int script_open(struct arena *a, const struct scenario *s, struct script *out, struct err *e);
/* one without a step, whose head is this text; it is never read, so s has to say the same */
void script_begin(struct arena *a, const struct scenario *s, const char *head, struct script *out);
/*
 * Reads statements, and puts them before the at-th item, or in its place.  dir: a folder to write
 * in; names: what they may use.  Returns how many there are, or -1: what is wrong, without a place
 */
int script_put(struct script *c, size_t at, bool replace, const char *text, const char *dir,
    const struct names *names, struct err *e);
void script_delete(struct script *c, size_t at);
/* the first item that is on this line or behind it; n: none is */
size_t script_at(const struct script *c, unsigned line);
int script_save(const struct script *c, const char *path, struct err *e);

#endif
