/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_JOB_H
#define BUILD_JOB_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct plan;
struct store;
struct sysdeps;

/*
 * Runs a plan: the builder's only poll(2).  A node starts when all it needs is there;
 * its key is computed then, and when the store has it nothing runs.  Packages run in
 * parallel under one jobserver, each in its sandbox with its own log.  After a failure
 * nothing new starts, what runs is finished, and the error names package, step, the last
 * 20 lines and the log's path.
 *
 * The key holds the checksum of the byte form that was used.  As any form will do, a
 * node is looked up under each of them before a source is fetched; what has to be
 * fetched is fetched before anything is compiled.
 *
 * Leaves in opts.dir: logs/VARIANT-NAME.log, and keys/VARIANT-NAME, the text of the key
 * of the last result, and keys/VARIANT-NAME.before, that of the one before it, for who
 * asks why something is built.  The folder of a node that failed is kept until that node
 * is built again; logs/VARIANT-NAME.work is a link to it.
 */
struct job_opts {
	const char *dir; /* for logs and keys; NULL: OUTPUT/TRIPLE */
	bool dry;	 /* say what would run and why, run nothing */
	bool keep_going; /* build what can still be built */
};

/*
 * How many nodes job_run would have to build at most, and what is new with the first of
 * them that was built before, such as "target/s6: section build changed", or NULL.  Looks
 * only; nodes that the store has are filled as job_run does.
 */
int job_count(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const char *dir, size_t *n, const char **why, struct err *e);
int job_run(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const struct job_opts *o, struct err *e);

#endif
