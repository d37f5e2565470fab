/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/measure.h"

#include "build/base/arena.h"
#include "verify/report/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* of a normal distribution: 1 / its 3rd quartile */
#define MAD_TO_DEVIATION 1.4826
/* measures that say what the host does, at least */
#define HOST_LEAST 8
static const struct {
	double least;  /* nanoseconds: a shorter change is nobody's affair, however regular */
	double factor; /* nor is a smaller one */
	bool of_host;  /* the host has a part in it */
} kinds[MEASURE_KINDS] = {
	[MEASURE_TEST] = { 50e6, MEASURE_FACTOR, true },
	[MEASURE_BOOT] = { 50e6, MEASURE_FACTOR, true },
	[MEASURE_PHASE] = { 2e6, MEASURE_FACTOR, true },
	[MEASURE_WORK] = { 25e6, MEASURE_WORK_FACTOR, false },
};
/* a service's work is told in two or four parts, each in whole ticks of 10 ms */
#define WORK_GRAIN 20.1e6

const char *const measure_names[MEASURE_KINDS] = { "test", "boot", "phase", "work" };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* sorts them */
static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* ---- which there are ---- */

/* one value of one of them */
struct sample {
	enum measure_kind kind;
	const char *place, *name;
	bool forked;
	size_t night, image;
	double took;
};

struct samples {
	struct sample *v;
	size_t n;
};

static void
add(struct arena *a, struct samples *s, struct sample one)
{
	if (one.took <= 0)
		return;
	s->v = arena_more(a, s->v, s->n, sizeof one);
	s->v[s->n++] = one;
}

static const char *
place_of_image(struct arena *a, const struct past_image *im)
{
	return arena_printf(a, "%s/%s/%s/%s", im->arch, im->net, im->profile, im->set);
}

static void
collect(struct arena *a, const struct past *p, struct samples *s)
{
	const char **places = arena_array(a, p->nimages + 1, sizeof *places);

	for (size_t i = 0; i < p->nimages; i++)
		places[i] = place_of_image(a, &p->images[i]);
	for (size_t i = 0; i < p->nresults; i++) {
		const struct past_result *r = &p->results[i];
		const struct past_case *c = &p->cases[r->testcase];
		struct sample one = { MEASURE_TEST, c->place, c->scenario, r->from != NULL,
			p->night_of[r->run], r->image, (double)r->took };

		if (r->image == PAST_NONE || past_letter(p, r->testcase, one.night) != 'P')
			continue;
		if (r->verdict != VERDICT_PASS)
			continue;
		add(a, s, one);
		one.kind = MEASURE_BOOT;
		one.name = "boot";
		one.took = r->from ? 0 : (double)r->booted;
		add(a, s, one);
	}
	for (size_t i = 0; i < p->nphases; i++) {
		const struct past_phase *f = &p->phases[i];

		bool work = !strncmp(f->name, CHART_WORK, strlen(CHART_WORK));

		add(a, s,
		    (struct sample){ work ? MEASURE_WORK : MEASURE_PHASE, places[f->image],
			work ? f->name + strlen(CHART_WORK) : f->name, false, p->night_of[f->run],
			f->image, (double)f->took });
	}
}

static int
by_measure(const struct sample *x, const struct sample *y)
{
	int order = x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->name, y->name);

	if (!order)
		order = strcmp(x->place, y->place);
	return order ? order : x->forked - y->forked;
}

static int
by_measure_and_night(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;
	int order = by_measure(x, y);

	if (!order)
		order = x->night < y->night ? -1 : x->night > y->night;
	return order ? order : x->took < y->took ? -1 : x->took > y->took;
}

/* samples that are sorted: a night's median is in their middle */
static void
fill(struct arena *a, const struct past *p, const struct samples *s, struct measures *out)
{
	for (size_t i = 0, next; i < s->n; i = next) {
		const struct sample *x = &s->v[i];
		struct measure *m = out->n ? &out->v[out->n - 1] : NULL;
		size_t middle;

		for (next = i;
		     next < s->n && !by_measure(x, &s->v[next]) && s->v[next].night == x->night;
		     next++)
			;
		if (!m || by_measure(x, &s->v[i - 1]) != 0) {
			out->v = arena_more(a, out->v, out->n, sizeof *out->v);
			m = &out->v[out->n++];
			*m = (struct measure){ x->kind, x->place, x->name, x->forked,
				arena_array(a, p->nnights, sizeof *m->nights) };
		}
		middle = i + (next - i) / 2;
		m->nights[x->night].took = (next - i) % 2
					       ? s->v[middle].took
					       : (s->v[middle - 1].took + s->v[middle].took) / 2;
		m->nights[x->night].image = s->v[next - 1].image;
	}
}

/* ---- what is usual ---- */

