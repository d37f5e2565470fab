/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_PAST_H
#define VERIFY_HISTORY_PAST_H

#include "build/base/clock.h"
#include "verify/report/result.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * What is remembered of finished runs, in memory: one run as it is put into the database, or all of
 * them as they come out of it.  Members that are indices point into the vectors of struct past.
 *
 * A night is a date: that of what began between noon and the next noon, UTC, is the first noon's.
 */
#define PAST_NONE ((size_t)-1)
/* behind the name of a scenario where no guest started from a saved state, as was asked for */
#define PAST_COLD ":cold"

struct past_package {
	const char *name, *version;
	const char *key;    /* of the action that built it; NULL: not told */
	const char *commit; /* of a clone, or NULL */
};

struct past_size {
	const char *name; /* a package, or `kernel` */
	long long bytes;
};

/* what was judged: a manifest */
struct past_image {
	const char *digest; /* of the manifest */
	const char *arch, *triple, *net, *profile, *set;
	const char *image, *kernel; /* digests, or NULL */
	struct past_package *packages;
	size_t npackages;
	struct past_size *sizes;
	size_t nsizes;
};

struct past_run {
	const char *digest;	  /* of its results: the same run is remembered once */
	const char *night;	  /* 2026-11-26 */
	const char *began;	  /* 2026-11-26T23:51:19Z */
	const char *program;	  /* what judged: version and commit of lh-verify; NULL: not told */
	const char *host, *accel; /* or NULL */
	const char *dir;	  /* where it lay when it was added, absolute */
	nstime took;
};

/* an image by what it is built for and with, and a scenario */
struct past_case {
	const char *name; /* ARCH/NET/PROFILE/SET/SCENARIO */
	/* scenario: with PAST_COLD behind it, perhaps */
	const char *arch, *net, *profile, *set, *scenario;
	const char *place; /* name without the scenario */
};

/* a case judged once; a night may have judged it more than once */
struct past_result {
	size_t run, testcase;
	size_t image; /* PAST_NONE: its manifest was not there */
	enum verdict verdict;
	nstime took, booted; /* booted 0: not measured */
	const char *from;    /* the saved state it started from, or NULL */
	const char *what;    /* of what did not pass: one line, or NULL */
};

/* of a boot: from where the kernel begins, or a service is started, until it is ready */
struct past_phase {
	size_t run, image;
	const char *name;
	nstime took;
};

struct past {
	struct past_run *runs;
	size_t nruns;
	struct past_image *images;
	size_t nimages;
	struct past_case *cases;
	size_t ncases;
	struct past_result *results;
	size_t nresults;
	struct past_phase *phases;
	size_t nphases;
	/* by past_index() */
	const char **nights; /* in order, each once */
	size_t nnights;
	size_t *night_of; /* each run's */
	struct past_cell {
		size_t first, n; /* of order */
	} * cells;		 /* ncases x nnights */
	size_t *order;		 /* results, by case, night and time */
	const char **places;	 /* of the cases, each once, in order */
	size_t nplaces;
	size_t *place_images; /* nplaces x nnights: the last image that was judged, or PAST_NONE */
};

/* the night of a moment as results have it; false: it is none */
bool past_night(const char *began, char night[11]);
/* ARCH/NET/PROFILE/SET/SCENARIO, on the arena; the text stays */
struct past_case past_case_of(struct arena *a, const char *name);
/* finds nights and cells, once all else is there; cases are sorted by name before */
void past_index(struct arena *a, struct past *p);
/* what a case was judged in a night, in the order of time */
const struct past_result *past_result(
    const struct past *p, size_t testcase, size_t night, size_t i);
size_t past_tries(const struct past *p, size_t testcase, size_t night);
/* more failures than these without a pass between them are no flake, but something that is broken
 */
#define PAST_FLAKES 2
/*
 * A night of a case as one letter: P passed, F failed, B both, S skipped, I inconclusive, and - not
 * played.  Inconclusive runs count only where there is nothing else.  What ends with more failures
 * than a flake has failed, though it passed before.
 */
char past_letter(const struct past *p, size_t testcase, size_t night);
/* the image that the last result with this verdict was about, or NULL */
const struct past_image *past_image_of(
    const struct past *p, size_t testcase, size_t night, enum verdict v);
/* what was judged of a place in a night, or NULL */
const struct past_image *past_image_at(const struct past *p, size_t place, size_t night);
/* the one of that date; NULL: the last until tonight, a date, too; false: there is none */
bool past_find_night(const struct past *p, const char *date, const char *tonight, size_t *night);
/* is it, or does it end with, that name; or begin with these words, as ARCH/NET? */
bool past_case_is(const struct past_case *c, const char *name);
/* the same bytes were judged */
bool past_same_image(const struct past_image *x, const struct past_image *y);

#endif
