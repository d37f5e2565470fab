/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_JOB_H
#define BUILD_ENGINE_JOB_H

#include "build/base/child.h"
#include "build/base/err.h"
#include "build/engine/journal.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct plan;
struct shared;
struct store;
struct sysdeps;

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
 *
 * Leaves in job.dir: logs/VARIANT-NAME.log, and keys/VARIANT-NAME, the text of the key
 * of the last result, and keys/VARIANT-NAME.before, that of the one before it, for who
 * asks why something is built.  The folder of a node that failed is kept until that node
 * is built again; logs/VARIANT-NAME.work is a link to it.
 */

/* one plan: a triple in a network mode */
struct job {
	const struct config *cfg;
	const struct sysdeps *sd;
	struct plan *plan;
	const struct store *store;
	const char *dir;   /* for logs and keys; NULL: OUTPUT/TRIPLE */
	const char *label; /* before names in messages, as "i486"; NULL: nothing */
	/*
	 * what is done, in a child and for a token, when all nodes are there; what it says is
	 * repeated; NULL: nothing
	 */
	child_work *finish;
	const char *finish_name; /* "image" */
	void *arg;

	struct journal journal; /* job_open's, both */
	struct shared *shared;
};

struct job_opts {
	bool dry;	      /* only look */
	bool keep_going;      /* build what can still be built */
	const char *timeline; /* file for a chart of what ran, or NULL */
};

struct run;

/* looks up what can be looked up before anything is built; jobs and o must stay */
int job_open(struct arena *a, struct job *jobs, size_t n, const struct job_opts *o,
    struct run **out, struct err *e);
/* how many nodes there are in all, those of one key counted once when that is known already */
size_t job_nodes(const struct run *r);
/*
 * How many of them job_run would have to build at most, and what is new with the first of
 * those that were built before, such as "target/s6: section build changed", or NULL.
 */
size_t job_missing(const struct run *r, const char **why);
/* once; dry: tells on stdout what would run and why */
int job_run(struct run *r, struct err *e);
/* after job_run: all nodes of this job are there, and its finish is done */
bool job_complete(const struct run *r, const struct job *j);

#endif
