/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/night.h"

#include "build/base/arena.h"
#include "verify/history/quarantine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- red cases ---- */

static const char *
program_of(const struct past *p, size_t testcase, size_t night)
{
	size_t n = past_tries(p, testcase, night);

	return n ? p->runs[past_result(p, testcase, night, n - 1)->run].program : NULL;
}

static struct turn
turn_of(const struct past *p, size_t testcase, size_t good, size_t bad, enum verdict v)
{
	return (struct turn){ past_image_of(p, testcase, good, VERDICT_PASS),
		past_image_of(p, testcase, bad, v), program_of(p, testcase, good),
		program_of(p, testcase, bad) };
}

static struct turn
turn_of_red(const struct past *p, const struct night *n, size_t testcase)
{
	const struct standing *s = &n->standings[testcase];

	if (s->good == PAST_NONE)
		return (struct turn){ 0 };
	return turn_of(p, testcase, s->good, s->since, VERDICT_FAIL);
}

static bool
is_of_group(const struct past *p, const struct night_red *g, const char *scenario)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(p->cases[g->cases[i]].scenario, scenario))
			return true;
	return false;
}

/* the same scenarios where they still pass, with what changed there since it did in the group */
static struct turn *
steady_ones(struct arena *a, const struct past *p, const struct night *n, const struct night_red *g,
    size_t *count)
{
	struct turn *v = NULL;
	size_t good = n->standings[g->cases[0]].good;

	*count = 0;
	for (size_t c = 0; c < p->ncases && good != PAST_NONE; c++) {
		if (n->standings[c].letter != 'P' || !is_of_group(p, g, p->cases[c].scenario))
			continue;
		v = arena_more(a, v, *count, sizeof *v);
		v[(*count)++] = turn_of(p, c, good, n->night, VERDICT_PASS);
	}
	return v;
}

static void
suspect(struct arena *a, const struct past *p, const struct night *n, struct night_red *g)
{
	struct turn *turned = arena_array(a, g->n, sizeof *turned), *steady;
	size_t nsteady;

	for (size_t i = 0; i < g->n; i++)
		turned[i] = turn_of_red(p, n, g->cases[i]);
	steady = steady_ones(a, p, n, g, &nsteady);
	suspects_find(a, turned, g->n, steady, nsteady, &g->suspects);
}

/* without what was only rebuilt: that would put everything together on a night of a new musl */
static bool
belongs(struct arena *a, const struct past *p, const struct night *n, const struct night_red *g,
    size_t testcase)
{
	struct turn both[2] = { turn_of_red(p, n, g->cases[0]), turn_of_red(p, n, testcase) };
	struct suspects x, y, xy;
	bool scenario = is_of_group(p, g, p->cases[testcase].scenario);

	suspects_find(a, both, 1, NULL, 0, &x);
	suspects_find(a, both + 1, 1, NULL, 0, &y);
	suspects_find(a, both, 2, NULL, 0, &xy);
	if (!x.n || !y.n)
		return scenario && !x.n && !y.n;
	return xy.n > 0;
}

static void
add_red(struct arena *a, const struct past *p, struct night *n, size_t testcase)
{
	struct night_red *g = NULL;

	for (size_t i = 0; i < n->nreds && !g; i++)
		if (belongs(a, p, n, &n->reds[i], testcase))
			g = &n->reds[i];
	if (!g) {
		n->reds = arena_more(a, n->reds, n->nreds, sizeof *n->reds);
		g = &n->reds[n->nreds++];
		*g = (struct night_red){ 0 };
	}
	g->cases = arena_more(a, g->cases, g->n, sizeof *g->cases);
	g->cases[g->n++] = testcase;
	if (n->standings[testcase].chance > g->chance)
		g->chance = n->standings[testcase].chance;
}

/* ---- how each case stands ---- */

static void
push(struct arena *a, size_t **v, size_t *n, size_t one)
{
	*v = arena_more(a, *v, *n, sizeof **v);
	(*v)[(*n)++] = one;
}

static void
push_excused(struct arena *a, struct night_excused **v, size_t *n, struct night_excused one)
{
	*v = arena_more(a, *v, *n, sizeof one);
	(*v)[(*n)++] = one;
}

