/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/search.h"

#include "build/base/arena.h"
#include "verify/test/suites.h"

#include <string.h>

#define MOST 12

/* a search space whose truth is known: bad when every cause is at its version or a later one */
struct truth {
	const struct search_space *w;
	size_t least[MOST];			  /* 0: no cause */
	bool (*skips)(const size_t *m, size_t n); /* or NULL */
	enum search_verdict good_end, bad_end;	  /* when not UNKNOWN */
	size_t probes;
	size_t seen[4096][MOST];
	enum search_verdict told[4096];
};

static enum search_verdict
judge(const struct truth *t, const size_t *m)
{
	size_t n = t->w->npackages, first = 0, last = 0;

	for (size_t p = 0; p < n; p++) {
		first += m[p] == 0;
		last += m[p] == t->w->packages[p].nversions - 1;
	}
	if (first == n && t->good_end)
		return t->good_end;
	if (last == n && t->bad_end)
		return t->bad_end;
	if (t->skips && first != n && last != n && t->skips(m, n))
		return BISECT_SKIP;
	for (size_t p = 0; p < n; p++)
		if (m[p] < t->least[p])
			return BISECT_GOOD;
	return BISECT_BAD;
}

static enum search_verdict
known(void *arg, const size_t *m)
{
	struct truth *t = arg;

	for (size_t i = 0; i < t->probes; i++)
		if (!memcmp(t->seen[i], m, t->w->npackages * sizeof *m))
			return t->told[i];
	return BISECT_UNKNOWN;
}

/* to the end, answering each probe with the truth */
static struct search_answer
search(struct arena *a, struct truth *t)
{
	struct search_answer out;

	t->probes = 0;
	for (;;) {
		search_next(a, t->w, known, t, &out);
		if (out.state != BISECT_PROBE)
			return out;
		ck_assert_msg(search_fits(t->w, out.probe), "asked for what does not fit");
		ck_assert_uint_lt(t->probes, 4096);
		memcpy(t->seen[t->probes], out.probe, t->w->npackages * sizeof *out.probe);
		t->told[t->probes++] = judge(t, out.probe);
	}
}

static const char *names[MOST] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" };
static const char *versions[MOST] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10",
	"11" };

static void
space(struct search_space *w, struct search_package *p, size_t n, size_t nversions)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (struct search_package){ names[i], versions, nversions };
	*w = (struct search_space){ .packages = p, .npackages = n };
}

/*
 * each package of up to twelve, at each version of up to six, and in no more steps than were
 * promised
 */
START_TEST(one_cause)
{
	struct search_package p[MOST];
	struct search_space w;
	static struct truth t;

	for (size_t n = 1; n <= MOST; n++)
		for (size_t v = 2; v <= 6; v++)
			for (size_t cause = 0; cause < n; cause++)
				for (size_t at = 1; at < v; at++) {
					struct arena *a = arena_new();
					struct search_answer r;

					space(&w, p, n, v);
					t = (struct truth){ .w = &w };
					t.least[cause] = at;
					r = search(a, &t);
					ck_assert_int_eq(r.state, BISECT_FOUND);
					for (size_t q = 0; q < n; q++)
						ck_assert_int_eq(
						    r.role[q], q == cause ? ROLE_CAUSE : ROLE_NONE);
					ck_assert_uint_eq(r.bad[cause], at);
					ck_assert_uint_eq(r.good[cause], at - 1);
					ck_assert_uint_le(t.probes, search_expected(a, &w));
					arena_free(a);
				}
}
END_TEST

/* every set of up to four that is harmless unless it is whole */
START_TEST(interactions)
{
	struct search_package p[MOST];
	struct search_space w;
	static struct truth t;

	for (unsigned set = 1; set < 1u << 8; set++) {
		struct arena *a = arena_new();
		struct search_answer r;

		space(&w, p, 8, 3);
		t = (struct truth){ .w = &w };
		for (size_t q = 0; q < 8; q++)
			t.least[q] = set >> q & 1 ? 1 + q % 2 : 0;
		r = search(a, &t);
		ck_assert_int_eq(r.state, BISECT_FOUND);
		for (size_t q = 0; q < 8; q++) {
			ck_assert_int_eq(r.role[q], set >> q & 1 ? ROLE_CAUSE : ROLE_NONE);
			if (set >> q & 1) {
				ck_assert_uint_eq(r.bad[q], t.least[q]);
				ck_assert_uint_eq(r.low[q], t.least[q] - 1);
			}
		}
		arena_free(a);
	}
}
END_TEST

