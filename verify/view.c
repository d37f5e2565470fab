/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/view.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/printk.h"

#include <stdlib.h>
#include <string.h>

/* of those left out last, so many are known; the window has no more than that */
#define MOST_CUTS 4096
/* "[%5lu.%06lu] ", with room for centuries */
#define STAMP_MAX 40

struct cut {
	uint64_t place; /* in the view: what was left out stood before this byte */
	uint64_t gone;	/* bytes left out up to here, with it */
};

struct view {
	struct stream *s;
	struct cut *cuts; /* the oldest first */
	size_t ncuts;
	uint64_t forgotten; /* bytes left out by cuts that are not known any more */
	uint64_t gone;
	char stamp[STAMP_MAX]; /* of what may be a line of the kernel's */
	size_t nstamp;
	bool open;    /* the view's last line has a byte already */
	bool dropped; /* within a line that is left out */
};

struct view *
view_new(size_t window)
{
	struct view *v = xmalloc(sizeof *v);

	*v = (struct view){ .s = stream_new(window) };
	v->cuts = xmalloc(MOST_CUTS * sizeof *v->cuts);
	return v;
}

void
view_free(struct view *v)
{
	if (!v)
		return;
	stream_free(v->s);
	free(v->cuts);
	free(v);
}

struct stream *
view_stream(struct view *v)
{
	return v->s;
}

static void
keep(struct view *v, const char *p, size_t n)
{
	if (!n)
		return;
	v->open = p[n - 1] != '\n' && p[n - 1] != '\r';
	stream_add(v->s, p, n);
}

/* a cut where there is one already is that one's */
static void
leave_out(struct view *v, size_t n)
{
	uint64_t place = stream_size(v->s);

	v->gone += n;
	if (!v->ncuts || v->cuts[v->ncuts - 1].place != place) {
		if (v->ncuts == MOST_CUTS) {
			v->forgotten = v->cuts[MOST_CUTS / 2 - 1].gone;
			v->ncuts -= MOST_CUTS / 2;
			memmove(v->cuts, v->cuts + MOST_CUTS / 2, v->ncuts * sizeof *v->cuts);
		}
		v->cuts[v->ncuts++].place = place;
	}
	v->cuts[v->ncuts - 1].gone = v->gone;
}

/* behind the line of the kernel's, or at the end of what there is */
static size_t
drop(struct view *v, const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	if (end) {
		v->dropped = false;
		n = (size_t)(end + 1 - p);
	}
	leave_out(v, n);
	return n;
}

/* one more byte of what may be a stamp */
static void
grow_stamp(struct view *v, char c)
{
	int is;

	v->stamp[v->nstamp++] = c;
	is = v->nstamp == STAMP_MAX ? -1 : printk_stamp(v->stamp, v->nstamp);
	if (!is)
		return;
	if (is > 0) {
		leave_out(v, v->nstamp);
		v->dropped = true;
	} else {
		v->nstamp--; /* c may begin another */
		keep(v, v->stamp, v->nstamp);
	}
	v->nstamp = 0;
}

void
view_add(struct view *v, const char *p, size_t n)
{
	while (n) {
		const char *bracket;
		size_t k;

		if (v->dropped) {
			k = drop(v, p, n);
		} else if (v->nstamp) {
			size_t had = v->nstamp;

			grow_stamp(v, *p);
			k = v->nstamp > had || v->dropped;
		} else if (*p == '[' && v->open) {
			grow_stamp(v, '[');
			k = 1;
		} else {
			/* the first byte decides whether the next bracket is within a line */
			bracket = memchr(p + 1, '[', n - 1);
			k = bracket ? (size_t)(bracket - p) : n;
			keep(v, p, k);
		}
		p += k;
		n -= k;
	}
}

void
view_eof(struct view *v)
{
	keep(v, v->stamp, v->nstamp);
	v->nstamp = 0;
	stream_eof(v->s);
}

uint64_t
view_place(const struct view *v, uint64_t console)
{
	uint64_t gone = v->forgotten;

	for (size_t i = 0; i < v->ncuts; i++) {
		const struct cut *c = &v->cuts[i];

		if (c->place + gone >= console)
			break;
		if (c->place + c->gone > console) /* within what was left out */
			return c->place;
		gone = c->gone;
	}
	return console > gone ? console - gone : 0;
}

uint64_t
view_console_place(const struct view *v, uint64_t place)
{
	uint64_t gone = v->forgotten;

	for (size_t i = 0; i < v->ncuts && v->cuts[i].place < place; i++)
		gone = v->cuts[i].gone;
	return place + gone;
}

bool
view_is_cut(const struct view *v, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < v->ncuts; i++)
		if (v->cuts[i].place > from && v->cuts[i].place < to)
			return true;
	return false;
}