static size_t *
counter(struct night *n, char letter)
{
	switch (letter) {
	case 'P':
		return &n->passed;
	case 'F':
		return &n->failed;
	case 'B':
		return &n->flaky;
	case 'S':
		return &n->skipped;
	case 'I':
		return &n->inconclusive;
	default:
		return &n->absent;
	}
}

/* it was red when it was last judged */
static bool
is_mended(const struct past *p, size_t testcase, const struct night *n)
{
	struct standing before;

	for (size_t i = n->night; i-- > 0;) {
		char letter = past_letter(p, testcase, i);

		if (letter == 'P' || letter == 'B')
			return false;
		if (letter != 'F')
			continue;
		judge_case(p, testcase, i, &before);
		return before.red;
	}
	return false;
}

static void
sort_case(struct arena *a, const struct past *p, const struct quarantine *q, size_t nq,
    struct night *n, size_t testcase)
{
	const struct standing *s = &n->standings[testcase];
	struct night_excused x = { testcase, quarantine_of(q, nq, &p->cases[testcase]) };

	++*counter(n, s->letter);
	if (x.q && quarantine_is_over(x.q, p->nights[n->night])) {
		push_excused(a, &n->expired, &n->nexpired, x);
	} else if (x.q) {
		push_excused(a, &n->excused, &n->nexcused, x);
		return;
	}
	if (judge_is_new(s, n->night))
		add_red(a, p, n, testcase);
	else if (s->red)
		push(a, &n->still, &n->nstill, testcase);
	else if (s->letter == 'F' || s->letter == 'B')
		push(a, &n->flakes, &n->nflakes, testcase);
	else if (s->letter == 'P' && is_mended(p, testcase, n))
		push(a, &n->mended, &n->nmended, testcase);
}

/* ---- what moved ---- */

static struct night_move *
move_of(struct arena *a, struct night *n, const char *what)
{
	for (size_t i = 0; i < n->nmoves; i++)
		if (!strcmp(n->moves[i].what, what))
			return &n->moves[i];
	n->moves = arena_more(a, n->moves, n->nmoves, sizeof *n->moves);
	n->moves[n->nmoves] = (struct night_move){ .what = what };
	return &n->moves[n->nmoves++];
}

static void
add_place(struct arena *a, struct night_move *m, const char *place, double before, double after,
    double noise)
{
	double far = fabs(log(after / before));

	m->places = arena_more(a, m->places, m->n, sizeof *m->places);
	m->places[m->n++] = place;
	if (m->before > 0 && far <= fabs(log(m->after / m->before)))
		return;
	m->before = before;
	m->after = after;
	m->noise = noise > 0 ? expm1(noise) : 0;
	m->times = noise > 0 ? far / noise : 0;
}

static const char *
name_of_move(struct arena *a, const struct measure *m)
{
	if (m->kind == MEASURE_BOOT)
		return "boot";
	return arena_printf(
	    a, "%s %s%s", measure_names[m->kind], m->name, m->forked ? " from a saved state" : "");
}

static const struct past_image *
image_at(const struct past *p, size_t image)
{
	return image == PAST_NONE ? NULL : &p->images[image];
}

/* images of those measures of a name that moved, or did not */
static struct turn *
turns_of(struct arena *a, const struct past *p, const struct measures *all,
    const struct measure *like, size_t night, bool moved, size_t *n)
{
	struct turn *v = NULL;

	*n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct measure *m = &all->v[i];
		size_t since = like->nights[night].since, before = measure_before(m, since);

		if (m->kind != like->kind || strcmp(m->name, like->name) != 0 ||
		    m->nights[night].took <= 0 || before == PAST_NONE ||
		    m->nights[night].is_news != moved)
			continue;
		v = arena_more(a, v, *n, sizeof *v);
		v[(*n)++] = (struct turn){ .was = image_at(p, m->nights[before].image),
			.is = image_at(p, m->nights[night].image) };
	}
	return v;
}

