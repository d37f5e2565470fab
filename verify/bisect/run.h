/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_RUN_H
#define VERIFY_BISECT_RUN_H

#include "build/base/err.h"
#include "verify/bisect/search.h"
#include "verify/bisect/arguments.h"
#include "verify/bisect/trials.h"
#include "verify/options.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * One bisection: has the version sets that the search asks for built by lh-build and judged by
 * lh-verify, until there is an answer.  Everything is in OUTPUT/bisect:
 *
 *     build/		lh-build's OUTPUT, with the current version set.  Packages that are in
 *			the store are not built again: to return to a version set costs an image
 *     steps/IMAGE/	lh-verify's output folder of the last run of that image; IMAGE.log
 *     steps/N-build.log
 *     verdicts		see trials.h
 *     report.html
 */
struct bisect_opts {
	const char *lh_build, *lh_verify; /* programs */
	const char *scenarios;		  /* folder */
	struct names also;		  /* folders of further ones */
	const char **only;		  /* scenarios, NULL-terminated, at least one */
	const char *accel;
	double scale;	 /* 0: lh-verify chooses */
	unsigned jobs;	 /* the same */
	bool cold, keep; /* as lh-verify has them */
	const char *out; /* NULL: OUTPUT/bisect */
};

/* a version set that was built, or was tried to be */
struct version_set {
	size_t *versions;
	const char *cannot;	  /* why it cannot be built, or NULL */
	char subject[DIGEST_HEX]; /* what its runs have in the file of verdicts */
	const char *dir;	  /* steps/IMAGE */
	const char *testcases;	  /* dir/ARCH/NET: a folder for each scenario */
	unsigned step;		  /* in the order of building, from 1 */
};

struct bisect {
	struct arena *a;
	const struct bisect_opts *opts;
	struct arguments args;
	struct trials trials;
	struct version_set *version_sets;
	size_t nversion_sets;
	size_t runs; /* made now; those of an earlier bisection do not count */
	size_t expected;
	char scenario[DIGEST_HEX];
	const char *dir, *manifest, *net; /* net: of the images */
	struct search_answer answer;
	double error; /* chance that the answer is wrong; 0: no verdict flipped */
	bool flaky;
	int lock; /* of the folder, until bisect_close(); -1 for DRY_RUN */
};

/*
 * reads the arguments and earlier verdicts; makes the folders, unless DRY_RUN=1.
 * 1: the ends do not differ, bis->args.same.  Of two in one folder the second is refused.
 */
int bisect_open(struct arena *a, const struct bisect_opts *o, char *const *words, size_t n,
    struct bisect *bis, struct err *e);
/* what bisect_open() has taken, which must not have failed */
void bisect_close(struct bisect *bis);
/* until bis->answer is one.  What cannot be built or judged is passed by; an error is the system's
 */
int bisect_run(struct bisect *bis, struct err *e);
/* how its runs came out */
struct tally bisect_tally(const struct bisect *bis, const struct version_set *m);
/* the one with these versions, or NULL */
const struct version_set *bisect_find(const struct bisect *bis, const size_t *versions);
/* builds it again, to read its files; *tree: the folder, valid until the next build */
int bisect_build(struct bisect *bis, const size_t *versions, const char **tree, struct err *e);

#endif
