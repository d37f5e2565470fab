/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_FETCH_H
#define BUILD_SOURCE_FETCH_H

#include "build/base/err.h"
#include "build/plan/recipe.h"
#include "build/source/transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct config;

/*
 * Sources, from wherever they can be fetched, checked before they get their name.
 * Origins are tried in this order: a complete file in OUTPUT/sources, CACHE/sources or the
 * checkout's sources/, MIRRORS, the form's own URLs, the Debian archive of this machine's apt, the
 * clone that GIT_MIRROR names; at each of these the forms in their order.  Several files at once.
 */
struct want {
	const char *name; /* package, for messages and for GIT_MIRROR's %s */
	const char *version;
	const struct source *forms; /* in order of preference */
	size_t nforms;
	const struct source *got; /* which form is there now; NULL: none could be fetched */
	const char *path; /* of that file, absolute; after a probe only if it is there already */
	const char *why;  /* when got is NULL: every origin tried with its own reason, "  ORIGIN:
			     REASON" a line */
};

/*
 * Gets all of them.  Not being able to get one is no error here: got stays NULL and
 * why tells; an error is a full disk, an unwritable folder.  Files land in
 * OUTPUT/sources under their name, by rename; a partial one is FILE.part.
 */
int fetch_all(
    struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e);
/*
 * could any form be fetched, judging by HEAD requests, files present and clones; fills why;
 * downloads nothing
 */
int fetch_probe(
    struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e);

/* fills e with what there is to say of a source that could not be fetched, and the way out; returns
 * -1
 */
int fetch_lack(const struct config *cfg, const struct want *w, struct err *e);

/* how long a server may keep us waiting, and how often it may fail */
struct patience {
	struct transfer_patience server;
	unsigned tries; /* of one origin, while it fails as if it could recover */
	nstime backoff; /* before the second try; doubles */
};

/* the same with other patience than usual, for tests */
int fetch_with(struct arena *a, const struct config *cfg, const struct patience *p, bool probe,
    struct want *wants, size_t n, struct err *e);

#endif
