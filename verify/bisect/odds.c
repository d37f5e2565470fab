/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/odds.h"

#include <math.h>

/* runs of each end, once a verdict has flipped, before their failure rates mean anything */
#define ENDS_FLAKY 12
/* inconclusive runs after which a version set is skipped */
#define MOST_NONE 2

bool
tally_flips(const struct tally *t)
{
	return t->good && t->bad;
}

static double
ln_beta(double a, double b)
{
	return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/*
 * P(X > Y) for X of Beta(a + 1, b + 1), Y of Beta(c + 1, d + 1), whole numbers: a sum of a + 1
 * terms, all positive
 */
static double
exceeds(unsigned a, unsigned b, unsigned c, unsigned d)
{
	double sum = 0;

	for (unsigned i = 0; i <= a; i++)
		sum += exp(ln_beta(c + 1 + i, b + d + 2) - log(b + 1 + i) - ln_beta(1 + i, b + 1) -
			   ln_beta(c + 1, d + 1));
	return sum;
}

double
odds_ends_differ(const struct odds *o)
{
	const struct tally *g = &o->ends[0], *b = &o->ends[1];

	return exceeds(b->bad, b->good, g->bad, g->good);
}

/* ln of the probability of such runs from something that fails as often as the end did */
static double
ln_like(const struct tally *end, const struct tally *t)
{
	double a = end->bad + 1, b = end->good + 1;

	return ln_beta(a + t->bad, b + t->good) - ln_beta(a, b);
}

double
odds_is_bad(const struct odds *o, const struct tally *t)
{
	return 1 / (1 + exp(ln_like(&o->ends[0], t) - ln_like(&o->ends[1], t)));
}

static enum search_verdict
plain(const struct tally *t, unsigned runs)
{
	if (t->good + t->bad < runs)
		return t->none >= MOST_NONE ? BISECT_SKIP : BISECT_UNKNOWN;
	return t->bad ? BISECT_BAD : BISECT_GOOD;
}

static enum search_verdict
likely(const struct odds *o, const struct tally *t, double bad, double *error)
{
	*error = bad < 0.5 ? bad : 1 - bad;
	if (*error <= o->risk)
		return bad < 0.5 ? BISECT_GOOD : BISECT_BAD;
	return t->good + t->bad >= ODDS_MOST || (t->none >= MOST_NONE && t->none > t->good + t->bad)
		   ? BISECT_SKIP
		   : BISECT_UNKNOWN;
}

enum search_verdict
odds_verdict(const struct odds *o, const struct tally *t, double *error)
{
	*error = 0;
	return o->flaky ? likely(o, t, odds_is_bad(o, t), error) : plain(t, 1);
}

/* which end fails more often is decided once, and the answer holds for both */
enum search_verdict
odds_end(const struct odds *o, int end, double *error)
{
	const struct tally *mine = &o->ends[end], *other = &o->ends[!end];
	enum search_verdict v;

	*error = 0;
	if (!o->flaky)
		return plain(mine, o->same);
	if (mine->good + mine->bad < ENDS_FLAKY)
		return plain(mine, ENDS_FLAKY);
	if (other->good + other->bad < ENDS_FLAKY) /* not its turn */
		return end ? BISECT_BAD : BISECT_GOOD;
	v = likely(o, mine, odds_ends_differ(o), error);
	if (v == BISECT_UNKNOWN && mine->good + mine->bad > other->good + other->bad)
		return end ? BISECT_BAD : BISECT_GOOD;
	if (v == BISECT_UNKNOWN || v == BISECT_SKIP)
		return v;
	return (v == BISECT_BAD) == (end == 1) ? BISECT_BAD : BISECT_GOOD;
}
