/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_DRAW_H
#define VERIFY_MUTANTS_DRAW_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct derived;

/* Which of all mutants are played. */
struct draw {
	const char *only; /* classes and sources, a comma between two; NULL: all */
	size_t sample;	  /* so many of them; 0: all */
	uint64_t seed;	  /* the same one draws the same ones */
};

/* their numbers in v, in order; a name that is neither class nor source is wrong usage */
int draw_mutants(struct arena *a, const struct derived *v, size_t n, const struct draw *d,
    size_t **out, size_t *nout, struct err *e);

#endif
