/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_SUMS_H
#define BUILD_PUBLISH_SUMS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * SHA256SUMS of a released folder: a line for each file that is in it, in a form that sha256sum(1)
 * checks, but for itself and its signature.
 */
#define SUMS_FILE "SHA256SUMS"
#define SUMS_SIGNATURE SUMS_FILE ".sig"
#define SUMS_MOST (UINT64_C(16) << 30) /* bytes of a file that anybody releases */

struct sum {
	const char
	    *name; /* relative to the folder, clean: no "..", nothing that is not printable */
	const char *sha256;
};

struct sums {
	struct sum *v; /* by name, in strcmp order; each once */
	size_t n;
};

/*
 * Of the files that are there, whoever made them.  What is neither file nor folder, a name that no
 * list could have, or a file larger than SUMS_MOST, is an error, before anything is opened.
 */
int sums_of(struct arena *a, const char *dir, struct sums *out, struct err *e);
/* one file more, which came since */
int sums_add(struct arena *a, const char *dir, const char *name, struct sums *to, struct err *e);
/* the text of a SHA256SUMS that is anybody's */
int sums_parse(struct arena *a, const char *text, struct sums *out, struct err *e);
/* SHA256SUMS, into dir */
int sums_write(const struct sums *s, const char *dir, struct err *e);
/* every file that is told is there and of its digest, and none but those */
int sums_compare(const struct sums *told, const struct sums *are, struct err *e);
/* the digest of that name, or NULL */
const char *sums_find(const struct sums *s, const char *name);

#endif
