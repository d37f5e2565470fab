/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/search.h"

#include "build/base/arena.h"

#include <stdlib.h>
#include <string.h>

/* packages that need each other are one unit; a unit stands after all that it needs */
struct unit {
	size_t first;	/* its first package */
	size_t reaches; /* how many packages it needs, itself included */
};

struct search {
	struct arena *a;
	const struct search_space *space;
	search_tester *tester;
	void *arg;
	struct search_answer *out;
	bool *with; /* [p * n + q]: p from the bad end needs q from there, too */
	struct unit *units;
	size_t nunits;
};

static size_t
last(const struct search *s, size_t p)
{
	return s->space->packages[p].nversions - 1;
}

static bool *
with(const struct search *s, size_t p, size_t q)
{
	return &s->with[p * s->space->npackages + q];
}

bool
search_fits(const struct search_space *space, const size_t *m)
{
	for (size_t i = 0; i < space->nneeds; i++) {
		const struct search_need *n = &space->needs[i];

		if (m[n->package] == n->version && (m[n->on] < n->from || m[n->on] > n->to))
			return false;
	}
	return true;
}

/* ---- what needs what ---- */

static void
find_with(struct search *s)
{
	size_t n = s->space->npackages;

	s->with = arena_array(s->a, n * n + 1, sizeof *s->with);
	for (size_t p = 0; p < n; p++)
		*with(s, p, p) = true;
	for (size_t i = 0; i < s->space->nneeds; i++) {
		const struct search_need *d = &s->space->needs[i];

		if (d->version == last(s, d->package) && d->from > 0)
			*with(s, d->package, d->on) = true;
		if (d->version == 0 && d->to < last(s, d->on))
			*with(s, d->on, d->package) = true;
	}
	for (size_t k = 0; k < n; k++)
		for (size_t p = 0; p < n; p++)
			for (size_t q = 0; q < n; q++)
				*with(s, p, q) |= *with(s, p, k) && *with(s, k, q);
}

static int
by_reach(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->reaches != y->reaches)
		return x->reaches < y->reaches ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static void
find_units(struct search *s)
{
	size_t n = s->space->npackages;

	s->units = arena_array(s->a, n + 1, sizeof *s->units);
	for (size_t p = 0; p < n; p++) {
		struct unit u = { .first = p };
		bool seen = false;

		for (size_t q = 0; q < n; q++) {
			u.reaches += *with(s, p, q);
			seen |= q < p && *with(s, p, q) && *with(s, q, p);
		}
		if (!seen)
			s->units[s->nunits++] = u;
	}
	/* a unit reaches more than any that it needs */
	qsort(s->units, s->nunits, sizeof *s->units, by_reach);
}

/* ---- sets of packages taken from the bad end; they hold all that their members need ---- */

static bool *
copy(const struct search *s, const bool *set)
{
	bool *c = arena_array(s->a, s->space->npackages + 1, sizeof *c);

	if (set)
		memcpy(c, set, s->space->npackages * sizeof *c);
	return c;
}

static void
add_unit(const struct search *s, bool *set, size_t u)
{
	for (size_t q = 0; q < s->space->npackages; q++)
		set[q] |= *with(s, s->units[u].first, q);
}

static bool
has_unit(const struct search *s, const bool *set, size_t u)
{
	return set[s->units[u].first];
}

/* it can be taken out, and nothing else of the set with it */
static bool
is_top(const struct search *s, const bool *set, size_t u)
{
	size_t p = s->units[u].first;

	for (size_t q = 0; q < s->space->npackages; q++)
		if (set[q] && *with(s, q, p) && !*with(s, p, q))
			return false;
	return set[p];
}

static bool *
without(const struct search *s, const bool *set, size_t u)
{
	bool *c = copy(s, set);
	size_t p = s->units[u].first;

	for (size_t q = 0; q < s->space->npackages; q++)
		if (*with(s, p, q) && *with(s, q, p))
			c[q] = false;
	return c;
}

/* ---- verdicts ---- */

/* -1: not known yet; it is what to test next */
static int
ask(struct search *s, const size_t *version_set, enum search_verdict *v)
{
	*v = search_fits(s->space, version_set) ? s->tester(s->arg, version_set) : BISECT_SKIP;
	if (*v != BISECT_UNKNOWN)
		return 0;
	s->out->state = BISECT_PROBE;
	s->out->probe = arena_array(s->a, s->space->npackages + 1, sizeof *s->out->probe);
	memcpy(s->out->probe, version_set, s->space->npackages * sizeof *version_set);
	return -1;
}

