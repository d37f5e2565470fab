/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_LEGAL_H
#define BUILD_PUBLISH_LEGAL_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct manifest;
struct release;
struct sums;

/*
 * What licences ask of who gives programs away: their texts, and the source.  In a released folder,
 * `legal/` has the texts of each package, as they are in its source, `sources/` has the sources and
 * the checkout, which is how they were built; and `legal/index` tells which belongs to what.
 *
 * The index is text: first line "lh-legal 1", then lines of
 *
 *   package NAME VERSION LICENCE..    an SPDX expression
 *   text NAME VERSION FILE            below the release
 *   source NAME VERSION FILE          likewise
 *
 * What is ours has the checkout's commit for a source, and COPYING for a text.
 */
#define LEGAL_INDEX "legal/index"

int legal_write(struct arena *a, const struct release *r, const char *to, struct err *e);

struct legal {
	struct legal_line {
		const char *key, *name, *version, *value;
	} * v;
	size_t n;
};
int legal_parse(struct arena *a, const char *text, struct legal *out, struct err *e);
/* has every package of an image a licence, and texts and a source that the release lists */
int legal_covers(
    const struct legal *l, const struct manifest *m, const struct sums *s, struct err *e);

#endif
