/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_PROGRESS_H
#define VERIFY_MUTANTS_PROGRESS_H

#include "build/base/err.h"
#include "verify/mutants/outcome.h"

#include <stddef.h>

struct arena;
struct image;
struct suite;

/*
 * What has been played so far, in a file to which each outcome adds a line, so that a run that was
 * interrupted goes on where it was.  Its first line has the key: a digest of the image, the
 * scenarios and the program.  Under another key nothing of it is true any more, and it begins anew.
 * An outcome that is inconclusive is not kept.
 */
struct progress {
	const char *path;
	int fd;
};

/* of scenarios: a folder; played: names of what is played on each mutant, and how */
int progress_key(struct arena *a, const struct image *i, const char *scenarios, const char *played,
    const char **key, struct err *e);
/*
 * fills in the outcomes of v that the file has, with outcome.resumed, and keeps what it has of
 * others; progress_close() in any case
 */
int progress_open(struct arena *a, const char *path, const char *key, struct outcome *v, size_t n,
    struct progress *out, struct err *e);
int progress_add(struct progress *p, const struct outcome *o, struct err *e);
void progress_close(struct progress *p);

#endif
