/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/chart.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/report/markup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEFT 190  /* for names */
#define WIDTH 720 /* of the time */
#define TICKS 24  /* at most */
#define ROW 20
#define WORDS_MAX 64
#define SERVICES_MAX 500 /* a guest may name any number, and each waits for others */
#define SECONDS_MAX 1e9
#define SECONDS_MIN 1e-9 /* what labels count in: less is none */

struct service {
	const char *name;
	bool timed, works;
	double up, ready; /* seconds since the kernel began */
	char **needs;
	struct service **on; /* the same; NULL for who is not there */
	size_t nneeds;
	bool slowest, seen;
	/* it has no process, and was up and ready somewhere from the one to the other */
	bool oneshot;
};

struct chart {
	struct arena *a;
	struct service *v;
	size_t n;
	double label, uptime; /* of one moment */
	double end;
};

/* TAI64N: 2^62 and the seconds, then nanoseconds, in hex; only differences matter here */
static bool
read_label(const char *s, double *out)
{
	char hex[9] = "";

	if (strlen(s) != 25 || *s != '@' || strspn(s + 1, "0123456789abcdef") != 24)
		return false;
	memcpy(hex, s + 9, 8);
	*out = (double)strtoul(hex, NULL, 16);
	memcpy(hex, s + 17, 8);
	*out += (double)strtoul(hex, NULL, 16) / 1e9;
	return true;
}

/*
 * so many; not -, which is what a oneshot has in its place, nor what no machine has run: it is a
 * guest's word, and "inf" and "nan" are numbers
 */
static bool
read_seconds(const char *s, double *out)
{
	char *end;

	*out = strtod(s, &end);
	if (*out<SECONDS_MIN && * out> 0)
		*out = 0;
	return end != s && !*end && *out >= 0 && *out < SECONDS_MAX;
}

static double
since_kernel(const struct chart *c, double label)
{
	double t = label - (c->label - c->uptime);

	return t < SECONDS_MIN ? 0 : t;
}

static void
add_service(struct chart *c, struct service s)
{
	if (s.timed && s.ready > c->end)
		c->end = s.ready;
	c->v = arena_more(c->a, c->v, c->n, sizeof s);
	c->v[c->n++] = s;
}

static void
read_line(struct chart *c, char *line)
{
	char **w = arena_array(c->a, WORDS_MAX, sizeof *w);
	size_t n = words(line, w, WORDS_MAX);
	struct service s = { 0 };

	n = n > WORDS_MAX ? WORDS_MAX : n;
	if (n < 3)
		return;
	if (!strcmp(w[0], "moment")) {
		if (read_label(w[1], &c->label) && !read_seconds(w[2], &c->uptime))
			c->uptime = 0;
		return;
	}
	s.works = n == 3 && !strcmp(w[0], "work") && read_seconds(w[2], &s.ready);
	if (s.works) {
		s.name = w[1];
		s.timed = true;
		add_service(c, s);
		return;
	}
	s.name = w[0];
	s.timed = c->uptime > 0 && read_label(w[1], &s.up);
	if (s.timed) {
		s.up = since_kernel(c, s.up);
		s.ready = read_label(w[2], &s.ready) ? since_kernel(c, s.ready) : s.up;
		/*
		 * what tells no readiness has the time of its supervisor there: it is ready when it
		 * runs
		 */
		if (s.ready < s.up)
			s.ready = s.up;
	}
	s.needs = w + 3;
	s.nneeds = n - 3;
	add_service(c, s);
}

static struct service *
find(struct chart *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

/* of all that a service waited for, what was ready last; oneshots and bundles are looked through */
static struct service *
waited_for(const struct service *s)
{
	struct service *last = NULL;

	for (size_t i = 0; i < s->nneeds; i++) {
		struct service *need = s->on[i];

		if (!need || need->seen)
			continue;
		need->seen = true; /* also against circles */
		if (!need->timed)
			need = waited_for(need);
		if (need && (!last || need->ready > last->ready))
			last = need;
	}
	return last;
}

static void
mark_slowest(struct chart *c)
{
	struct service *s = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].timed && !c->v[i].works && (!s || c->v[i].ready > s->ready))
			s = &c->v[i];
	for (; s; s = waited_for(s)) {
		s->slowest = true;
		for (size_t i = 0; i < c->n; i++)
			c->v[i].seen = c->v[i].slowest;
	}
}

/* ---- oneshots ---- */

static void
forget_seen(struct chart *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->v[i].seen = false;
}

/* none has noted its time: what it needs, by way of others like it, was ready before */
static double
ready_before(struct service *s)
{
	double last = 0;

	s->seen = true;
	for (size_t i = 0; i < s->nneeds; i++) {
		struct service *need = s->on[i];
		double t = 0;

		if (need && need->timed)
			t = need->ready;
		else if (need && !need->seen)
			t = ready_before(need);
		last = t > last ? t : last;
	}
	return last;
}

/* all that s needs, by way of others without a time, was done at t */
static void
note_done(struct service *s, double t)
{
	for (size_t i = 0; i < s->nneeds; i++) {
		struct service *need = s->on[i];

		if (!need || need->timed || need->seen)
			continue;
		need->seen = true;
		need->ready = !need->oneshot || t < need->ready ? t : need->ready;
		need->oneshot = true;
		note_done(need, t);
	}
}

