/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_FINDING_H
#define VERIFY_BISECT_FINDING_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bisect;
struct version_set;

/*
 * What a bisection that has ended found, in words: the cause, the failing step with the output of
 * the same step where it passes, the files of the images that differ, the command that shows it
 * again, and how sure all of this is.
 */
struct finding {
	struct bisect *bis;
	struct arena *a; /* the bisection's */
	const char *headline;
	const char *note;	       /* a second line, or NULL */
	const char *where, *statement; /* of the failing step, or NULL */
	const char *expected, *got;
	const char *there;    /* output of the same step where it passes, or NULL */
	const char **changed; /* files */
	size_t nchanged;
	const char *again; /* command */
	const char *sure;  /* how many steps, and the chance of an error */
	int status; /* exit status: 0 found, EXIT_WORK the ends do not differ, EXIT_NOJUDGE */
};

/* builds both sides again, to compare their files; ends that are swapped are wrong usage */
int finding_make(struct bisect *bis, struct finding *out, struct err *e);
/* the last good or the first bad version set, or NULL */
const struct version_set *finding_side(const struct finding *f, bool bad);

#endif
