/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/past.h"

#include "build/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HALF_A_DAY (12 * 60 * 60)

bool
past_night(const char *began, char night[11])
{
	struct tm tm = { 0 };
	const char *end = began ? strptime(began, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
	time_t t;

	if (!end || *end)
		return false;
	t = timegm(&tm) - HALF_A_DAY;
	return gmtime_r(&t, &tm) && strftime(night, 11, "%Y-%m-%d", &tm) == 10;
}

struct past_case
past_case_of(struct arena *a, const char *name)
{
	struct past_case c = { .name = name };
	const char **const members[] = { &c.arch, &c.net, &c.profile, &c.set };
	const char *slash;

	for (size_t i = 0; i < 4; i++) {
		slash = strchr(name, '/');
		*members[i] = slash ? arena_strndup(a, name, (size_t)(slash - name)) : "?";
		name = slash ? slash + 1 : name;
	}
	c.scenario = name;
	c.place = arena_strndup(a, c.name, name > c.name ? (size_t)(name - c.name - 1) : 0);
	return c;
}

/* ---- nights ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t
index_of_night(const struct past *p, const char *night)
{
	const char **found = bsearch(&night, p->nights, p->nnights, sizeof *p->nights, by_text);

	return (size_t)(found - p->nights);
}

static void
find_nights(struct arena *a, struct past *p)
{
	size_t n = 0;

	p->nights = arena_array(a, p->nruns + 1, sizeof *p->nights);
	for (size_t i = 0; i < p->nruns; i++)
		p->nights[i] = p->runs[i].night;
	qsort(p->nights, p->nruns, sizeof *p->nights, by_text);
	for (size_t i = 0; i < p->nruns; i++)
		if (!n || strcmp(p->nights[n - 1], p->nights[i]))
			p->nights[n++] = p->nights[i];
	p->nnights = n;
	p->night_of = arena_array(a, p->nruns + 1, sizeof *p->night_of);
	for (size_t i = 0; i < p->nruns; i++)
		p->night_of[i] = index_of_night(p, p->runs[i].night);
}

/* ---- cells ---- */

struct named {
	size_t was;
	struct past_case c;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->c.name, ((const struct named *)b)->c.name);
}

static void
sort_cases(struct arena *a, struct past *p)
{
	struct named *v = arena_array(a, p->ncases + 1, sizeof *v);
	size_t *now = arena_array(a, p->ncases + 1, sizeof *now);

	for (size_t i = 0; i < p->ncases; i++)
		v[i] = (struct named){ i, p->cases[i] };
	qsort(v, p->ncases, sizeof *v, by_name);
	for (size_t i = 0; i < p->ncases; i++) {
		p->cases[i] = v[i].c;
		now[v[i].was] = i;
	}
	for (size_t i = 0; i < p->nresults; i++)
		p->results[i].testcase = now[p->results[i].testcase];
}

static struct past_cell *
cell_of(const struct past *p, size_t testcase, size_t night)
{
	return &p->cells[testcase * p->nnights + night];
}

static int
by_time(const struct past *p, size_t x, size_t y)
{
	const struct past_run *a = &p->runs[p->results[x].run], *b = &p->runs[p->results[y].run];
	int order = strcmp(a->began, b->began);

	return order ? order : x < y ? -1 : x > y;
}

/* a counting sort into cells, which have few members each; these by insertion */
static void
fill_cells(struct arena *a, struct past *p)
{
	size_t at = 0;

	p->cells = arena_array(a, p->ncases * p->nnights + 1, sizeof *p->cells);
	p->order = arena_array(a, p->nresults + 1, sizeof *p->order);
	for (size_t i = 0; i < p->nresults; i++)
		cell_of(p, p->results[i].testcase, p->night_of[p->results[i].run])->n++;
	for (size_t i = 0; i < p->ncases * p->nnights; i++) {
		p->cells[i].first = at;
		at += p->cells[i].n;
		p->cells[i].n = 0;
	}
	for (size_t i = 0; i < p->nresults; i++) {
		struct past_cell *c =
		    cell_of(p, p->results[i].testcase, p->night_of[p->results[i].run]);
		size_t k = c->first + c->n++;

		for (; k > c->first && by_time(p, p->order[k - 1], i) > 0; k--)
			p->order[k] = p->order[k - 1];
		p->order[k] = i;
	}
}

