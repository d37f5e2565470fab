/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_RUN_H
#define BUILD_ENGINE_RUN_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct job;

/*
 * Runs plans side by side: the builder's only poll(2).  A node starts when all it needs is
 * there; its key is computed then, and when the store has it nothing runs.  Nodes of one
 * key, as a tool that several triples need, are built once.  Packages run in parallel under
 * one jobserver, each in its sandbox with its own log; what lies on the longest chain goes
 * first.  After a failure nothing new starts, what runs is finished, and the error names
 * package, step, the last 20 lines and the log's path.
 *
 * The key holds the checksum of the byte form that was used.  As any form will do, a
 * node is looked up under each of them before a source is fetched; what has to be
 * fetched is fetched, once for all plans, before anything is compiled.
 */
struct run_opts {
	bool dry;	      /* only look */
	bool keep_going;      /* build what can still be built */
	const char *timeline; /* file for a chart of what ran, or NULL */
};

struct run;

/* looks up what can be looked up before anything is built; jobs and o must stay */
int run_open(struct arena *a, struct job *jobs, size_t n, const struct run_opts *o,
    struct run **out, struct err *e);
/* how many nodes there are in all, those of one key counted once when that is known already */
size_t run_nodes(const struct run *r);
/*
 * How many of them would have to be built at most, and what is new with the first of those that
 * were built before, such as "target/s6: section build changed", or NULL.
 */
size_t run_missing(const struct run *r, const char **why);
/* on stdout: what would be built, and why */
void run_print(const struct run *r);
/* the sources of all that may have to be built */
int run_fetch(struct run *r, struct err *e);
/* builds it, and then what is made of each plan; once, after run_fetch */
int run_build(struct run *r, struct err *e);
/* after run_build: all nodes of this job are there, and its finish is done */
bool run_complete(const struct run *r, const struct job *j);
/* waits for what is being sent to CACHE_URL; not for a run that only looks (dry) */
void run_close(struct run *r);

#endif
