/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_SANDBOX_H
#define BUILD_ENGINE_SANDBOX_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct argv;
struct arena;
struct child_opts;

/*
 * The command line that shuts a build step in: bubblewrap with no network and only
 * the system's programs and what the step declared, at fixed paths under /lh.  Without
 * bubblewrap the paths are the real ones and the network stays.  Pure: nothing is run.
 */
struct mount {
	const char *real;   /* absolute path on this machine; NULL: an empty folder */
	const char *inside; /* path the step sees it at, such as /lh/src */
	bool writable;
};

/* what one child is shut in with */
struct sandbox {
	const struct mount *mounts;
	size_t n;
	const char *cwd;    /* inside */
	const char *system; /* folder with usr/ and etc/, or NULL: this machine's */
	int filter;	    /* filter_open's, at its beginning: the child has to inherit it */
	/* folder with tmp/ and shm/, for what is written there to be on a disk; NULL: in memory */
	const char *scratch;
};

/*
 * 1: this machine can do it, bwrap is there and a trial run works; 0: it cannot, and why says why;
 * -1: it could not be tried, which is no reason to build without it
 */
int sandbox_works(struct arena *a, const char **why, struct err *e);
/* pushes the bwrap words; the command itself is pushed after them by the caller */
void sandbox_wrap(struct argv *v, const struct sandbox *s);
/* bounds of whatever runs in it, or runs without one: see sandbox.c */
void sandbox_limit(struct child_opts *o);

#endif
