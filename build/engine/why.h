/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_WHY_H
#define BUILD_ENGINE_WHY_H

#include "build/base/err.h"

struct arena;
struct buf;
struct config;
struct plan;
struct sysdeps;

/* A plan that has been through run_open(), and what is known beside it. */
struct why {
	const struct config *cfg;
	const struct sysdeps *sd;
	const struct plan *plan;
	const char *dir; /* where the jobs left their keys/ */
};

/*
 * Why a node will be built, or was built last: the lines of its key that differ, and the
 * same for every need among them.  id is "target/s6", or "s6" for that.
 */
int why_text(struct arena *a, const struct why *w, const char *id, struct buf *out, struct err *e);

#endif
