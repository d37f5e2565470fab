/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_SYSDEPS_H
#define BUILD_CONFIG_SYSDEPS_H

#include "build/base/err.h"
#include "build/files/manifest.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* sysdeps/TRIPLE/facts: all that is known of an architecture, as `key value` lines. */
struct sysdeps {
	const char *triple;
	const char *dir; /* top/sysdeps/TRIPLE */
	struct fact {
		const char *key, *value;
	} * facts; /* in file order */
	size_t nfacts;
	struct man_differs
	    *differs; /* `differs SUBJECT WORD REASON`, any number: see verify/report/compare.h */
	size_t ndiffers;
};

/* an unsupported triple is EXIT_USAGE and lists the supported ones */
int sysdeps_read(
    struct arena *a, const char *top, const char *triple, struct sysdeps *out, struct err *e);
/* NULL when there is no such fact */
const char *sysdeps_get(const struct sysdeps *s, const char *key);
/*
 * Does the fact say how things are built?  The others describe the machine that QEMU
 * plays: no recipe sees them, and changing them builds nothing again.
 */
bool fact_builds(const struct fact *f);
/* we know it ourselves; the others are there for recipes */
bool fact_is_ours(const struct fact *f);
/* what recipes know it by: kernel-arch is KERNEL_ARCH */
const char *fact_variable(struct arena *a, const struct fact *f);
/*
 * the triple of that name or with that fact `short`, as x86_64 for x86_64-linux-musl; NULL: there
 * is none
 */
const char *sysdeps_resolve(struct arena *a, const char *top, const char *name);
/* what is built for when nobody asks for another: top/sysdeps/default, else the first there is */
int sysdeps_default(struct arena *a, const char *top, const char **out, struct err *e);
/* "a b c", sorted: every folder of top/sysdeps */
char *sysdeps_supported(struct arena *a, const char *top);

#endif