/* ---- places ---- */

/* cases are sorted by name, and so by place, but for scenarios that would stand between */
static size_t
place_index(struct arena *a, struct past *p, const char *place)
{
	for (size_t i = p->nplaces; i-- > 0;)
		if (!strcmp(p->places[i], place))
			return i;
	p->places = arena_more(a, p->places, p->nplaces, sizeof *p->places);
	p->places[p->nplaces] = place;
	return p->nplaces++;
}

static void
find_places(struct arena *a, struct past *p)
{
	size_t *of_case = arena_array(a, p->ncases + 1, sizeof *of_case), cells;

	for (size_t c = 0; c < p->ncases; c++)
		of_case[c] = place_index(a, p, p->cases[c].place);
	cells = p->nplaces * p->nnights;
	p->place_images = arena_array(a, cells + 1, sizeof *p->place_images);
	for (size_t i = 0; i < cells; i++)
		p->place_images[i] = PAST_NONE;
	for (size_t i = 0; i < p->nresults; i++) {
		const struct past_result *r = &p->results[i];

		if (r->image != PAST_NONE)
			p->place_images[of_case[r->testcase] * p->nnights + p->night_of[r->run]] =
			    r->image;
	}
}

const struct past_image *
past_image_at(const struct past *p, size_t place, size_t night)
{
	size_t at = p->place_images[place * p->nnights + night];

	return at == PAST_NONE ? NULL : &p->images[at];
}

void
past_index(struct arena *a, struct past *p)
{
	find_nights(a, p);
	sort_cases(a, p);
	fill_cells(a, p);
	find_places(a, p);
}

/* ---- looking ---- */

size_t
past_tries(const struct past *p, size_t testcase, size_t night)
{
	return cell_of(p, testcase, night)->n;
}

const struct past_result *
past_result(const struct past *p, size_t testcase, size_t night, size_t i)
{
	return &p->results[p->order[cell_of(p, testcase, night)->first + i]];
}

char
past_letter(const struct past *p, size_t testcase, size_t night)
{
	size_t n = past_tries(p, testcase, night), of[NVERDICTS] = { 0 }, row = 0;

	for (size_t i = 0; i < n; i++) {
		enum verdict v = past_result(p, testcase, night, i)->verdict;

		of[v]++;
		row = v == VERDICT_PASS ? 0 : row + (v == VERDICT_FAIL);
	}
	if (row > PAST_FLAKES)
		return 'F';
	if (of[VERDICT_PASS] || of[VERDICT_FAIL])
		return !of[VERDICT_FAIL] ? 'P' : of[VERDICT_PASS] ? 'B' : 'F';
	return of[VERDICT_INCONCLUSIVE] ? 'I' : of[VERDICT_SKIP] ? 'S' : '-';
}

const struct past_image *
past_image_of(const struct past *p, size_t testcase, size_t night, enum verdict v)
{
	for (size_t i = past_tries(p, testcase, night); i-- > 0;) {
		const struct past_result *r = past_result(p, testcase, night, i);

		if (r->verdict == v && r->image != PAST_NONE)
			return &p->images[r->image];
	}
	return NULL;
}

bool
past_find_night(const struct past *p, const char *date, const char *tonight, size_t *night)
{
	for (*night = p->nnights; *night > 0;) {
		int order = strcmp(p->nights[--*night], date ? date : tonight);

		if (order <= 0)
			return !date || order == 0;
	}
	return false;
}

bool
past_case_is(const struct past_case *c, const char *name)
{
	size_t n = strlen(name), all = strlen(c->name);

	if (n > all)
		return false;
	if (n == all || !strcmp(c->scenario, name))
		return !strcmp(c->scenario, name) || !strcmp(c->name, name);
	return (!strncmp(c->name, name, n) && c->name[n] == '/') ||
	       (!strcmp(c->name + all - n, name) && c->name[all - n - 1] == '/');
}

static bool
equal(const char *x, const char *y)
{
	return x && y && !strcmp(x, y);
}

bool
past_same_image(const struct past_image *x, const struct past_image *y)
{
	if (x == y)
		return true;
	return x && y && equal(x->image, y->image) &&
	       (equal(x->kernel, y->kernel) || (!x->kernel && !y->kernel));
}