/* whatever was said was so: the bad version set is bad, the good one good, and they differ in a
 * cause
 */
static void
check_answer(const struct truth *t, const struct search_answer *r)
{
	size_t differ = 0, n = t->w->npackages;

	ck_assert_int_eq(judge(t, r->bad), BISECT_BAD);
	ck_assert(search_fits(t->w, r->bad));
	ck_assert_int_eq(judge(t, r->good), BISECT_GOOD);
	for (size_t q = 0; q < n; q++) {
		if (r->good[q] == r->bad[q])
			continue;
		ck_assert(r->state == BISECT_STUCK || r->role[q] == ROLE_CAUSE);
		differ++;
	}
	ck_assert_uint_gt(differ, 0);
	if (r->state == BISECT_FOUND)
		for (size_t q = 0; q < n; q++)
			ck_assert_int_ne(r->role[q], ROLE_SUSPECT);
}

static unsigned seed;

static size_t
some(size_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

/* a hash of the version set decides: the same one is skipped each time */
static bool
skip_a_third(const size_t *m, size_t n)
{
	size_t h = 7;

	for (size_t i = 0; i < n; i++)
		h = h * 31 + m[i] + 1;
	return h / 64 % 3 == 0;
}

/* needs at random, of the last versions, and (bisecting backwards) of the first */
START_TEST(needs)
{
	struct search_package p[MOST];
	struct search_need d[16];
	struct search_space w;
	static struct truth t;
	size_t stuck = 0, found = 0;

	for (unsigned number = 1; number <= 3000; number++) {
		struct arena *a = arena_new();
		struct search_answer r;
		size_t n, causes;

		seed = number;
		n = 2 + some(9);
		causes = 1 + some(3);
		space(&w, p, n, 2 + some(4));
		w.needs = d;
		for (w.nneeds = 0; w.nneeds < some(16); w.nneeds++) {
			size_t x = some(n), y = some(n), last = p[x].nversions - 1;

			d[w.nneeds] = some(4)
					  ? (struct search_need){ x, last, y, 1 + some(last), last }
					  : (struct search_need){ x, 0, y, 0, some(last) };
		}
		t = (struct truth){ .w = &w, .skips = some(2) ? skip_a_third : NULL };
		for (size_t i = 0; i < causes; i++)
			t.least[some(n)] = 1 + some(p[0].nversions - 1);
		r = search(a, &t);
		ck_assert_msg(r.state == BISECT_FOUND || r.state == BISECT_STUCK,
		    "state %d, search space %u", (int)r.state, number);
		stuck += r.state == BISECT_STUCK;
		found += r.state == BISECT_FOUND;
		check_answer(&t, &r);
		arena_free(a);
	}
	ck_assert_uint_gt(found, stuck);
	ck_assert_uint_gt(stuck, 0);
}
END_TEST

static unsigned skipped; /* a bit for each version */

static bool
skip_set(const size_t *m, size_t n)
{
	(void)n;
	return skipped >> m[0] & 1;
}

/* one package of eight versions, every cause, every set of versions that cannot be judged */
START_TEST(skips)
{
	struct search_package p[1];
	struct search_space w;
	static struct truth t;

	space(&w, p, 1, 8);
	for (skipped = 0; skipped < 1u << 8; skipped += 2)
		for (size_t at = 1; at < 8; at++) {
			struct arena *a;
			struct search_answer r;
			bool all = true;

			if (skipped >> 7)
				continue;
			a = arena_new();
			t = (struct truth){ .w = &w, .skips = skip_set };
			t.least[0] = at;
			r = search(a, &t);
			ck_assert_uint_lt(r.low[0], at);
			ck_assert_uint_ge(r.bad[0], at);
			for (size_t v = r.low[0] + 1; v < r.bad[0]; v++)
				all &= skipped >> v & 1;
			ck_assert(all);
			ck_assert_int_eq(
			    r.state, r.bad[0] - r.low[0] == 1 ? BISECT_FOUND : BISECT_STUCK);
			arena_free(a);
		}
}
END_TEST

/* two that can only come together cannot be told apart, and are named together */
START_TEST(together)
{
	struct search_package p[3];
	struct search_need d[] = { { 0, 1, 1, 1, 1 }, { 1, 1, 0, 1, 1 }, { 2, 1, 0, 1, 1 } };
	struct search_space w;
	static struct truth t;
	struct arena *a = arena_new();
	struct search_answer r;

	space(&w, p, 3, 2);
	w.needs = d;
	w.nneeds = 2;
	t = (struct truth){ .w = &w, .least = { 1, 0, 0 } };
	r = search(a, &t);
	ck_assert_int_eq(r.state, BISECT_FOUND);
	ck_assert_int_eq(r.role[0], ROLE_CAUSE);
	ck_assert_int_eq(r.role[1], ROLE_CAUSE);
	ck_assert_int_eq(r.role[2], ROLE_NONE);
	ck_assert(r.joined[0] && r.joined[1] && !r.joined[2]);
	/* c needs a and so b: c is cause, the two only come along */
	w.nneeds = 3;
	t = (struct truth){ .w = &w, .least = { 0, 0, 1 } };
	r = search(a, &t);
	ck_assert_int_eq(r.state, BISECT_FOUND);
	ck_assert_int_eq(r.role[0], ROLE_NEEDED);
	ck_assert_int_eq(r.role[1], ROLE_NEEDED);
	ck_assert_int_eq(r.role[2], ROLE_CAUSE);
	arena_free(a);
}
END_TEST

/* those that only come together are taken through their versions together */
START_TEST(joined_versions)
{
	struct search_package p[3];
	struct search_need d[] = { { 0, 4, 1, 4, 4 }, { 1, 4, 0, 4, 4 } };
	struct search_space w;
	static struct truth t;
	struct arena *a = arena_new();
	struct search_answer r;

	for (size_t at = 1; at < 5; at++) {
		space(&w, p, 3, 5);
		w.needs = d;
		w.nneeds = 2;
		t = (struct truth){ .w = &w, .least = { at, 0, 0 } };
		r = search(a, &t);
		ck_assert_int_eq(r.state, BISECT_FOUND);
		ck_assert_int_eq(r.role[0], ROLE_CAUSE);
		ck_assert_uint_eq(r.bad[0], at);
		ck_assert_uint_eq(r.good[0], at - 1);
		/* only their last versions need each other */
		ck_assert_int_eq(r.role[1], at == 4 ? ROLE_CAUSE : ROLE_NONE);
		ck_assert_uint_eq(r.bad[1], at == 4 ? 4 : 0);
		ck_assert_uint_eq(r.bad[2], 0);
	}
	arena_free(a);
}
END_TEST

/* b has a version that fits a's last: it can be told apart from a there, and nowhere else */
static const struct {
	size_t least[2], bad[2], low[2];
	enum search_role role[2];
	bool joined;
} single[] = {
	{ { 0, 3 }, { 2, 3 }, { 0, 2 }, { ROLE_NEEDED, ROLE_CAUSE }, false },
	{ { 2, 0 }, { 2, 2 }, { 1, 1 }, { ROLE_CAUSE, ROLE_CAUSE }, true },
	{ { 0, 2 }, { 2, 2 }, { 1, 1 }, { ROLE_CAUSE, ROLE_CAUSE }, true },
	{ { 1, 0 }, { 1, 0 }, { 0, 0 }, { ROLE_CAUSE, ROLE_NONE }, false },
	{ { 0, 1 }, { 1, 1 }, { 0, 0 }, { ROLE_NEEDED, ROLE_CAUSE }, false },
	{ { 1, 1 }, { 1, 1 }, { 0, 0 }, { ROLE_NEEDED, ROLE_CAUSE }, false },
};

START_TEST(singled_out)
{
	struct search_package p[3];
	struct search_need d[] = { { 1, 3, 0, 2, 2 }, { 1, 2, 0, 2, 2 }, { 1, 1, 0, 1, 2 },
		{ 0, 2, 1, 2, 3 } };
	struct search_space w;
	static struct truth t;
	struct arena *a = arena_new();
	struct search_answer r;

	space(&w, p, 3, 3);
	p[1].nversions = 4;
	w.needs = d;
	w.nneeds = 4;
	t = (struct truth){ .w = &w };
	memcpy(t.least, single[_i].least, sizeof single[_i].least);
	r = search(a, &t);
	ck_assert_int_eq(r.state, BISECT_FOUND);
	for (size_t q = 0; q < 2; q++) {
		ck_assert_int_eq(r.role[q], single[_i].role[q]);
		ck_assert_uint_eq(r.bad[q], single[_i].bad[q]);
		if (r.role[q] != ROLE_NONE)
			ck_assert_uint_eq(r.low[q], single[_i].low[q]);
		if (r.role[q] == ROLE_CAUSE)
			ck_assert(r.joined[q] == single[_i].joined);
	}
	ck_assert_int_eq(judge(&t, r.good), BISECT_GOOD);
	ck_assert_uint_le(t.probes, search_expected(a, &w));
	arena_free(a);
}
END_TEST

static bool
skip_two(const size_t *m, size_t n)
{
	(void)n;
	return m[0] != m[1];
}

/* neither builds without the other, though nothing says so: both stay in doubt */
START_TEST(inseparable)
{
	struct search_package p[4];
	struct search_space w;
	static struct truth t;
	struct arena *a = arena_new();
	struct search_answer r;

	space(&w, p, 4, 2);
	t = (struct truth){ .w = &w, .least = { 1, 0, 0, 0 }, .skips = skip_two };
	r = search(a, &t);
	ck_assert_int_eq(r.state, BISECT_STUCK);
	ck_assert_int_eq(r.role[0], ROLE_SUSPECT);
	ck_assert_int_eq(r.role[1], ROLE_SUSPECT);
	ck_assert_int_eq(r.role[2], ROLE_NONE);
	ck_assert_int_eq(r.role[3], ROLE_NONE);
	arena_free(a);
}
END_TEST

static const struct {
	enum search_verdict good, bad;
	enum search_state state;
	enum search_verdict end;
	size_t probe; /* BLIND: version of which end */
} ends[] = {
	{ BISECT_GOOD, BISECT_GOOD, BISECT_SAME, BISECT_GOOD, 0 },
	{ BISECT_BAD, BISECT_BAD, BISECT_SAME, BISECT_BAD, 0 },
	{ BISECT_BAD, BISECT_GOOD, BISECT_SWAPPED, BISECT_BAD, 0 },
	{ BISECT_SKIP, BISECT_BAD, BISECT_UNTESTABLE, BISECT_SKIP, 0 },
	{ BISECT_GOOD, BISECT_SKIP, BISECT_UNTESTABLE, BISECT_SKIP, 3 },
};

START_TEST(both_ends)
{
	struct search_package p[4];
	struct search_space w;
	static struct truth t;
	struct arena *a = arena_new();
	struct search_answer r;

	space(&w, p, 4, 4);
	t = (struct truth){ .w = &w, .good_end = ends[_i].good, .bad_end = ends[_i].bad };
	r = search(a, &t);
	ck_assert_int_eq(r.state, ends[_i].state);
	ck_assert_int_eq(r.end, ends[_i].end);
	ck_assert_uint_eq(t.probes, 2);
	if (r.state == BISECT_UNTESTABLE)
		ck_assert_uint_eq(r.probe[2], ends[_i].probe);
	arena_free(a);
}
END_TEST

Suite *
search_suite(void)
{
	Suite *s = suite_create("bisect");
	TCase *c = harness_case(s, "bisect");

	tcase_set_timeout(c, 600);
	tcase_add_test(c, one_cause);
	tcase_add_test(c, interactions);
	tcase_add_test(c, needs);
	tcase_add_test(c, skips);
	tcase_add_test(c, together);
	tcase_add_test(c, joined_versions);
	tcase_add_loop_test(c, singled_out, 0, sizeof single / sizeof *single);
	tcase_add_test(c, inseparable);
	tcase_add_loop_test(c, both_ends, 0, sizeof ends / sizeof *ends);
	return s;
}
