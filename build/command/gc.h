/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_GC_H
#define BUILD_COMMAND_GC_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;
struct recipes;
struct request;

/*
 * What may go from CACHE, and removing it.  Every OUTPUT that builds with a CACHE is a
 * root: CACHE/roots/ has a file for it that holds its path, and where its filesystem is mounted:
 * while that is not mounted, nothing can be removed.  From there manifests and the
 * keys of what was built last lead to the entries of the store that are worth keeping, and
 * their keys to what those were built with.  A checkpoint stays with a result that can be
 * had from it.
 *
 * Who builds holds CACHE/.gc shared from before it looks anything up until it is done;
 * who removes holds it alone.  An entry loses its name before its first file, so that being
 * killed leaves nothing but work for the next time.
 */

/*
 * To be held while CACHE is built with: *fd, until it is closed.  OUTPUT becomes a root.
 * Waits, and says so, while somebody removes things.
 */
int gc_hold(struct arena *a, const struct config *cfg, int *fd, struct err *e);

/* the same for who removes: *fd; an error while somebody builds.  what: the command, "gc" */
int gc_alone(struct arena *a, const struct config *cfg, const char *what, int *fd, struct err *e);

/* each OUTPUT that has been built with CACHE; there: its filesystem is mounted where it was */
typedef int gc_output_visit(void *arg, const char *output, bool there, struct err *e);
int gc_each_output(
    struct arena *a, const struct config *cfg, gc_output_visit *visit, void *arg, struct err *e);

struct gc_opts {
	bool dry;     /* say it, do nothing */
	bool sources; /* CACHE/sources too: what none of the recipes pins */
};

/*
 * tells on stdout what goes, a line each, and how much in the end; recipes may be NULL without
 * sources
 */
int gc_run(struct arena *a, const struct config *cfg, const struct recipes *recipes,
    const struct gc_opts *o, struct err *e);

/* lh-build gc [-n] [--sources] */
int gc_command(const struct request *rq, struct err *e);

#endif
