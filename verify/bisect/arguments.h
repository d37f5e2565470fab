/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_ARGUMENTS_H
#define VERIFY_BISECT_ARGUMENTS_H

#include "build/base/err.h"
#include "verify/bisect/search.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct argv;

/*
 * What is to be bisected, from the words of the command line:
 *
 *     GOOD=SET BAD=SET				between two sets; a set may be followed by
 *						VERSION_name=V and OVERRIDE_name=TREE words,
 *						which then belong to that end only
 *     PACKAGE=NAME GOOD=VERSION BAD=VERSION	among the versions a recipe pins
 *     PACKAGE=NAME REPO=DIR GOOD=REV BAD=REV	among a clone's commits: REV's ancestors by
 *						first parent, so that a merge is one step
 *     DRY_RUN=1, REPEAT=N, FAILURE=any|same
 *
 * All other words are lh-build's, at every step.
 */
struct choice {
	const char *title; /* a commit's subject, or NULL */
	const char *tree;  /* what tells it from the other end, which has the same version: an
			      override, or NULL */
	char **args;	   /* what makes lh-build take it; NULL-terminated */
};

struct arguments {
	const char *good, *bad;	    /* as given, without the words behind a set */
	const char *package, *repo; /* or NULL */
	bool dry;
	unsigned repeat;
	bool same_failure; /* a failure in another place than the bad end's is none */

	struct search_space w;
	struct choice **choices; /* [package][version] */
	char **args;		 /* NULL-terminated */
	const char *set, *triple, *profile, *checkout, *output;
	uid_t uid; /* whose OUTPUT is */
	gid_t gid;
};

/*
 * lh_build: the program to ask for versions.  Two ends without any difference are an error:
 * EXIT_WORK
 */
int arguments_read(struct arena *a, const char *lh_build, char *const *words, size_t n,
    struct arguments *out, struct err *e);
/* a version for people; where it does not tell one from another, what it is built from */
const char *arguments_version(const struct arguments *q, size_t package, size_t version);
/*
 * "good end SET", "bad end SET"; "a 1.2, b 3" of those that are not as at the good end; "bad end
 * SET but for a 1.1"
 */
const char *arguments_version_set(
    struct arena *a, const struct arguments *q, const size_t *version_set);
/* the words for lh-build that stand for it: those of all steps, then the mixture's */
void arguments_args(const struct arguments *q, const size_t *version_set, struct argv *out);
/* numbers in it by their value, the rest by bytes: < 0, 0, > 0 */
int version_compare(const char *a, const char *b);

#endif
