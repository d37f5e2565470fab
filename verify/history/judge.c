/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/judge.h"

double
judge_rate(unsigned bad, unsigned runs)
{
	return (bad + 1.0) / (runs + 2.0);
}

double
judge_chance(unsigned bad, unsigned runs, unsigned fails)
{
	double chance = 1;

	for (unsigned i = 0; i < fails; i++)
		chance *= (bad + 1.0 + i) / (runs + 2.0 + i);
	return chance;
}

/* back to the first of the nights that failed, over those that say nothing */
static void
find_first(const struct past *p, size_t c, size_t night, struct standing *s)
{
	s->since = night;
	s->good = PAST_NONE;
	for (size_t n = night + 1; n-- > 0;) {
		char letter = past_letter(p, c, n);

		if (letter == 'P' || letter == 'B') {
			s->good = n;
			return;
		}
		if (letter == 'F')
			s->since = n;
	}
}

/* the failures of a row that has ended: a flake's, or nothing to do with it */
static void
settle(struct standing *s, unsigned *row)
{
	if (*row <= PAST_FLAKES) {
		s->runs += *row;
		s->bad += *row;
	}
	*row = 0;
}

/* from the window's begin to the night before end; what is open then is left in *row */
static void
count(const struct past *p, size_t c, size_t begin, size_t end, struct standing *s, unsigned *row)
{
	const struct past_result *passed = NULL, *failed = NULL;

	for (size_t n = begin; n < end; n++)
		for (size_t i = 0; i < past_tries(p, c, n); i++) {
			const struct past_result *r = past_result(p, c, n, i);

			if (r->verdict == VERDICT_FAIL) {
				++*row;
				failed = r;
			} else if (r->verdict == VERDICT_PASS) {
				settle(s, row);
				s->runs++;
				passed = r;
			} else {
				continue;
			}
			s->flaky |=
			    passed && failed && passed->image != PAST_NONE &&
			    failed->image != PAST_NONE &&
			    past_same_image(&p->images[passed->image], &p->images[failed->image]);
		}
}

void
judge_case(const struct past *p, size_t c, size_t night, struct standing *s)
{
	size_t end = night + 1, begin;
	unsigned row = 0;

	*s = (struct standing){ .letter = past_letter(p, c, night), .since = night };
	s->good = PAST_NONE;
	if (s->letter == 'F') {
		find_first(p, c, night, s);
		end = s->since;
	}
	begin = end > JUDGE_WINDOW ? end - JUDGE_WINDOW : 0;
	count(p, c, begin, end, s, &row);
	if (s->letter == 'F') {
		s->fails = row; /* those of last night that no pass followed */
		for (size_t i = 0; i < past_tries(p, c, s->since); i++)
			s->fails += past_result(p, c, s->since, i)->verdict == VERDICT_FAIL;
	} else {
		settle(s, &row);
	}
	s->rate = judge_rate(s->bad, s->runs);
	s->chance = judge_chance(s->bad, s->runs, s->fails);
	s->red = s->letter == 'F' && (!s->flaky || s->chance < JUDGE_RISK);
}

bool
judge_is_new(const struct standing *s, size_t night)
{
	return s->red && s->since == night;
}
