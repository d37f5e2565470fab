/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_RUN_H
#define VERIFY_BISECT_RUN_H

#include "build/base/err.h"
#include "verify/bisect/search.h"
#include "verify/bisect/arguments.h"
#include "verify/bisect/trials.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * One bisection: builds and judges what the search asks for, each in a child of its own,
 * until there is an answer.  Everything is in OUTPUT/bisect:
 *
 *     build/		lh-build's OUTPUT: the mixture at hand.  What is in the store is not
 *			built again, so coming back to one costs an image
 *     steps/IMAGE/	what lh-verify left of the last run of that image; build.log
 *     verdicts		see trials.h
 *     report.html
 */
struct bisect_opts {
	const char *lh_build, *lh_verify; /* programs */
	const char *scenarios;		  /* folder */
	const char **only;		  /* scenarios, NULL-terminated, at least one */
	const char *accel;
	double scale;	 /* 0: lh-verify's own choice */
	const char *out; /* NULL: OUTPUT/bisect */
};

/* a mixture, as far as we got with it */
struct version_set {
	size_t *versions;
	const char *cannot;	  /* why it cannot be built, or NULL */
	char subject[DIGEST_HEX]; /* of its runs */
	const char *dir;	  /* steps/IMAGE */
	const char *testcases;	  /* dir/ARCH/NET: a folder for each scenario */
	unsigned step;		  /* in the order of building, from 1 */
};

struct bisect {
	struct arena *a;
	const struct bisect_opts *opts;
	struct arguments q;
	struct trials trials;
	struct version_set *version_sets;
	size_t nversion_sets;
	size_t runs; /* made now, not read */
	size_t expected;
	char scenario[DIGEST_HEX];
	const char *dir, *manifest, *net; /* net: of the images */
	struct search_answer answer;
	double error; /* chance that the answer is wrong, as far as verdicts flip; 0: none did */
	bool flaky;
};

/* reads the question and what is known; with DRY_RUN=1 that is all */
int bisect_open(struct arena *a, const struct bisect_opts *o, char *const *words, size_t n,
    struct bisect *h, struct err *e);
/* until h->answer is one.  What cannot be built or judged is passed by; an error is the system's */
int bisect_run(struct bisect *h, struct err *e);
/* the one with these versions, or NULL */
const struct version_set *bisect_find(const struct bisect *h, const size_t *versions);
/* builds it again for a look into its tree; *tree: the folder, good until the next build */
int bisect_build(struct bisect *h, const size_t *versions, const char **tree, struct err *e);

#endif
