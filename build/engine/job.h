/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_JOB_H
#define BUILD_ENGINE_JOB_H

#include "build/base/child.h"
#include "build/engine/journal.h"

struct config;
struct plan;
struct shared;
struct store;
struct sysdeps;

/*
 * A plan to be run, a triple in a network mode, with all that it takes.  It leaves in dir:
 * logs/VARIANT-NAME.log, and keys/VARIANT-NAME, the text of the key of the last result, and
 * keys/VARIANT-NAME.before and .how, that of the one before it and where the result came from, for
 * who asks why something is built.
 * The folder of a node that failed is kept until that node is built again;
 * logs/VARIANT-NAME.work is a link to it.
 */
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
	/* 1: what finish would make is there, 0: it is not, -1; NULL: nobody knows */
	int (*is_there)(void *arg, struct err *e);
	void *arg;

	struct journal journal; /* run_open's, both */
	struct shared *shared;
};

#endif
