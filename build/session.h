/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SESSION_H
#define BUILD_SESSION_H

#include "build/base/err.h"
#include "build/config.h"
#include "build/plan.h"
#include "build/recipe.h"
#include "build/store.h"
#include "build/sysdeps.h"
#include "build/tools.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * What a command stands on: the configuration, what it leads to, and the plan.  Opening
 * one is the first half of the picture: config -> recipe -> plan.
 */
struct session {
	struct arena *a;
	struct config cfg;
	struct sysdeps sd;
	struct recipes recipes;
	struct set set;
	struct tools tools;
	struct store store;
	struct plan plan;
	const char *why; /* this profile, when auto chose it and not s6; else NULL */
	int lock;	 /* of OUTPUT; -1 when we only look */
	int hold;	 /* on CACHE: gc_hold; -1 likewise */
};

/*
 * From now on we are NORMALUSER.  write: OUTPUT and CACHE are made, OUTPUT is ours alone
 * until session_close; else nothing is written, and the folders need not be there.
 */
int session_open(struct arena *a, const char *top, char *const *args, size_t nargs, bool write, struct session *s, struct err *e);
void session_close(struct session *s);
/*
 * The same session with a network mode, for an image of its own: another configuration
 * and plan, everything else shared.  Not to be closed.
 */
int session_with_net(const struct session *s, bool dhcp, struct session *out, struct err *e);

#endif
