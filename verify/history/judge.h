/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_JUDGE_H
#define VERIFY_HISTORY_JUDGE_H

#include "verify/history/past.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * How a case stands on a night.  Verdicts are runs of chance with a rate that nobody knows: with
 * b failures among n runs before, and every rate as likely as any other at the start, the next run
 * fails with (b + 1) / (n + 2) (Laplace's rule of succession), and the next k all fail with the
 * product of (b + 1 + i) / (n + 2 + i), i from 0 to k - 1 (the beta-binomial distribution: Gelman
 * et al., Bayesian Data Analysis, 2.1).  That is the chance that a red case is what it always was.
 */
#define JUDGE_WINDOW 60 /* nights that are looked back */
#define JUDGE_RISK 0.01 /* a flaky case is red below this chance that it is flaking again */

struct standing {
	char letter;	    /* of past_letter() */
	bool red;	    /* it failed, and a flake would not */
	size_t since;	    /* the first bad night, when it failed */
	size_t good;	    /* the last night before that with a pass; PAST_NONE: there is none */
	unsigned fails;	    /* since the last pass, until the end of the first bad night */
	unsigned runs, bad; /* before, within the window */
	double chance;	    /* that it is what it always was */
	bool flaky;	    /* one image both passed and failed */
	double rate;	    /* at which the next run fails */
};

void judge_case(const struct past *p, size_t testcase, size_t night, struct standing *out);
/* red, and this is the first night of it */
bool judge_is_new(const struct standing *s, size_t night);
/* the formulas above */
double judge_rate(unsigned bad, unsigned runs);
double judge_chance(unsigned bad, unsigned runs, unsigned fails);

#endif
