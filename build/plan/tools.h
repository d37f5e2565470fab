/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_TOOLS_H
#define BUILD_PLAN_TOOLS_H

#include "build/base/err.h"
#include "build/plan/recipe.h"

#include <stddef.h>

struct arena;
struct config;
struct memo;
struct sysdeps;

/*
 * The programs of this machine that take part in a build.  What they say of themselves
 * is part of the keys: another compiler, other results.
 */
enum tool_use {
	USED_BY_ALL,	/* every node */
	USED_BY_HOST,	/* host nodes, and those that ask for BUILD_CC */
	USED_BY_TARGET, /* toolchain and target nodes */
	NUSES
};

struct tool {
	const char *name; /* make, BUILD_CC, gcc, ld, libc.. */
	const char *said; /* first line of --version, or a digest */
	enum tool_use use;
};

struct tools {
	struct tool v[12];
	size_t n;
	struct memo *memo;
	/* what steps see instead of /usr: by host nodes, by all others; cache/system.h */
	struct tools_system {
		const char *root, *hex; /* NULL: they see this machine's */
	} host, target;
	const char *whole;   /* why they do */
	const char *unboxed; /* why steps see the whole machine; NULL: they run in a sandbox */
};

/*
 * Asks those that this configuration uses.  One that is missing, cannot compile, or
 * with CROSS_BASE makes something else than static programs on musl for the triple, is
 * EXIT_USAGE and named with the way out.  m, or NULL, spares asking what was asked before.
 */
int tools_ask(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct memo *m,
    struct tools *out, struct err *e);

/* what a step of this variant sees */
const struct tools_system *tools_system(const struct tools *t, enum variant v);

#endif