static size_t *
version_set_of(const struct search *s, const bool *set)
{
	size_t *m = arena_array(s->a, s->space->npackages + 1, sizeof *m);

	for (size_t p = 0; p < s->space->npackages; p++)
		m[p] = set[p] ? last(s, p) : 0;
	return m;
}

static int
ask_set(struct search *s, const bool *set, enum search_verdict *v)
{
	return ask(s, version_set_of(s, set), v);
}

typedef int ask_at(struct search *s, const void *arg, size_t at, enum search_verdict *v);

/*
 * Between *lo, which is good, and *hi, which is bad.  What is skipped is passed by, the
 * nearest to the middle first; at the end only skipped ones are left between the two.
 */
static int
halve(struct search *s, ask_at *at, const void *arg, size_t *lo, size_t *hi)
{
	bool *skipped = arena_array(s->a, *hi + 1, sizeof *skipped);

	for (;;) {
		size_t middle = *lo + (*hi - *lo) / 2, best = *lo;
		enum search_verdict v;

		for (size_t i = *lo + 1; i < *hi; i++)
			if (!skipped[i] &&
			    (best == *lo || llabs((long long)i - (long long)middle) <
						llabs((long long)best - (long long)middle)))
				best = i;
		if (best == *lo)
			return 0;
		if (at(s, arg, best, &v) < 0)
			return -1;
		if (v == BISECT_SKIP)
			skipped[best] = true;
		else
			*(v == BISECT_GOOD ? lo : hi) = best;
	}
}

/* ---- which packages ---- */

/* base and the first n units */
static bool *
prefix(const struct search *s, const bool *base, size_t n)
{
	bool *set = copy(s, base);

	for (size_t u = 0; u < n; u++)
		add_unit(s, set, u);
	return set;
}

static int
ask_prefix(struct search *s, const void *base, size_t n, enum search_verdict *v)
{
	return ask_set(s, prefix(s, base, n), v);
}

/*
 * The shortest prefix that fails ends in a unit that is needed for it; with that one kept, the
 * next is looked for before it, until what was kept fails by itself.
 */
static int
gather(struct search *s, bool **failing)
{
	bool *base = copy(s, NULL);
	size_t limit = s->nunits;

	for (;;) {
		size_t lo = 0, hi = limit;
		enum search_verdict v;

		if (ask_set(s, base, &v) < 0)
			return -1;
		if (v == BISECT_BAD || !limit)
			break;
		/*
		 * a base that was skipped counts as good: its neighbours are kept with it, and
		 * shed later
		 */
		if (halve(s, ask_prefix, base, &lo, &hi) < 0)
			return -1;
		for (size_t u = lo; u < hi; u++)
			add_unit(s, base, u);
		limit = lo;
	}
	*failing = base;
	return 0;
}

/* takes out what it fails without; *sure: what is left was seen to be necessary */
static int
shed(struct search *s, bool *set, bool *sure)
{
	bool again = true;

	while (again) {
		again = false;
		*sure = true;
		for (size_t u = s->nunits; u-- > 0 && !again;) {
			enum search_verdict v;
			bool *less;

			if (!is_top(s, set, u))
				continue;
			less = without(s, set, u);
			if (ask_set(s, less, &v) < 0)
				return -1;
			*sure &= v == BISECT_GOOD;
			if (v == BISECT_BAD) {
				memcpy(set, less, s->space->npackages * sizeof *set);
				again = true;
			}
		}
	}
	return 0;
}

static int
name_causes(struct search *s, const bool *set)
{
	for (size_t p = 0; p < s->space->npackages; p++)
		s->out->role[p] = set[p] ? ROLE_NEEDED : ROLE_NONE;
	for (size_t u = 0; u < s->nunits; u++) {
		enum search_verdict v;
		size_t first = s->units[u].first;

		if (!is_top(s, set, u))
			continue;
		if (ask_set(s, without(s, set, u), &v) < 0)
			return -1;
		for (size_t q = 0; q < s->space->npackages; q++)
			if (*with(s, first, q) && *with(s, q, first))
				s->out->role[q] = v == BISECT_GOOD ? ROLE_CAUSE : ROLE_SUSPECT;
	}
	return 0;
}

