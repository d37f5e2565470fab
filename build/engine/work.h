/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_WORK_H
#define BUILD_ENGINE_WORK_H

#include "build/base/err.h"
#include "build/engine/sandbox.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct argv;
struct config;
struct node;
struct override;
struct plan;
struct store;
struct sysdeps;

/*
 * How one node is built: in a folder of its own, CACHE/work/KEY-NAME.XXXXXX, step by step.
 * Everything is decided when it is opened; a step is then one child, either a command in
 * the sandbox or something lh-build does itself in a process of its own.
 */
enum step_kind {
	STEP_UNPACK, /* source archive or override -> src/ */
	STEP_STAGE,  /* what is needed -> stage/ host/ toolchain/ */
	STEP_PATCH,
	STEP_RESUME, /* instead of the sections before [install]: checkpoint.h */
	STEP_SECTION,
	STEP_KEEP,  /* a checkpoint */
	STEP_TEST,  /* a toolchain that came out */
	STEP_STORE, /* out/ -> the store: now others can use it */
	STEP_CLEAN
}; /* the folder is removed, and the stale one */

struct step {
	enum step_kind kind;
	const char *label; /* "configure", "patch 0001-quiet.patch" */
	const char *file;  /* script or patch as the command sees it, or NULL */
};

struct work {
	struct arena *a;
	const struct config *cfg;
	const struct sysdeps *sd;
	const struct plan *plan;
	const struct node *node;
	const struct store *store;
	const char *name;   /* "target-dropbear": of the entry in the store and of the log */
	const char *source; /* archive to unpack, or NULL */
	const struct override *override; /* instead of it, or NULL */
	const char *stale;		 /* folder of a failure that this makes up for, or NULL */
	const char *dir;		 /* src out stage host toolchain step log */
	const char *log;		 /* file */
	const char *key_text;
	const char *checkpoint; /* file that the work goes on from, or NULL */
	struct mount *mounts;
	size_t nmounts;
	struct step *steps;
	size_t nsteps;
	const char *unboxed; /* why there is no sandbox; NULL: there is one */
	int filter;	     /* for it: filter_open */
};

/*
 * Fills a struct work of which a..store, source, override, stale, key_text, unboxed and filter are
 * set; makes the folder, the scripts, and a log that begins with what is built and how.
 */
int work_open(struct work *w, struct err *e);
/* removes the folder */
int work_remove(const struct work *w, struct err *e);

/* lh-build does this step itself: call work_do in a child process */
bool step_is_ours(const struct step *s);
int work_do(const struct work *w, const struct step *s, struct err *e);
/* the others: pushes the whole command line */
void work_command(const struct work *w, const struct step *s, struct argv *v);
/* every variable a step has in its environment, as NAME=VALUE */
void work_env(const struct work *w, const char *makeflags, struct argv *env);

/* the checkpoint from which a node of this key can be built in the sandbox; NULL: none */
char *work_checkpoint(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct node *n, const char *key_text);

#endif
