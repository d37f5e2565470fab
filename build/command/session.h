/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_SESSION_H
#define BUILD_COMMAND_SESSION_H

#include "build/base/err.h"
#include "build/config/config.h"
#include "build/engine/job.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/cache/store.h"
#include "build/config/sysdeps.h"
#include "build/plan/tools.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct memo;
struct request;

/*
 * What a command stands on, for one triple: the configuration, what it leads to, and the plan.
 * Opening one is the first half of the picture: config -> recipe -> plan.
 */
struct session {
	struct arena *a;
	struct config cfg;
	struct sysdeps sd;
	struct recipes recipes;
	struct set set;
	struct memo *memo; /* OUTPUT's; shared by the sessions of one OUTPUT */
	struct tools tools;
	struct store store;
	struct plan plan;
	const char *why; /* this profile, when auto chose it and not s6; else NULL */
	int lock;	 /* of OUTPUT; -1 when we only look */
	int hold;	 /* on CACHE: gc_hold; -1 likewise */
};

/*
 * A session for each of the configurations, which differ in TRIPLE and in what lh-config
 * makes of it: all that files of the checkout say of them, recipe and plan.
 */
int session_read(
    struct arena *a, const struct config *cfgs, size_t n, struct session *v, struct err *e);
/*
 * And what is not in the checkout: the store, this machine's programs, who may log in.  From
 * now on we are NORMALUSER.  write: OUTPUT and CACHE are made, OUTPUT is ours alone until
 * session_close; else nothing is written, and the folders need not be there.
 */
int session_hold(struct session *v, size_t n, bool write, struct err *e);
/*
 * PROFILE=auto: one decision for all of them.  What is built already needs no source, so that
 * origins are asked only when something is missing.
 */
int session_choose_profile(struct session *v, size_t n, struct err *e);
/* all three */
int session_open(struct arena *a, const struct config *cfgs, size_t n, bool write,
    struct session *v, struct err *e);
/*
 * Before a step is run: what steps see is as it was copied, or it is copied again.  That costs
 * reading it once after each start of the machine, so it is not done when there is nothing to run.
 */
int session_verify_system(struct session *s, struct err *e);
/* also one that was only read, or not held to the end */
void session_close(struct session *v, size_t n);
/*
 * A session for what the command line asks of one triple, to look at: nothing is written and
 * nothing has to be closed.
 */
int session_look(const struct request *rq, struct session *s, struct err *e);
/* its plan as something to be run, leaving logs in dir; it must stay where it is */
struct job session_job(struct session *s, const char *dir);
/* looks up what of its plan is in the store; job: what would be run */
int session_look_up(struct session *s, struct job *job, struct err *e);
/*
 * The same session with a network mode, for an image of its own: another configuration
 * and plan, everything else shared.  Not to be closed.
 */
int session_with_net(const struct session *s, bool dhcp, struct session *out, struct err *e);

#endif