/*
 * all of the set beyond its largest part that is good are suspects; 1: a smaller set is bad, and
 * has become the set
 */
static int
name_suspects(struct search *s, bool *set)
{
	bool *part = copy(s, set);

	for (size_t u = s->nunits; u-- > 0;) {
		enum search_verdict v;
		bool *less;

		if (!has_unit(s, part, u))
			continue;
		less = without(s, part, u);
		if (ask_set(s, less, &v) < 0)
			return -1;
		if (v == BISECT_BAD) {
			memcpy(set, less, s->space->npackages * sizeof *set);
			return 1;
		}
		for (size_t q = 0; q < s->space->npackages; q++)
			if (part[q] && !less[q] && s->out->role[q] == ROLE_NEEDED)
				s->out->role[q] = ROLE_SUSPECT;
		part = less;
		if (v == BISECT_GOOD)
			break;
	}
	s->out->good = version_set_of(s, part);
	return 0;
}

/* the smallest failing set, and roles; *sure: there are no suspects */
static int
find_packages(struct search *s, bool **set, bool *sure)
{
	int r;

	if (gather(s, set) < 0)
		return -1;
	do {
		if (shed(s, *set, sure) < 0 || name_causes(s, *set) < 0)
			return -1;
		r = *sure ? 0 : name_suspects(s, *set);
	} while (r > 0);
	return r;
}

/* ---- which versions ---- */

struct inside {
	const size_t *version_set;
	size_t package;
};

static bool
joined(const struct search *s, size_t p, size_t q)
{
	return *with(s, p, q) && *with(s, q, p);
}

/* of packages that need each other, the first with the fewest versions leads */
static size_t
leader(const struct search *s, size_t p)
{
	size_t lead = p;

	for (size_t q = 0; q < s->space->npackages; q++)
		if (joined(s, p, q) &&
		    (last(s, q) < last(s, lead) || (last(s, q) == last(s, lead) && q < lead)))
			lead = q;
	return lead;
}

/* moves the leader's companions towards the good end until all needs are satisfied, if possible */
static void
settle(const struct search *s, size_t lead, size_t *m)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < s->space->nneeds; i++) {
			const struct search_need *n = &s->space->needs[i];
			size_t q = m[n->on] > n->to ? n->on : n->package;

			if (m[n->package] != n->version ||
			    (m[n->on] >= n->from && m[n->on] <= n->to))
				continue;
			if (q != lead && joined(s, lead, q) && m[q] > 0) {
				m[q]--;
				again = true;
			}
		}
	}
}

/*
 * packages that need each other move together: by index where they have as many versions, else as
 * far as their needs are satisfied
 */
static size_t *
at_version(const struct search *s, const struct inside *in, size_t at)
{
	size_t *m = arena_array(s->a, s->space->npackages + 1, sizeof *m), p = in->package;

	memcpy(m, in->version_set, s->space->npackages * sizeof *m);
	for (size_t q = 0; q < s->space->npackages; q++)
		if (joined(s, p, q) && (at == 0 || last(s, q) == last(s, p)))
			m[q] = at;
	settle(s, p, m);
	return m;
}

static int
ask_version(struct search *s, const void *arg, size_t at, enum search_verdict *v)
{
	return ask(s, at_version(s, arg, at), v);
}

/* it is no cause, though a cause may need it */
static void
acquit(struct search_answer *r, size_t p)
{
	r->role[p] = r->bad[p] ? ROLE_NEEDED : ROLE_NONE;
	r->low[p] = 0;
}

static int
narrow(struct search *s, size_t p, bool *doubt)
{
	struct inside in = { s->out->bad, p };
	size_t lo = 0, hi = last(s, p), *low, *bad;
	enum search_verdict v;

	/*
	 * with an earlier cause at another version than its last, this one may not be necessary
	 * any more
	 */
	if (ask_version(s, &in, 0, &v) < 0)
		return -1;
	if (v == BISECT_SKIP) {
		*doubt = true;
		return 0;
	}
	if (v == BISECT_GOOD) {
		if (halve(s, ask_version, &in, &lo, &hi) < 0)
			return -1;
		*doubt |= hi != lo + 1;
	}
	low = at_version(s, &in, lo);
	bad = at_version(s, &in, v == BISECT_BAD ? 0 : hi);
	for (size_t q = 0; q < s->space->npackages; q++) {
		if (!joined(s, p, q))
			continue;
		s->out->bad[q] = bad[q];
		s->out->low[q] = low[q];
		if (v == BISECT_BAD || low[q] == bad[q])
			acquit(s->out, q);
	}
	return 0;
}