/* who has no process, and is waited for; a bundle is not */
static void
place_oneshots(struct chart *c)
{
	for (size_t i = 0; i < c->n; i++) {
		forget_seen(c);
		if (c->v[i].timed)
			note_done(&c->v[i], c->v[i].up);
	}
	for (size_t i = 0; i < c->n; i++) {
		forget_seen(c);
		if (!c->v[i].oneshot)
			continue;
		c->v[i].up = ready_before(&c->v[i]);
		/* who was restarted since the boot is up later than what waited for it */
		c->v[i].oneshot = c->v[i].up <= c->v[i].ready;
	}
}

static int
by_time(const void *a, const void *b)
{
	const struct service *x = a, *y = b;

	if (x->up != y->up)
		return x->up < y->up ? -1 : 1;
	return strcmp(x->name, y->name);
}

static double
across(const struct chart *c, double t)
{
	return LEFT + t / c->end * WIDTH;
}

static void
add_axis(struct buf *b, const struct chart *c)
{
	double step = c->end > 20 ? 5 : c->end > 5 ? 1 : 0.5;

	/* a guest whose clock stood in 1970 was booted for half a century */
	while (c->end / step > TICKS)
		step *= 2;
	for (unsigned i = 0; i <= TICKS && i * step <= c->end; i++)
		buf_addf(
		    b, "<text class=ax x=%.1f y=12>%g s</text>", across(c, i * step), i * step);
	buf_adds(b, "\n");
}

static void
add_bar(struct buf *b, const struct chart *c, const struct service *s, size_t row)
{
	double from = across(c, s->up), width = across(c, s->ready) - from;
	size_t y = 20 + row * ROW;

	buf_addf(b, "<text x=0 y=%zu>", y + 12);
	markup_adds(b, s->name);
	buf_addf(b, "</text><rect%s x=%.1f y=%zu width=%.1f height=14 rx=2><title>",
	    s->oneshot	 ? " class=once"
	    : s->slowest ? " class=slow"
			 : "",
	    from, y, width < 3 ? 3 : width);
	markup_adds(b, s->name);
	if (s->works)
		buf_addf(b, ": %.3f s</title></rect>\n", s->ready);
	else
		buf_addf(b,
		    s->oneshot ? ": a oneshot, done between %.2f s and %.2f s</title></rect>\n"
			       : ": started at %.2f s, ready at %.2f s</title></rect>\n",
		    s->up, s->ready);
}

static void
read_chart(struct chart *c, const char *text)
{
	struct lines l;
	char *line;

	lines_text(c->a, "chart", text, &l);
	while (c->n < SERVICES_MAX && (line = lines_next(&l)))
		read_line(c, line);
	for (size_t k = 0; k < c->n; k++) {
		struct service *s = &c->v[k];

		s->on = arena_array(c->a, s->nneeds + 1, sizeof(struct service *));
		for (size_t i = 0; i < s->nneeds; i++)
			s->on[i] = find(c, s->needs[i]);
	}
}

static void
add_phase(struct arena *a, struct chart_phase **v, size_t *n, const char *name, double seconds)
{
	nstime took = (nstime)(seconds * (double)NS_PER_S + 0.5);

	if (took <= 0)
		return;
	*v = arena_more(a, *v, *n, sizeof **v);
	(*v)[(*n)++] = (struct chart_phase){ name, took };
}

size_t
chart_phases(struct arena *a, const char *text, struct chart_phase **out)
{
	struct chart c = { .a = a };
	double first = 0, last = 0;
	size_t n = 0;

	*out = NULL;
	read_chart(&c, text);
	for (size_t i = 0; i < c.n; i++) {
		const struct service *s = &c.v[i];

		if (!s->timed || s->works)
			continue;
		if (first <= 0 || s->up < first)
			first = s->up;
		if (s->ready > last)
			last = s->ready;
	}
	add_phase(a, out, &n, "to-first-service", first);
	add_phase(a, out, &n, "to-last-service", last);
	for (size_t i = 0; i < c.n; i++)
		if (c.v[i].timed)
			add_phase(a, out, &n,
			    c.v[i].works ? arena_printf(a, CHART_WORK "%s", c.v[i].name)
					 : c.v[i].name,
			    c.v[i].ready - c.v[i].up);
	return n;
}

bool
chart_svg(struct buf *out, const char *text)
{
	struct chart c = { .a = arena_new() };
	size_t row = 0, rows = 0;

	read_chart(&c, text);
	if (c.end > 0) {
		mark_slowest(&c);
		place_oneshots(&c);
		for (size_t i = 0; i < c.n; i++)
			rows += c.v[i].timed || c.v[i].oneshot;
		qsort(c.v, c.n, sizeof *c.v, by_time);
		buf_addf(out,
		    "<div class=wide tabindex=0><svg width=%d height=%zu role=img class=chart "
		    "viewBox=\"0 0 %d %zu\" aria-label=\"boot chart\">",
		    LEFT + WIDTH + 60, 24 + rows * ROW, LEFT + WIDTH + 60, 24 + rows * ROW);
		add_axis(out, &c);
		for (size_t i = 0; i < c.n; i++)
			if (c.v[i].timed || c.v[i].oneshot)
				add_bar(out, &c, &c.v[i], row++);
		buf_adds(out, "</svg></div>\n");
	}
	arena_free(c.a);
	return c.end > 0;
}
