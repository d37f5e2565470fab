/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_TRACES_H
#define BUILD_PUBLISH_TRACES_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;

/*
 * What a file that is given away would tell of the machine it was made on: paths of its folders,
 * and its name behind an @ or between quotes.  A user's name is in the path of the home folder; by
 * itself, as "nobody" or "build", it says nothing.
 */
struct traces {
	struct trace {
		const char *text, *what; /* "/home/me/lh", "the checkout" */
	} v[16];
	size_t n;
};

/*
 * Of this machine and process, and of the checkout, OUTPUT and CACHE.  own: a path that images have
 * themselves, as /root, is no trace of anybody; NULL ends the list.
 */
void traces_of(struct arena *a, const char *top, const char *output, const char *cache,
    const char *const *own, struct traces *out);
/*
 * An error names the first file below dir, or the file, that has one, and which; holes are skipped.
 * Below dir, what is compressed is passed over: it is for whoever compresses it to look before.
 */
int traces_search_file(const struct traces *t, const char *path, struct err *e);
int traces_search(const struct traces *t, const char *dir, struct err *e);

#endif
