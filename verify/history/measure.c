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

/* few, of which there are many */
static void
sort_few(double *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		double x = v[i];
		size_t k = i;

		for (; k > 0 && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* sorts them */
static double
median(double *v, size_t n)
{
	if (n <= 2 * MEASURE_WINDOW)
		sort_few(v, n);
	else
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

		if (r->verdict != VERDICT_PASS || r->image == PAST_NONE ||
		    past_letter(p, r->testcase, one.night) != 'P')
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
raise_noise(struct measures *all, size_t night, double *v, double common[MEASURE_KINDS])
{
	for (int kind = 0; kind < MEASURE_KINDS; kind++) {
		size_t n = 0;

		if (!kinds[kind].of_host)
			continue;
		for (size_t i = 0; i < all->n; i++)
			if ((int)all->v[i].kind == kind && all->v[i].nights[night].noise > 0)
				v[n++] = all->v[i].nights[night].noise;
		common[kind] = n ? median(v, n) : 0;
		for (size_t i = 0; i < all->n; i++) {
			struct measure_night *t = &all->v[i].nights[night];

			if ((int)all->v[i].kind == kind && t->noise > 0 && t->noise < common[kind])
				t->noise = common[kind];
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

/* ---- what has moved ---- */

/* what is looked at as one: a measure, or those of one name and set, which have a package's change
 * in common: together they have less noise than each */
struct group {
	struct measure **v;
	size_t n;
	signed char *beyond; /* each night */
};

/* a night of a group, and those before it, the last one first, as far from what is usual tonight */
struct series {
	double v[MEASURE_WINDOW + MEASURE_LATE];
	size_t night[MEASURE_WINDOW + MEASURE_LATE], n;
	double least; /* noise is not less */
	double usual;
	enum measure_kind kind;
};

/* of normal noise, by the median of what they are away from their own; v has no values any more */
static double
deviation(double *v, size_t n, double *middle)
{
	*middle = median(v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = fabs(v[i] - *middle);
	return MAD_TO_DEVIATION * median(v, n);
}

/* the standard deviation of a median of n, of noise whose own is 1 */
static double
error_of_median(size_t n)
{
	return (n < 3 ? 1 : n == 3 ? 1.16 : n < 8 ? 1.2 : 1.2533) / sqrt((double)n);
}

static const char *
set_of(const struct measure *m)
{
	return strrchr(m->place, '/');
}

static bool
are_called_alike(const struct measure *x, const struct measure *y)
{
	return x->kind == y->kind && !strcmp(x->name, y->name);
}

static bool
are_of_one_set(const struct measure *x, const struct measure *y)
{
	return x->forked == y->forked && !strcmp(set_of(x), set_of(y));
}

/* all are sorted by kind and name: whatever is called alike lies together */
static void
add_group(struct arena *a, const struct measures *all, size_t first, bool alone, size_t nnights,
    struct group **v, size_t *n)
{
	struct measure *m = &all->v[first];
	struct group g = { 0 };

	for (size_t i = first; !alone && i-- > 0 && are_called_alike(&all->v[i], m);)
		if (are_of_one_set(&all->v[i], m))
			return;
	for (size_t i = first; i < (alone ? first + 1 : all->n); i++) {
		if (!are_called_alike(&all->v[i], m))
			break;
		if (!are_of_one_set(&all->v[i], m))
			continue;
		g.v = arena_more(a, g.v, g.n, sizeof *g.v);
		g.v[g.n++] = &all->v[i];
	}
	if (!alone && g.n < 2)
		return;
	g.beyond = arena_array(a, nnights, sizeof *g.beyond);
	*v = arena_more(a, *v, *n, sizeof g);
	(*v)[(*n)++] = g;
}

/* false: it was not measured tonight, or too seldom before */
static bool
find_series(const struct group *g, size_t night, double *v, struct series *out)
{
	*out = (struct series){ .kind = (*g->v)->kind };
	for (size_t i = night + 1; i-- > 0 && out->n < sizeof out->v / sizeof *out->v;) {
		size_t n = 0;

		for (size_t k = 0; k < g->n; k++) {
			const struct measure *m = g->v[k];
			const struct measure_night *t = &m->nights[night];

			if (t->took > 0 && t->noise > 0 && m->nights[i].took > 0)
				v[n++] = m->nights[i].level - t->usual;
		}
		if (i == night && !n)
			return false;
		if (!n)
			continue;
		out->night[out->n] = i;
		out->v[out->n++] = n == 1 ? *v : median(v, n);
	}
	return true;
}

/* what one of tonight's has at least; their usual is that of the one in the middle */
static void
find_least(const struct group *g, size_t night, double common, double *v, struct series *s)
{
	size_t n = 0;

	for (size_t k = 0; k < g->n; k++)
		if (g->v[k]->nights[night].took > 0 && g->v[k]->nights[night].noise > 0)
			v[n++] = g->v[k]->nights[night].usual;
	s->usual = median(v, n);
	s->least = common * error_of_median(n);
}

/* of the last k nights against those before them: how far, and how sure */
static bool
find_step(const struct series *s, size_t k, double *step, double *error)
{
	size_t n = s->n - k < MEASURE_WINDOW ? s->n - k : MEASURE_WINDOW;
	double v[MEASURE_WINDOW], late[MEASURE_LATE], base, noise;

	if (s->n < k + MEASURE_LEAST)
		return false;
	memcpy(late, s->v, k * sizeof *late);
	*step = median(late, k);
	/* it has to be as far as that from what was usual, of which these nights are few */
	if (k > 1 && fabs(*step) < kinds[s->kind].factor / 4)
		return false;
	memcpy(v, s->v + k, n * sizeof *v);
	noise = deviation(v, n, &base);
	noise = noise < s->least ? s->least : noise;
	*step -= base;
	*error = noise;
	if (k > 1)
		*error *= hypot(error_of_median(k), error_of_median(n));
	return true;
}

/* nights that resemble their neighbours are worth less than as many others: so medians of k vary */
static double
error_of_row(const struct series *s, size_t k)
{
	double v[MEASURE_WINDOW], late[MEASURE_LATE], middle;
	size_t n = 0;

	for (size_t i = k; i + k <= s->n && n < MEASURE_WINDOW; i++) {
		memcpy(late, s->v + i, k * sizeof *late);
		v[n++] = median(late, k);
	}
	return n ? deviation(v, n, &middle) : 0;
}

static bool
is_beyond(const struct series *s, double step, double error, double share)
{
	double change = exp(s->usual) * fabs(expm1(step));

	return fabs(step) > share * MEASURE_BEYOND * error &&
	       fabs(expm1(step)) > share * kinds[s->kind].factor &&
	       change > share * kinds[s->kind].least;
}

/* how far values are from the one in their middle, together */
static double
spread(const double *v, size_t n)
{
	double sorted[MEASURE_WINDOW + MEASURE_LATE], middle, sum = 0;

	memcpy(sorted, v, n * sizeof *v);
	middle = median(sorted, n);
	for (size_t i = 0; i < n; i++)
		sum += fabs(v[i] - middle);
	return sum;
}

/* the night from which on it is so: where the nights from then on, and those before, vary least */
static size_t
onset(const struct series *s)
{
	size_t since = 1;
	double least = INFINITY;

	for (size_t k = 1; k <= MEASURE_LATE && k < s->n; k++) {
		double both = spread(s->v, k) + spread(s->v + k, s->n - k);

		if (both < least) {
			least = both;
			since = k;
		}
	}
	/* one more, when it was not seen at once */
	return s->night[since > 1 && since < s->n ? since : since - 1];
}

static size_t
before_of(const struct group *g, size_t night)
{
	while (night-- > 0)
		for (size_t k = 0; k < g->n; k++)
			if (g->v[k]->nights[night].took > 0)
				return night;
	return PAST_NONE;
}

/* what is beyond stays so until it is half-way back: else it would be news each time it wavers */
static bool
compare(const struct group *g, const struct series *s, size_t night, double *step, double *error)
{
	size_t before = before_of(g, night);
	signed char was = before == PAST_NONE ? 0 : g->beyond[before];

	for (size_t k = 1; k <= MEASURE_LATE; k += 2) {
		double row, share;

		if (!find_step(s, k, step, error))
			continue;
		share = was == (*step > 0 ? 1 : -1) ? 0.5 : 1;
		if (!is_beyond(s, *step, *error, share))
			continue;
		row = k > 1 ? error_of_row(s, k) : 0;
		*error = row > *error ? row : *error;
		if (is_beyond(s, *step, *error, share))
			return true;
	}
	return false;
}

static void
look_at(struct group *g, size_t night, double common, double *v)
{
	size_t before = before_of(g, night), since;
	struct series s;
	double step, error;
	bool was;

	if (!find_series(g, night, v, &s))
		return;
	find_least(g, night, common, v, &s);
	if (!compare(g, &s, night, &step, &error))
		return;
	g->beyond[night] = step > 0 ? 1 : -1;
	was = before != PAST_NONE && g->beyond[before] == g->beyond[night];
	since = was ? night : onset(&s);
	for (size_t i = 0; i < g->n; i++) {
		struct measure_night *t = &g->v[i]->nights[night];
		size_t last = measure_before(g->v[i], night);

		if (t->took <= 0 || t->noise <= 0 || t->is_news)
			continue;
		t->is_news = !was && g->v[i]->nights[last].beyond != g->beyond[night];
		t->beyond = g->beyond[night];
		t->since = since;
		t->step = step;
		t->error = error;
	}
}

/* each by itself: no host is in it, and it is read too coarsely for more */
static void
look_at_work(struct measure *m, size_t night)
{
	struct measure_night *t = &m->nights[night];
	size_t before = measure_before(m, night);
	struct series s = { .kind = MEASURE_WORK, .usual = t->usual };
	bool was;

	if (t->took <= 0 || t->noise <= 0)
		return;
	t->step = t->level - t->usual;
	t->error = t->noise;
	t->since = night;
	was = m->nights[before].beyond == (t->step > 0 ? 1 : -1);
	if (is_beyond(&s, t->step, t->error, was ? 0.5 : 1))
		t->beyond = t->step > 0 ? 1 : -1;
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

/* sets before single ones, for they know better since when */
static size_t
find_groups(struct arena *a, const struct measures *all, size_t nnights, struct group **v)
{
	size_t n = 0;

	*v = NULL;
	for (int alone = 0; alone < 2; alone++)
		for (size_t i = 0; i < all->n; i++)
			if (kinds[all->v[i].kind].of_host)
				add_group(a, all, i, alone, nnights, v, &n);
	return n;
}

void
measure_all(struct arena *a, const struct past *p, struct measures *out)
{
	double *v, common[MEASURE_KINDS] = { 0 };
	struct samples s = { 0 };
	struct group *groups;
	size_t ngroups;

	*out = (struct measures){ .host = arena_array(a, p->nnights + 1, sizeof *out->host) };
	collect(a, p, &s);
	if (s.n)
		qsort(s.v, s.n, sizeof *s.v, by_measure_and_night);
	fill(a, p, &s, out);
	v = arena_array(a, out->n + 1, sizeof *v);
	ngroups = find_groups(a, out, p->nnights, &groups);
	for (size_t night = 0; night < p->nnights; night++) {
		double host;

		for (size_t i = 0; i < out->n; i++)
			find_usual(&out->v[i], night);
		host = find_host(out, night, v);
		out->host[night] = exp(host);
		raise_noise(out, night, v, common);
		for (size_t i = 0; i < out->n; i++) {
			struct measure_night *t = &out->v[i].nights[night];

			if (t->took <= 0)
				continue;
			t->level = log(t->took) - (kinds[out->v[i].kind].of_host ? host : 0);
			if (out->v[i].kind == MEASURE_WORK)
				look_at_work(&out->v[i], night);
		}
		for (size_t i = 0; i < ngroups; i++)
			look_at(&groups[i], night, common[(*groups[i].v)->kind], v);
		for (size_t i = 0; i < out->n; i++) {
			struct measure_night *t = &out->v[i].nights[night];

			t->is_news = t->is_news && !was_told(out, &out->v[i], night);
		}
	}
}