/* how far a night is from what is usual, in logarithms; what is read too coarsely is no distance */
static double
distance_of(const struct measure *m, double level, double usual)
{
	bool coarse = m->kind == MEASURE_WORK && strcmp(m->name, "all") != 0;

	return coarse && fabs(exp(level) - exp(usual)) < WORK_GRAIN ? 0 : fabs(level - usual);
}

static void
find_usual(struct measure *m, size_t night)
{
	double v[MEASURE_WINDOW];
	size_t n = 0;

	for (size_t i = night; i-- > 0 && n < MEASURE_WINDOW;)
		if (m->nights[i].took > 0)
			v[n++] = m->nights[i].level;
	if (n < MEASURE_LEAST)
		return;
	m->nights[night].usual = median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = distance_of(m, v[i], m->nights[night].usual);
	m->nights[night].noise = MAD_TO_DEVIATION * median(v, n);
	/* none at all is as good as little */
	if (m->nights[night].noise < 1e-6)
		m->nights[night].noise = 1e-6;
}

/* the median of all, in logarithms; v has room for all */
static double
find_host(const struct measures *all, size_t night, double *v)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct measure_night *t = &all->v[i].nights[night];

		if (kinds[all->v[i].kind].of_host && t->took > 0 && t->noise > 0)
			v[n++] = log(t->took) - t->usual;
	}
	return n < HOST_LEAST ? 0 : median(v, n);
}

static void
raise_noise(struct measures *all, size_t night, double *v)
{
	for (int kind = 0; kind < MEASURE_KINDS; kind++) {
		double common;
		size_t n = 0;

		if (!kinds[kind].of_host)
			continue;
		for (size_t i = 0; i < all->n; i++)
			if ((int)all->v[i].kind == kind && all->v[i].nights[night].noise > 0)
				v[n++] = all->v[i].nights[night].noise;
		common = n ? median(v, n) : 0;
		for (size_t i = 0; i < all->n; i++) {
			struct measure_night *t = &all->v[i].nights[night];

			if ((int)all->v[i].kind == kind && t->noise > 0 && t->noise < common)
				t->noise = common;
		}
	}
}

size_t
measure_before(const struct measure *m, size_t night)
{
	while (night-- > 0)
		if (m->nights[night].took > 0)
			return night;
	return PAST_NONE;
}

/* what is beyond stays so until it is half-way back: else it would be news each time it wavers */
static bool
is_beyond(const struct measure *m, const struct measure_night *t, double distance, double share)
{
	double change = fabs(exp(t->usual) - exp(t->level));

	return fabs(distance) > share * MEASURE_BEYOND * t->noise &&
	       fabs(expm1(distance)) > share * kinds[m->kind].factor &&
	       change > share * kinds[m->kind].least;
}

static void
compare(struct measure *m, size_t night)
{
	struct measure_night *t = &m->nights[night];
	double distance = t->level - t->usual;
	size_t before = measure_before(m, night);
	signed char way = distance > 0 ? 1 : -1;
	bool was;

	if (t->noise <= 0)
		return;
	was = m->nights[before].beyond == way;
	if (is_beyond(m, t, distance, was ? 0.5 : 1))
		t->beyond = way;
	t->is_news = t->beyond && !was;
}

/* it was seen at another place some nights ago, and is as far here: that has been told */
static bool
was_told(const struct measures *all, const struct measure *m, size_t night)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct measure *o = &all->v[i];

		if (o == m || o->kind != m->kind || strcmp(o->name, m->name) != 0)
			continue;
		for (size_t back = 1; back <= MEASURE_LEAST && back <= night; back++)
			if (o->nights[night - back].is_news &&
			    o->nights[night - back].beyond == m->nights[night].beyond)
				return true;
	}
	return false;
}

void
measure_all(struct arena *a, const struct past *p, struct measures *out)
{
	struct samples s = { 0 };
	double *v;

	*out = (struct measures){ .host = arena_array(a, p->nnights + 1, sizeof *out->host) };
	collect(a, p, &s);
	if (s.n)
		qsort(s.v, s.n, sizeof *s.v, by_measure_and_night);
	fill(a, p, &s, out);
	v = arena_array(a, out->n + 1, sizeof *v);
	for (size_t night = 0; night < p->nnights; night++) {
		double host;

		for (size_t i = 0; i < out->n; i++)
			find_usual(&out->v[i], night);
		host = find_host(out, night, v);
		out->host[night] = exp(host);
		raise_noise(out, night, v);
		for (size_t i = 0; i < out->n; i++) {
			struct measure_night *t = &out->v[i].nights[night];

			if (t->took <= 0)
				continue;
			t->level = log(t->took) - (kinds[out->v[i].kind].of_host ? host : 0);
			compare(&out->v[i], night);
		}
		for (size_t i = 0; i < out->n; i++) {
			struct measure_night *t = &out->v[i].nights[night];

			t->is_news = t->is_news && !was_told(out, &out->v[i], night);
		}
	}
}
