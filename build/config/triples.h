/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_TRIPLES_H
#define BUILD_CONFIG_TRIPLES_H

#include "build/base/err.h"
#include "build/config/config.h"

#include <stddef.h>

struct arena;

/*
 * What to build for: the triples that TRIPLES names, on the command line or in the
 * environment (all, or a list of names and short names); without it the one that is
 * configured.  Each has a configuration of its own, as lh-config may ask for $TRIPLE.
 */
struct triples {
	struct config *v;
	size_t n;
	size_t chosen; /* the one that TRIPLE names, or the first when it is not among them */
};

/* all errors EXIT_USAGE; nothing is written */
int triples_read(struct arena *a, const char *top, char *const *args, size_t nargs,
    struct triples *out, struct err *e);

#endif