/* at: its version + 1, so that there is something below the first */
static int
ask_alone(struct search *s, const void *arg, size_t at, enum search_verdict *v)
{
	const struct inside *in = arg;
	size_t *m = arena_array(s->a, s->space->npackages + 1, sizeof *m);

	memcpy(m, in->version_set, s->space->npackages * sizeof *m);
	m[in->package] = at - 1;
	return ask(s, m, v);
}

/*
 * moves q back, the others staying where they are: *alone when that makes it good; 1: q has moved
 */
static int
take_back(struct search *s, size_t q, bool *alone, bool *doubt)
{
	struct search_answer *r = s->out;
	struct inside in = { r->bad, q };
	size_t lo = 0, was = r->bad[q] + 1, hi = was;

	if (halve(s, ask_alone, &in, &lo, &hi) < 0)
		return -1;
	r->bad[q] = hi - 1;
	if (lo) {
		r->low[q] = lo - 1;
		*alone = true;
		*doubt = hi != lo + 1;
	} else if (r->bad[q] <= r->low[q]) {
		acquit(r, q);
	}
	return hi < was;
}

/* the bad version set without one cause and what only comes with it */
static size_t *
neighbour(const struct search *s, size_t p)
{
	const struct search_answer *r = s->out;
	size_t *m = arena_array(s->a, s->space->npackages + 1, sizeof *m);

	for (size_t q = 0; q < s->space->npackages; q++)
		m[q] = q == p || (r->role[q] == ROLE_CAUSE && r->joined[p] && r->joined[q] &&
				     joined(s, p, q))
			   ? r->low[q]
			   : r->bad[q];
	return m;
}

static int
take_back_all(struct search *s, size_t p, bool *alone, bool *doubt)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t q = 0; q < s->space->npackages; q++) {
			int moved = joined(s, p, q) && s->out->role[q] == ROLE_CAUSE
					? take_back(s, q, &alone[q], doubt)
					: 0;

			if (moved < 0)
				return -1;
			again |= moved > 0;
		}
	}
	return 0;
}

/*
 * Packages that need each other at the ends may have versions in between that satisfy the needs of
 * the others as they are.  A package that makes it good when moved back alone is the cause, and
 * those that came with it are not.
 */
static int
single_out(struct search *s, size_t p, bool *doubt)
{
	struct search_answer *r = s->out, was = *r;
	size_t n = s->space->npackages, one = n;
	bool *alone = arena_array(s->a, n, sizeof *alone), unsure = *doubt;
	enum search_verdict v = BISECT_GOOD;

	r->role = arena_grow(s->a, was.role, n, n, sizeof *was.role);
	r->joined = arena_grow(s->a, was.joined, n, n, sizeof *was.joined);
	r->bad = arena_grow(s->a, was.bad, n, n, sizeof *was.bad);
	r->low = arena_grow(s->a, was.low, n, n, sizeof *was.low);
	if (take_back_all(s, p, alone, &unsure) < 0)
		return -1;
	for (size_t q = 0; q < n; q++)
		if (alone[q])
			r->joined[one = q] = false;
	for (size_t q = 0; q < n && one < n; q++)
		if (joined(s, p, q) && r->role[q] == ROLE_CAUSE && r->joined[q])
			acquit(r, q);
	/* an answer needs a good version set beside it, which may have been skipped */
	if (one == n)
		for (one = 0; one < n && !(joined(s, p, one) && r->role[one] == ROLE_CAUSE); one++)
			;
	if (one < n && ask(s, neighbour(s, one), &v) < 0)
		return -1;
	if (one < n && v == BISECT_GOOD)
		*doubt = unsure;
	else
		*r = was;
	return 0;
}

static void
find_joined(struct search *s)
{
	for (size_t p = 0; p < s->space->npackages; p++)
		for (size_t q = 0; q < s->space->npackages; q++)
			s->out->joined[p] |= q != p && joined(s, p, q);
}

