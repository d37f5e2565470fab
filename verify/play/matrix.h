/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_MATRIX_H
#define VERIFY_PLAY_MATRIX_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct image;
struct scenario;
struct testcase_result;

/*
 * An image that is not as it was built, and a verdict that is not the scenario's own: what the
 * matrix and the run need to know of a mutant (verify/mutants/).
 */
struct matrix_variant {
	const char *name; /* of the test case, instead of the scenario's */
	const char *title, *path;
	const char *append; /* more kernel words, or NULL */
	/* writes to the file `to` what the image, which is the file `from`, becomes */
	int (*make)(struct arena *a, const void *arg, const struct image *i, const char *from,
	    const char *to, struct err *e);
	/* what the scenario's verdict means */
	void (*judge)(struct arena *a, const void *arg, struct testcase_result *r);
	const void *arg;
};

/* Which scenario is to be played on which image: images x scenarios, in that order. */
struct matrix_testcase {
	struct image *image;
	const struct scenario *scenario;
	const char *skip;		      /* why it is not played, or NULL */
	const struct matrix_variant *variant; /* NULL: the image as it was built */
};

struct matrix {
	struct matrix_testcase *v;
	size_t n;
	struct image *images;
	size_t nimages;
};

/* which scenarios: those named; when none is, those of the lanes; when there are none, the quick
 * ones */
struct matrix_choice {
	const char *const *only, *const *lanes; /* NULL-terminated, or NULL */
};

/* a name or a lane that there is not is an error */
int matrix_check_choice(struct arena *a, const struct scenario *v, size_t n,
    const struct matrix_choice *choice, struct err *e);
bool matrix_wants(const struct scenario *s, const struct matrix_choice *choice);
/* the choice is checked, and has to leave something */
int matrix_make(struct arena *a, struct image *images, size_t nimages,
    const struct scenario *scenarios, size_t nscenarios, const struct matrix_choice *choice,
    struct matrix *out, struct err *e);
/* what `requires` may name; NULL behind the last */
const char *matrix_key(size_t i);
/* is its lane among these; of none, is it quick */
bool matrix_plays_lane(const struct scenario *s, const char *const *lanes);
/*
 * one requirement line against one image: NULL when met, else why not; an unknown key is an error
 * that lists the known ones
 */
int matrix_requires(struct arena *a, const struct image *i, const char *key,
    const char *const *values, size_t nvalues, const char **skip, struct err *e);
/* is there a guest agent in this test case?  One on the console leaves it to who sends there */
bool matrix_has_agent(const struct image *i, const struct scenario *s);
const struct scenario *matrix_scenario(
    const struct scenario *scenarios, size_t n, const char *name); /* or NULL */

#endif
