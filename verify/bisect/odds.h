/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_ODDS_H
#define VERIFY_BISECT_ODDS_H

#include "verify/bisect/search.h"

#include <stdbool.h>

/*
 * How many runs of one version set it takes before its verdict can be trusted.
 *
 * As long as no verdict flips (the same image passes once and fails once), one run is enough; only
 * the two ends, and the last good and first bad version set, are run ODDS_SAME times, to notice
 * flips.  From the first flip on, the ends are run until their failure rates differ, and every
 * other version set until it is clear which end's rate it has: a Bayes factor between two
 * beta-binomial models whose priors are the runs of the ends (Kass and Raftery, Journal of the
 * American Statistical Association 90, 1995), evaluated after every run (sequential analysis: Wald,
 * Annals of Mathematical Statistics 16, 1945).
 */
#define ODDS_RISK 0.01 /* that the whole answer is wrong */
#define ODDS_SAME 3
#define ODDS_MOST 60 /* runs of one version set; without a verdict by then it is skipped */

struct tally {
	unsigned good, bad;
	unsigned none; /* inconclusive runs */
};

struct odds {
	struct tally ends[2]; /* the good one, the bad one */
	bool flaky;	      /* some image was both good and bad */
	double risk;	      /* that one verdict is wrong: its share of ODDS_RISK */
	unsigned same;	      /* runs of an end, while no verdict flips */
};

bool tally_flips(const struct tally *t);
/* probability that the bad end fails more often than the good one */
double odds_ends_differ(const struct odds *o);
/* probability that the version set fails as often as the bad end rather than the good one */
double odds_is_bad(const struct odds *o, const struct tally *t);
/* BISECT_UNKNOWN: run it again; *error: chance that the verdict is wrong, 0 without flips */
enum search_verdict odds_verdict(const struct odds *o, const struct tally *t, double *error);
/* the same for an end: 0, the good one, or 1 */
enum search_verdict odds_end(const struct odds *o, int end, double *error);

#endif
