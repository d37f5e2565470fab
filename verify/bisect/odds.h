/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_ODDS_H
#define VERIFY_BISECT_ODDS_H

#include "verify/bisect/search.h"

#include <stdbool.h>

/*
 * How often something has to be judged before its verdict can be believed.
 *
 * As long as nothing flips, once is enough; only the ends, and the two mixtures between
 * which the answer lies, are judged some times (ODDS_SAME), to notice that something does.  From
 * the first flip on, the ends are judged until they differ, and everything else until
 * it is more likely like the one than like the other, by a Bayes factor between two
 * beta-binomial models whose priors are what was seen at the ends (Kass and Raftery, Journal
 * of the American Statistical Association 90, 1995), looked at after every run (sequentially:
 * Wald, Annals of Mathematical Statistics 16, 1945).
 */
#define ODDS_RISK 0.01 /* of the whole answer */
#define ODDS_SAME 3
#define ODDS_MOST 60 /* runs of one mixture, then it counts as not judged */

struct tally {
	unsigned good, bad;
	unsigned none; /* runs that judged nothing */
};

struct odds {
	struct tally ends[2]; /* the good one, the bad one */
	bool flaky;	      /* some image was both good and bad */
	double risk;	      /* of one verdict: ODDS_RISK shared out among all */
	unsigned same;	      /* runs of an end, while nothing flips */
};

bool tally_flips(const struct tally *t);
/* probability that the bad end fails more often than the good one */
double odds_ends_differ(const struct odds *o);
/* probability that the mixture fails as often as the bad end rather than the good one */
double odds_is_bad(const struct odds *o, const struct tally *t);
/* UNKNOWN: once more; *error: chance that the verdict is wrong, 0 when nothing flips */
enum search_verdict odds_verdict(const struct odds *o, const struct tally *t, double *error);
/* the same for an end: 0, the good one, or 1 */
enum search_verdict odds_end(const struct odds *o, int end, double *error);

#endif
