/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_PLAN_H
#define BUILD_PLAN_PLAN_H

#include "build/base/err.h"
#include "build/files/digest.h"
#include "build/plan/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct config;
struct memo;
struct sysdeps;
struct tools;

/*
 * What has to be built, in an order in which it can be: a node is a recipe in one
 * variant at one version.  Making the plan writes nothing and runs nothing.
 */
struct node {
	const struct recipe *recipe;
	const struct recipe *origin; /* whose versions: recipe, or what source-of names */
	enum variant variant;
	const struct version *version; /* NULL: no source */
	const char *override;	       /* OVERRIDE_name's value, or NULL */
	const char *id;		       /* "target/dropbear" */
	size_t *needs;		       /* direct, as indices into plan->v */
	size_t nneeds;
	size_t *closure; /* all of them, transitively, ascending */
	size_t nclosure;

	/* filled by job.c as the run goes on */
	const struct source *form; /* the byte form that was fetched */
	const char *override_hash; /* content of the override */
	char key[DIGEST_HEX];	   /* empty until all needs are built */
	char output[DIGEST_HEX];   /* digest_tree of what it made */
	const char *store;	   /* folder in the store, absolute */
};

struct plan {
	struct node *v; /* a node comes after all it needs */
	size_t n;
	const char *profile; /* decided: s6 or minimal */
	const struct tools
	    *tools; /* of this machine, part of the keys; lent by main() before the first key */
	struct memo *memo; /* likewise; NULL: every file is read anew */
};

/*
 * roots: recipes/profiles/PROFILE, and PACKAGES of the configuration; a cycle or a version the
 * recipe does not pin is named
 */
int plan_make(struct arena *a, const struct config *cfg, const struct recipes *r,
    const struct set *set, const char *profile, struct plan *out, struct err *e);
/* forgets all but one node and what it needs */
int plan_keep(struct arena *a, struct plan *p, const char *id, struct err *e);
const struct node *plan_find(const struct plan *p, const char *id);
/* its id as part of a file's name: "target-dropbear" */
char *plan_node_name(struct arena *a, const struct node *n);

/*
 * The permissions that a step sees a `file` of its recipe with, whatever the umask of the checkout
 * was: these, or 0755 when it may be run, which the key says.
 */
#define PLAN_FILE_MODE 0644
mode_t plan_file_mode(const char *path);
/* files of sysdeps/TRIPLE that a recipe gets to see, sorted: none when its text has no $SYSDEPS */
int plan_sysdeps_files(struct arena *a, const struct sysdeps *sd, const struct recipe *r,
    char ***names, size_t *n, struct err *e);

/*
 * Everything that can change a node's result, as sorted text lines `WHAT VALUE`; its
 * sha256 is the key.  The outputs of the whole closure must be there, as all of it is
 * visible to the node.  sd is not looked at for host nodes.
 */
int plan_key(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const struct node *n, char **text, struct err *e);

#endif
