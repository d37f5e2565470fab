/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_NIGHTS_H
#define VERIFY_TEST_NIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Made-up nights: runs with results, manifests and sizes as lh-verify leaves them, of a seed.
 *
 * Packages get new versions at random, sizes vary by 1 %, and every time has noise: 1.5 % of a
 * test, 1 % of a phase of a boot, 0.1 % of its work, and of the host, which everything but work has
 * in common, 5 % from night to night.  What failed is played again three times, in runs of its own.
 * What is planted comes on top.
 */
struct planted {
	size_t night;
	const char *package; /* that alone gets another version, in that set, on that night */
	const char *set;
	const char *scenario; /* which fails from then on there; or NULL */
	const char *arch;     /* on that one alone; NULL: on all */
	const char *phase;    /* which takes 1.08 times as long from then on there; or NULL */
	const char *work;     /* whose work is 3 % of the boot more from then on there; or NULL */
	const char *also;     /* a package that gets the same other version in all sets; or NULL */
};

struct nights {
	struct arena *a;
	const char *dir; /* where the runs are written */
	uint64_t random;
	size_t nplaces, nscenarios;
	const struct planted *planted;
	size_t nplanted;
	const char *flaky; /* scenario that fails at random at the first place; or NULL */
	double rate;
	/* of the night that was played last */
	size_t night;
	const char **runs; /* folders */
	size_t nruns;
	bool flaked;
	unsigned (*versions)[16]; /* [set][package] */
};

/* places: architectures x networks x sets, at most 30; scenarios: at most 60 */
void nights_begin(struct arena *a, const char *dir, unsigned seed, size_t nplaces,
    size_t nscenarios, struct nights *out);
/* the next night, from 0 on */
void nights_play(struct nights *n);

#endif