static int
narrow_all(struct search *s, bool *stuck)
{
	find_joined(s);
	for (size_t p = 0; p < s->space->npackages; p++) {
		bool doubt = false;

		if (s->out->role[p] != ROLE_CAUSE || leader(s, p) != p)
			continue;

		if (narrow(s, p, &doubt) < 0 || (s->out->joined[p] && single_out(s, p, &doubt) < 0))
			return -1;
		*stuck |= doubt;
	}
	return 0;
}

/* the bad version set but for one cause; where that was skipped, the failing set without it */
static int
find_good(struct search *s, const bool *failing)
{
	for (size_t p = 0; p < s->space->npackages; p++) {
		size_t *m = neighbour(s, p);
		enum search_verdict v;

		if (s->out->role[p] != ROLE_CAUSE)
			continue;
		if (ask(s, m, &v) < 0)
			return -1;
		if (v == BISECT_GOOD)
			s->out->good = m;
		for (size_t u = 0; u < s->nunits && !s->out->good; u++)
			if (joined(s, s->units[u].first, p))
				s->out->good = version_set_of(s, without(s, failing, u));
	}
	return 0;
}

/* ---- both ends ---- */

/* 1: they differ as they should */
static int
compare_ends(struct search *s)
{
	bool *all = prefix(s, NULL, s->nunits), *none = copy(s, NULL);
	enum search_verdict good, bad;

	if (ask_set(s, none, &good) < 0 || ask_set(s, all, &bad) < 0)
		return -1;
	s->out->end = good;
	if (good == BISECT_GOOD && bad == BISECT_BAD)
		return 1;
	if (good == BISECT_SKIP || bad == BISECT_SKIP) {
		s->out->end = BISECT_SKIP;
		s->out->probe = version_set_of(s, good == BISECT_SKIP ? none : all);
		s->out->state = BISECT_UNTESTABLE;
	} else {
		s->out->state = good == bad ? BISECT_SAME : BISECT_SWAPPED;
	}
	return 0;
}

void
search_next(struct arena *a, const struct search_space *space, search_tester *tester, void *arg,
    struct search_answer *out)
{
	struct search s = { .a = a, .space = space, .tester = tester, .arg = arg, .out = out };
	bool *failing, sure, stuck = false;

	*out = (struct search_answer){ .state = BISECT_SAME };
	out->role = arena_array(a, space->npackages + 1, sizeof *out->role);
	out->joined = arena_array(a, space->npackages + 1, sizeof *out->joined);
	out->low = arena_array(a, space->npackages + 1, sizeof *out->low);
	find_with(&s);
	find_units(&s);
	if (compare_ends(&s) <= 0)
		return;
	if (find_packages(&s, &failing, &sure) < 0)
		return;
	out->bad = version_set_of(&s, failing);
	if (sure) {
		if (narrow_all(&s, &stuck) < 0)
			return;
		if (find_good(&s, failing) < 0)
			return;
	}
	out->state = sure && !stuck ? BISECT_FOUND : BISECT_STUCK;
}

static size_t
log2_up(size_t n)
{
	size_t bits = 0;

	while ((size_t)1 << bits < n)
		bits++;
	return bits;
}

/* tests that single one out of packages that need each other, from the bad end */
static size_t
most_alone(const struct search *s)
{
	size_t most = 0;

	for (size_t p = 0; p < s->space->npackages; p++) {
		size_t n = 0;

		for (size_t q = 0; q < s->space->npackages; q++) {
			size_t *m = version_set_of(s, prefix(s, NULL, s->nunits)), fit = 0;

			for (m[q] = 0; q != p && joined(s, p, q) && m[q] < last(s, q); m[q]++)
				fit += search_fits(s->space, m);
			n += fit ? log2_up(fit + 1) : 0;
		}
		most = n > most ? n : most;
	}
	return most;
}

size_t
search_expected(struct arena *a, const struct search_space *space)
{
	struct search s = { .a = a, .space = space };
	size_t longest = 2;

	find_with(&s);
	find_units(&s);
	for (size_t p = 0; p < space->npackages; p++)
		if (space->packages[p].nversions > longest)
			longest = space->packages[p].nversions;
	/*
	 * the ends; the search; the cause with what it needs, and what it needs without it; its
	 * versions
	 */
	return 2 + (s.nunits > 1 ? log2_up(s.nunits) + 2 : 0) + log2_up(longest - 1) +
	       most_alone(&s);
}
