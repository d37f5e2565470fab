/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_EQUIVALENT_H
#define VERIFY_MUTANTS_EQUIVALENT_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct image;

/*
 * Mutants that are as good as the image: nobody can tell, or need tell, the difference.  A line
 * each, `CLASS TARGET REASON`, where REASON is the rest of the line.  `requires KEY VALUE...`, as
 * in a scenario, limits the lines below it to the images that fit, as far as the next one; more
 * than one in a row have all to fit.
 */
struct equivalent {
	const char *class, *target, *reason;
	const char *path;
	unsigned line;
	bool used; /* for whoever looks whether there are such mutants */
};

/* those for that image; a file that is not there has none */
int equivalent_read(struct arena *a, const char *path, const struct image *i,
    struct equivalent **out, size_t *n, struct err *e);
/* that of a mutant, or NULL */
struct equivalent *equivalent_find(
    struct equivalent *v, size_t n, const char *class, const char *target);

#endif
