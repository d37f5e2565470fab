/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_ARGUMENTS_H
#define VERIFY_BISECT_ARGUMENTS_H

#include "build/base/err.h"
#include "build/base/user.h"
#include "verify/bisect/search.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct arguments;
struct argv;

/*
 * What is to be bisected, from the arguments of the command line:
 *
 *     GOOD=SET BAD=SET				between two sets; a set may be followed by
 *						VERSION_name=V and OVERRIDE_name=TREE,
 *						which then hold at that end only
 *     GOOD=FILE BAD=FILE			between two manifests, as sets with such words:
 *						what the images were made of, on their triple
 *     PACKAGE=NAME GOOD=VERSION BAD=VERSION	among the versions a recipe pins
 *     PACKAGE=NAME REPO=DIR GOOD=REV BAD=REV	among a clone's commits: REV's ancestors by
 *						first parent, so that a merge is one step
 *     DRY_RUN=1, REPEAT=N, FAILURE=any|same, METRIC=NAME
 *
 * All others are variables for lh-build, at every step.
 */
/* one of these words, as --help tells it; the last has no name */
extern const struct argument {
	const char *name, *value, *what;
	int (*take)(struct arena *a, struct arguments *args, const char *value, struct err *e);
} arguments_all[];

/* one version of one package */
struct choice {
	const char *title; /* a commit's subject, or NULL */
	const char *tree;  /* the override, where both ends have the same version; or NULL */
	char **args;	   /* variables with which lh-build takes it; NULL-terminated */
};

struct arguments {
	const char *good, *bad;	    /* as given, without what follows a set */
	const char *package, *repo; /* or NULL */
	bool dry;
	unsigned repeat;
	const char *metric; /* see metric.h; or NULL */
	bool same_failure;  /* a failure at another step than the bad end's does not count */

	const char *same; /* how the ends do not differ, or NULL */
	struct search_space space;
	struct choice **choices; /* [package][version] */
	char **words;		 /* NULL-terminated */
	const char *set, *triple, *profile, *checkout, *output;
};

/*
 * lh_build: the program that lists the versions.  Who builds, when we are root: lh-build says so,
 * and makes OUTPUT and CACHE for that user, unless DRY_RUN.  Else {0}.
 */
int arguments_builder(struct arena *a, const char *lh_build, char *const *words, size_t n,
    struct user *out, struct err *e);
/* 1: the ends do not differ, which is an answer: out->same */
int arguments_read(struct arena *a, const char *lh_build, char *const *words, size_t n,
    struct arguments *out, struct err *e);
/* a version for people; the override where both ends have the same version */
const char *arguments_version(const struct arguments *args, size_t package, size_t version);
/*
 * A version set for people: "good end SET", "bad end SET", the packages that differ from the good
 * end ("a 1.2, b 3"), or from the bad one where those are few ("bad end SET but for a 1.1")
 */
const char *arguments_version_set(
    struct arena *a, const struct arguments *args, const size_t *version_set);
/* variables for lh-build: those of every step, then the version set's own */
void arguments_args(const struct arguments *args, const size_t *version_set, struct argv *out);
/* numbers in it by their value, the rest by bytes: < 0, 0, > 0 */
int version_compare(const char *a, const char *b);

#endif
