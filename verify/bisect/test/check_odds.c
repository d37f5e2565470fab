/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/odds.h"

#include "verify/test/suites.h"

#include <math.h>

static const struct {
	struct odds o;
	struct tally t;
	enum search_verdict verdict;
} verdicts[] = {
	/* nothing flips: once is enough */
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 0, 0, 0 }, BISECT_UNKNOWN },
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 1, 0, 0 }, BISECT_GOOD },
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 0, 1, 0 }, BISECT_BAD },
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 0, 0, 1 }, BISECT_UNKNOWN },
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 0, 0, 2 }, BISECT_SKIP },
	{ { { { 3, 0, 0 }, { 0, 3, 0 } }, false, 0.01, 3 }, { 0, 1, 1 }, BISECT_BAD },
	/* the bad end fails two times of three */
	{ { { { 12, 0, 0 }, { 4, 8, 0 } }, true, 0.01, 3 }, { 1, 0, 0 }, BISECT_UNKNOWN },
	{ { { { 12, 0, 0 }, { 4, 8, 0 } }, true, 0.01, 3 }, { 0, 1, 0 }, BISECT_UNKNOWN },
	{ { { { 12, 0, 0 }, { 4, 8, 0 } }, true, 0.01, 3 }, { 9, 0, 0 }, BISECT_GOOD },
	{ { { { 12, 0, 0 }, { 4, 8, 0 } }, true, 0.01, 3 }, { 1, 5, 0 }, BISECT_BAD },
	{ { { { 12, 0, 0 }, { 12, 0, 0 } }, true, 0.01, 3 }, { 30, 30, 0 }, BISECT_SKIP },
};

START_TEST(verdict)
{
	double error;

	ck_assert_int_eq(
	    odds_verdict(&verdicts[_i].o, &verdicts[_i].t, &error), verdicts[_i].verdict);
}
END_TEST

/*
 * against what can be reckoned by hand: with no runs of one, and uniform priors, P(X > Y) = 1/2;
 * Beta(2,1) over Beta(1,1): 2/3
 */
START_TEST(exact)
{
	struct odds o = { .risk = 0.01, .same = 3 };

	ck_assert_double_eq_tol(odds_ends_differ(&o), 0.5, 1e-12);
	o.ends[1].bad = 1;
	ck_assert_double_eq_tol(odds_ends_differ(&o), 2.0 / 3, 1e-12);
	/* Beta(2,1) over Beta(1,2): 1 - 1/6 */
	o.ends[0].good = 1;
	ck_assert_double_eq_tol(odds_ends_differ(&o), 5.0 / 6, 1e-12);
	/* one failure: 2/3 against 1/3 */
	ck_assert_double_eq_tol(odds_is_bad(&o, &(struct tally){ 0, 1, 0 }), 2.0 / 3, 1e-12);
	ck_assert_double_eq_tol(odds_is_bad(&o, &(struct tally){ 1, 0, 0 }), 1.0 / 3, 1e-12);
}
END_TEST

static unsigned seed;

static bool
happens(double p)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) / (double)(1 << 24) < p;
}

static void
add_run(struct tally *t, double p)
{
	++*(happens(p) ? &t->bad : &t->good);
}

/*
 * rates at which both ends fail; how often the verdict on a version set is wrong must keep what was
 * promised
 */
static const struct {
	double good, bad;
} rates[] = { { 0, 2 / 3.0 }, { 0, 1 / 3.0 }, { 1 / 3.0, 1 }, { 1 / 3.0, 2 / 3.0 }, { 0.1, 0.9 } };

START_TEST(keeps_its_word)
{
	unsigned wrong = 0, judged = 0, swapped = 0, spaces = 1000;
	double error;

	seed = (unsigned)_i + 1;
	for (unsigned space = 0; space < spaces; space++) {
		struct odds o = { .flaky = true, .risk = ODDS_RISK };
		struct tally t[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
		bool open = true;

		while (open) {
			open = false;
			for (int end = 0; end < 2 && !open; end++)
				if (odds_end(&o, end, &error) == BISECT_UNKNOWN) {
					add_run(&o.ends[end], end ? rates[_i].bad : rates[_i].good);
					open = true;
				}
		}
		if (odds_end(&o, 0, &error) == BISECT_SKIP)
			continue;
		swapped += odds_end(&o, 0, &error) == BISECT_BAD;
		for (int bad = 0; bad < 2; bad++) {
			enum search_verdict v;

			while ((v = odds_verdict(&o, &t[bad], &error)) == BISECT_UNKNOWN)
				add_run(&t[bad], bad ? rates[_i].bad : rates[_i].good);
			judged += v != BISECT_SKIP;
			wrong += v == (bad ? BISECT_GOOD : BISECT_BAD);
		}
	}
	ck_assert_uint_gt(judged, spaces);
	ck_assert_msg(wrong <= judged * ODDS_RISK * 1.5, "%u of %u wrong", wrong, judged);
	ck_assert_uint_le(swapped, spaces / 50);
}
END_TEST

/* two ends that fail alike are never called different, and the asking ends */
START_TEST(alike)
{
	unsigned runs = 0, called = 0;
	double error;

	seed = 99;
	for (unsigned space = 0; space < 200; space++) {
		struct odds o = { .flaky = true, .risk = ODDS_RISK };

		for (int end = 0; end < 2;) {
			if (odds_end(&o, end, &error) != BISECT_UNKNOWN) {
				end++;
				continue;
			}
			add_run(&o.ends[end], 1 / 3.0);
			ck_assert_uint_le(o.ends[end].good + o.ends[end].bad, ODDS_MOST);
			runs++;
			end = 0;
		}
		called += odds_end(&o, 0, &error) != BISECT_SKIP;
	}
	ck_assert_uint_gt(runs, 0);
	/* looked at after each run, so more often than once in a hundred; still seldom */
	ck_assert_uint_le(called, 30);
}
END_TEST

Suite *
odds_suite(void)
{
	Suite *s = suite_create("odds");
	TCase *c = harness_case(s, "odds");

	tcase_set_timeout(c, 600);
	tcase_add_loop_test(c, verdict, 0, sizeof verdicts / sizeof *verdicts);
	tcase_add_test(c, exact);
	tcase_add_loop_test(c, keeps_its_word, 0, sizeof rates / sizeof *rates);
	tcase_add_test(c, alike);
	return s;
}