/* is it a sum of others */
static bool
is_whole(const struct measure *m)
{
	return m->kind == MEASURE_BOOT ||
	       (m->kind == MEASURE_PHASE && !strcmp(m->name, "to-last-service")) ||
	       (m->kind == MEASURE_WORK && !strcmp(m->name, "all"));
}

static bool
has_moved(const struct measures *all, enum measure_kind kind, const char *place, size_t night)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].kind == kind && all->v[i].nights[night].is_news &&
		    !is_whole(&all->v[i]) && !strcmp(all->v[i].place, place))
			return true;
	return false;
}

/* a boot is longer, and more work, when a phase of it is: that is no news of its own */
static bool
is_explained(const struct measures *all, const struct measure *m, size_t night)
{
	enum measure_kind parts = m->kind == MEASURE_WORK ? MEASURE_WORK : MEASURE_PHASE;

	return is_whole(m) && has_moved(all, parts, m->place, night);
}

static void
find_times(struct arena *a, const struct past *p, const struct measures *all, struct night *n)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct measure *m = &all->v[i];
		const struct measure_night *t = &m->nights[n->night];
		struct turn *turned, *steady;
		size_t nturned, nsteady;
		struct night_move *move;

		if (!t->is_news || is_explained(all, m, n->night))
			continue;
		move = move_of(a, n, name_of_move(a, m));
		add_place(a, move, m->place, exp(t->usual), exp(t->usual + t->step), t->error);
		if (t->since < move->since || move->n == 1)
			move->since = t->since;
		if (move->n > 1)
			continue;
		turned = turns_of(a, p, all, m, n->night, true, &nturned);
		steady = turns_of(a, p, all, m, n->night, false, &nsteady);
		move->of = nturned + nsteady;
		suspects_find(a, turned, nturned, steady, nsteady, &move->suspects);
	}
}

static const struct past_size *
size_of(const struct past_image *im, const char *name)
{
	for (size_t i = 0; i < im->nsizes; i++)
		if (!strcmp(im->sizes[i].name, name))
			return &im->sizes[i];
	return NULL;
}

static void
compare_sizes(struct arena *a, const char *place, const struct past_image *was,
    const struct past_image *is, struct night *n)
{
	struct turn turn = { .was = was, .is = is };
	struct night_move *move;

	for (size_t i = 0; i < is->nsizes; i++) {
		const struct past_size *now = &is->sizes[i], *then = size_of(was, now->name);
		double before = then ? (double)then->bytes : 0, after = (double)now->bytes;

		if (before <= 0 || after <= 0 || fabs(after - before) < NIGHT_SIZE_BYTES ||
		    fabs(after / before - 1) < NIGHT_SIZE_FACTOR)
			continue;
		move = move_of(a, n, arena_printf(a, "size %s", now->name));
		add_place(a, move, place, before, after, 0);
		if (move->n == 1)
			suspects_find(a, &turn, 1, NULL, 0, &move->suspects);
	}
}

static void
find_sizes(struct arena *a, const struct past *p, struct night *n)
{
	for (size_t i = 0; i < p->nplaces; i++) {
		const struct past_image *is = past_image_at(p, i, n->night), *was = NULL;

		for (size_t before = n->night; is && before-- > 0 && !was;)
			was = past_image_at(p, i, before);
		if (was && was != is)
			compare_sizes(a, p->places[i], was, is, n);
	}
}

/* ---- all of it ---- */

void
night_decide(struct arena *a, const struct past *p, const struct measures *m,
    const struct quarantine *q, size_t nq, size_t night, struct night *out)
{
	*out = (struct night){ .night = night, .host = m->host[night] };
	out->standings = arena_array(a, p->ncases + 1, sizeof *out->standings);
	for (size_t c = 0; c < p->ncases; c++)
		judge_case(p, c, night, &out->standings[c]);
	for (size_t c = 0; c < p->ncases; c++)
		sort_case(a, p, q, nq, out, c);
	for (size_t i = 0; i < out->nreds; i++)
		suspect(a, p, out, &out->reds[i]);
	find_times(a, p, m, out);
	find_sizes(a, p, out);
}

bool
night_is_news(const struct night *n)
{
	return n->nreds || n->nexpired || n->nmoves;
}
