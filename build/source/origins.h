/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_ORIGINS_H
#define BUILD_SOURCE_ORIGINS_H

#include "build/plan/recipe.h"

#include <stdbool.h>
#include <stddef.h>

struct aptmirror;
struct arena;
struct config;

/*
 * Every place where a source might be fetched from, nearest first, decided before anything is
 * asked: CACHE_URL, mirrors, the forms' own URLs, the Debian archive, local clones.  Among places
 * of one kind the forms keep their order.
 */
enum place_kind { PLACE_URL, PLACE_DEBIAN, PLACE_GIT };

struct place {
	const struct source *form;
	enum place_kind kind;
	const char *where;  /* a URL; a path below the Debian archive; a tag */
	const char *url;    /* but for PLACE_GIT; of PLACE_DEBIAN after origins_resolve */
	const char *proxy;  /* for that, or NULL */
	const char *clone;  /* PLACE_GIT: the folder, NULL when GIT_MIRROR is not set */
	const char *closed; /* why it is not to be asked, or NULL */
	bool cache;	    /* it is CACHE_URL: another place has it, too */
};

struct places {
	struct place *v;
	size_t n;
};

/* of what name wants, which is there in these forms, in order of preference */
struct places origins_list(struct arena *a, const struct config *cfg, const char *name,
    const struct source *forms, size_t nforms);
/* finds out, once, where this machine's Debian archive is, if the place is there */
void origins_resolve(struct arena *a, struct place *p, struct aptmirror *apt);
/* the place as a person should see it, on the arena */
const char *origins_text(struct arena *a, const struct place *p);

#endif
