/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_RUN_H
#define VERIFY_PLAY_RUN_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct testcase_result;
struct matrix;
struct report_head;
struct scenario;

struct options;

struct run_opts {
	const char *out;   /* folder for everything, absolute */
	unsigned jobs;	   /* guests at a time; 0: limited by CPUs and memory, and those whose
			      scenario sleeps besides */
	double scale;	   /* of timeouts; 0: by how slow the machine is seen to be */
	const char *accel; /* tcg, kvm, auto */
	bool keep;	   /* overlays, also of what passed */
	bool capsule;	   /* what fails keeps its guest (capsule.h) */
	const struct options *asked; /* what the person wants, to be told how to play one again; or
					NULL */
	/* how the state is reached that `after booted` starts from; NULL: every guest boots */
	const struct scenario *booted;
};

/*
 * Plays all test cases, jobs at a time: prepares the images, starts and reaps guests, prints TAP on
 * stdout and progress on stderr, and checks the images' digests once more at the end.  *results has
 * one for each test case, in order, then one for each comparison between triples (compare.h).  A
 * inconclusive test case is a result; an error is that nothing could.  A signal ends
 * all guests, and what was not judged is inconclusive.
 */
int run_testcases(struct arena *a, struct matrix *m, const struct run_opts *o,
    struct report_head *head, struct testcase_result **results, size_t *nresults, struct err *e);

unsigned run_processors(void); /* that we may use */
/* how long a little work takes, in multiples of what it takes on a processor of its own */
double run_contention(void);
/* how many guests at a time: limited by CPUs and memory */
unsigned run_jobs(unsigned processors, unsigned long long available_mib, unsigned guest_mib);
/*
 * how much longer things take than on an idle machine with a processor for each guest; contention:
 * how much longer one process alone takes
 */
double run_scale(unsigned processors, double contention, unsigned jobs);
/* the same, after a boot has taken so long: what is seen to be slow gets more time, never less */
double run_learn(double scale, nstime booted);

#endif
