/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_TASK_H
#define BUILD_ENGINE_TASK_H

#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/err.h"
#include "build/engine/journal.h"
#include "build/engine/work.h"

#include <stdbool.h>
#include <stddef.h>

struct client;
struct arena;
struct job;
struct jobserver;
struct node;
struct override;
struct traffic;

/* What all tasks of a run share. */
struct run_context {
	struct arena *a;
	struct jobserver *tokens;
	struct traffic *traffic;
	const char *unboxed; /* why there is no sandbox, or NULL */
	bool verify;	     /* results are to be used, so their bytes are looked at as well */
	nstime began;
};

/*
 * One node on its way into the store: looked up by its key, then, when it is not there,
 * built step by step, each a child that the caller waits for.  Or, without a node, what is
 * made of a plan when all its nodes are there: one child.
 */
enum task_state {
	TASK_PENDING, /* something it needs is not there, and perhaps never will be */
	TASK_ASKED,   /* CACHE_URL is being asked for it */
	TASK_READY,
	TASK_SHARED,	/* another task of this run has the same key and makes it for both */
	TASK_ELSEWHERE, /* another lh-build builds it */
	TASK_RUNNING,
	TASK_DONE, /* though its folder may still be being removed */
	TASK_FAILED
};

/* a step that ran, for the chart */
struct span {
	const char *label;
	bool ours;
	nstime from, to;
	double cpu; /* seconds, of all its processes */
};

struct task {
	const struct job *job;
	struct node *node; /* NULL: the end of the plan */
	enum task_state state;
	const char *id;			 /* "i486 target/dropbear", for people */
	const char *name;		 /* "target-dropbear" */
	const struct override *override; /* of its source, or NULL */
	const char *archive;		 /* source, when it had to be fetched */
	char *key_text;
	bool asked; /* CACHE_URL was, or is being */
	bool built; /* in this run; else what is done was in the store */

	struct task **wanted_by; /* those that need it */
	size_t nwanted_by;
	size_t unmet;	       /* how many of its needs are not there */
	struct task *same_key; /* the next one of it: a list that begins with who makes it */
	double seconds; /* it took last time, or a guess; 0: it is done, or made by another */
	bool guessed;
	double weight; /* seconds of it and of the longest chain of those who need it */
	nstime again;  /* TASK_ELSEWHERE: when to look again */

	struct child child; /* pid 0: none */
	struct work work;
	size_t step;
	struct client *client;
	int log, lock;
	nstime ready, since, step_since;
	bool late;	    /* its step was stopped for STEP_LIMIT */
	struct span *spans; /* of steps that are over */
	size_t nspans;
};

/*
 * All needs are there: 1, and the node is filled, when the store has it, made of whatever form of
 * its source; 0 when it is nowhere; TASK_WAITS when CACHE_URL is asked, and traffic_turn() will
 * return it, to be looked up again.
 */
#define TASK_WAITS 2
int task_look_up(const struct run_context *ctx, struct task *t, struct err *e);
/* TASK_RUNNING, or TASK_ELSEWHERE when another lh-build is building it; there must be a free token
 */
int task_start(const struct run_context *ctx, struct task *t, struct err *e);
/*
 * Its child is dead, or about to be: goes on to the next step, or to TASK_DONE or
 * TASK_FAILED.  A failure is told: the end of the log on stderr, the rest in *failure.
 */
int task_go_on(const struct run_context *ctx, struct task *t, struct err *failure, struct err *e);
/* when the step that runs is to be stopped; NS_NEVER: there is none, or no limit */
nstime task_deadline(const struct task *t);
/* kills that step, which task_go_on then tells of */
void task_stop(struct task *t);
/* what it is at, as "configure" */
const char *task_step(const struct task *t);
/* removes the folder of a task whose child was killed */
void task_tidy(const struct task *t);
/* a task whose child was killed and reaped, or TASK_RUNNING without one; its folder stays */
void task_abandon(const struct run_context *ctx, struct task *t);

/* a child for work without output that is not waited for, such as removing a kernel's source
 */
int task_aside(struct child *c, child_work *work, void *arg, struct err *e);

#endif
