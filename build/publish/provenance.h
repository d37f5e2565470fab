/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_PROVENANCE_H
#define BUILD_PUBLISH_PROVENANCE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct manifest;
struct release;
struct sums;

/*
 * What a release was built from, as an in-toto statement (in-toto.io/Statement/v1) whose predicate
 * is SLSA's provenance (slsa.dev/provenance/v1).  Its subjects are all files of the release but
 * itself; its dependencies the checkout's commit, every source with its checksum, and the programs
 * of the machine that took part; the packages of each image have the keys of their steps, which are
 * digests of recipe, sources and tools.  It tells no time, no host and no folder.
 */
#define PROVENANCE_FILE "provenance.json"
#define PROVENANCE_TYPE "urn:lh-bootstrap:release:1" /* of build: what external parameters mean */

/* s: of all other files */
int provenance_write(
    struct arena *a, const struct release *r, const struct sums *s, const char *to, struct err *e);
/*
 * Does the text of one, which is anybody's, tell of exactly these files, itself aside, of this
 * commit, and of these images and what they were built from
 */
int provenance_check(const char *text, size_t n, const struct sums *s, const char *commit,
    const struct manifest *images, size_t nimages, struct err *e);

#endif
