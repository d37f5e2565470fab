/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_BLOCK_H
#define VERIFY_SCENARIO_BLOCK_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct lines;

/*
 * A word of several lines: what stands between a line with `<<END` in it and the next that is
 * exactly END, without the indentation that all of its lines have.
 */
struct block {
	const char **v; /* the lines */
	size_t n;
	unsigned first; /* line number of the first */
};

/* "END" of "<<END"; NULL: the word opens no block */
const char *block_mark(const char *word);
/* reads on behind the opening line, to the line that is mark */
int block_read(
    struct arena *a, struct lines *l, const char *mark, struct block *out, struct err *e);

#endif
