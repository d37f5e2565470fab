/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_RECIPE_H
#define BUILD_PLAN_RECIPE_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * recipes/NAME/recipe: inert `key value` lines, then shell sections as text.
 * Nothing is run or decided here.  The format is told in lh-recipe(5).
 */
enum variant { VARIANT_HOST, VARIANT_TOOLCHAIN, VARIANT_TARGET, NVARIANTS };

enum section { SECTION_CONFIGURE, SECTION_BUILD, SECTION_INSTALL, NSECTIONS };

enum origin_kind {
	ORIGIN_URL,    /* a full URL */
	ORIGIN_DEBIAN, /* a path below the Debian archive that apt uses */
	ORIGIN_GIT
}; /* a tag of the clone that GIT_MIRROR names */

struct origin {
	enum origin_kind kind;
	const char *where;
};

/* one byte form of a version's source */
struct source {
	const char *file; /* name under OUTPUT/sources */
	const char *sha256;
	uint64_t size; /* bytes; 0: not known */
	struct origin *origins;
	size_t norigins;
};

/* a text of the source that says under what terms it comes; all byte forms have the same */
struct licence_file {
	const char *path, *sha256;
};

struct version {
	const char *version;
	struct source *forms; /* any one of them will do */
	size_t nforms;
	struct licence_file *licences;
	size_t nlicences;
};

struct need {
	enum variant variant;
	bool same; /* the variant being built */
	const char *name;
	const char *profile; /* only there; NULL: in all */
	unsigned line;	     /* of the recipe, for messages */
};

struct recipe {
	const char *name, *licence;
	const char *dir; /* recipes/NAME */
	bool variants[NVARIANTS];
	bool image;	       /* its rootfs/ rwfs/ userfs/ go into images */
	const char *source_of; /* recipe whose versions are meant, or NULL */
	const char *kit;
	struct need *needs; /* of all variants: need_applies() */
	size_t nneeds;
	const char **config;
	size_t nconfig;
	const char **files;
	size_t nfiles;
	const char **inputs;
	size_t ninputs;
	const char **unpack; /* patterns of what is wanted of the source; none: all of it */
	size_t nunpack;
	struct version *versions;
	size_t nversions;
	const char *sections[NSECTIONS]; /* text, NULL when absent; the kit is not part of it */
	unsigned section_line[NSECTIONS];
	const char *text; /* all that is run or read: sections, kit, files */
};

struct recipes {
	struct recipe *v; /* sorted by name */
	size_t n;
};

struct set {
	const char *name;
	struct set_entry {
		const char *name, *version;
	} * v;
	size_t n;
};

extern const char *const variant_names[NVARIANTS];
extern const char *const section_names[NSECTIONS];

/* the keys of its lines, in the order in which they are told; NULL behind the last */
const char *recipe_key(size_t i);
/* the first origin that anybody could ask; NULL: there is none */
const char *source_url(const struct source *form);
int recipe_read(struct arena *a, const char *dir, struct recipe *out, struct err *e);
/*
 * Does its text speak of $VARIABLE?  Only then a step has a fact of sysdeps/ in its
 * environment, and the fact is part of the key: the kernel is not built again for
 * compiler flags that it never sees.
 */
bool recipe_mentions(const struct recipe *r, const char *variable);
/*
 * A variant takes what is built before it: host packages need host packages, the
 * toolchain needs host and toolchain, the target any.  So one recipe can serve host and
 * target though only its target variant needs target/nsss.  *as: the variant needed.
 */
bool need_applies(const struct need *n, enum variant of, enum variant *as);
/* `needs@PROFILE`: what is built for another profile does without */
bool need_in_profile(const struct need *n, const char *profile);
/*
 * every folder of top/recipes that holds a recipe; needs, their profiles, inputs, kits and
 * source-of that lead nowhere are errors
 */
int recipe_read_all(struct arena *a, const char *top, struct recipes *out, struct err *e);
const struct recipe *recipe_find(const struct recipes *r, const char *name);
int set_read(struct arena *a, const char *top, const char *name, struct set *out, struct err *e);
/* NULL when the set does not name it */
const char *set_version(const struct set *s, const char *name);

#endif
