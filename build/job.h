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
 */
struct job_opts {
	bool dry;         /* say what would run and why, run nothing */
	bool keep_going;  /* build what can still be built */
};

int job_run(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const struct job_opts *o, struct err *e);

#endif
