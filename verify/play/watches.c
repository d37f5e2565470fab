/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/watches.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/scenario/scenario.h"
#include "verify/scenario/one_line.h"

#include <stdint.h>
#include <string.h>

#define SHOWN 300
/* of a line, from where a match begins in it: what is longer counts as ended there */
#define LINE_MAX_BYTES 1000

#define NOWHERE UINT64_MAX

struct watches {
	struct arena *a;
	const struct scenario *s;
	struct stream *console;
	struct cursor *cursor;
	const struct watches_calls *calls;
	void *arg;
	size_t *which, n; /* the watch of each pattern of the cursor; marks come behind */
	uint64_t *waits;  /* of each watch: a match whose line has not ended, or NOWHERE */
};

/* the line that a match begins in, as far as it has come; has it ended? */
static bool
line_at(const struct watches *w, struct arena *a, uint64_t start, const char **line)
{
	uint64_t from = start > SHOWN ? start - SHOWN : 0, to = start + LINE_MAX_BYTES,
		 size = stream_size(w->console);
	size_t n, at;
	char *text = stream_text(a, w->console, from, to, &n);
	const char *begin, *end;

	from = (to < size ? to : size) - n; /* what is still kept */
	at = start > from ? (size_t)(start - from) : 0;
	for (begin = text + at; begin > text && begin[-1] != '\n'; begin--)
		;
	end = memchr(text + at, '\n', n - at);
	*line = one_line(a, begin, end ? (size_t)(end - begin) : n - (size_t)(begin - text), SHOWN);
	return end || size >= to;
}

static bool
may_be_allowed(const struct watches *w, const struct watch *watch)
{
	for (size_t i = 0; i < w->s->nallows; i++)
		if (!strcmp(w->s->allows[i].name, watch->name))
			return true;
	return false;
}

bool
watches_excuse(
    const struct scenario *s, struct arena *a, const struct watch *watch, const char *line)
{
	for (size_t i = 0; i < s->nallows; i++)
		if (!strcmp(s->allows[i].name, watch->name) &&
		    pattern_match(
			a, s->allows[i].pattern, line, strlen(line), NULL, &(struct err){ 0 }) == 1)
			return true;
	return false;
}

/* tells of a match, or keeps it until its line has ended; last: nothing more will come */
static void
judge(struct watches *w, struct arena *a, size_t which, uint64_t start, bool last)
{
	const struct watch *watch = &w->s->watches[which];
	bool excusable = may_be_allowed(w, watch), ended;
	const char *line;

	if (w->waits[which] != NOWHERE && w->waits[which] != start)
		return; /* on the same line, which has not ended */
	ended = line_at(w, a, start, &line) || last;
	w->waits[which] = excusable && !ended ? start : NOWHERE;
	if (excusable && (!ended || watches_excuse(w->s, a, watch, line)))
		return;
	w->calls->seen(w->arg, watch, line, start);
}

static void
judge_waiting(struct watches *w, bool last)
{
	for (size_t i = 0; i < w->s->nwatches; i++) {
		struct arena *scratch;

		if (w->waits[i] == NOWHERE)
			continue;
		scratch = arena_new();
		judge(w, scratch, i, w->waits[i], last);
		arena_free(scratch);
	}
}

/* a guest may trip a watch on every line: what one needs is given back before the next */
static bool
look_once(struct watches *w, struct arena *scratch)
{
	struct hit h;
	struct err e;
	int r = cursor_find(scratch, w->cursor, &h, &e);

	if (r < 0)
		w->calls->undecided(w->arg, e.msg);
	else if (r && h.which >= w->n)
		w->calls->mark(w->arg, h.which - w->n);
	else if (r)
		judge(w, scratch, w->which[h.which], h.start, false);
	return r != 0;
}

void
watches_look(struct watches *w)
{
	bool more = true;

	judge_waiting(w, false);
	while (more) {
		struct arena *scratch = arena_new();

		more = look_once(w, scratch);
		arena_free(scratch);
	}
}

void
watches_end(struct watches *w)
{
	watches_look(w);
	judge_waiting(w, true);
}

const char *
watches_line(const struct watches *w, uint64_t at)
{
	const char *line;

	line_at(w, w->a, at, &line);
	return line;
}

bool
watches_missed(const struct watches *w)
{
	return cursor_lost(w->cursor) > 0;
}

int
watches_new(struct arena *a, const struct scenario *s, struct stream *console,
    const char *const *marks, size_t nmarks, const struct watches_calls *calls, void *arg,
    struct watches **out, struct err *e)
{
	struct watches *w = arena_alloc(a, sizeof *w);
	struct pattern **p = arena_array(a, s->nwatches + nmarks, sizeof(struct pattern *));

	*w = (struct watches){ .a = a, .s = s, .console = console, .calls = calls, .arg = arg };
	w->waits = arena_array(a, s->nwatches + 1, sizeof *w->waits);
	w->which = arena_array(a, s->nwatches + 1, sizeof *w->which);
	for (size_t i = 0; i < s->nwatches; i++) {
		w->waits[i] = NOWHERE;
		if (s->watches[i].kind == WATCH_LOG)
			continue;
		w->which[w->n] = i;
		p[w->n++] = s->watches[i].pattern;
	}
	for (size_t i = 0; i < nmarks; i++)
		if (pattern_literal(a, marks[i], strlen(marks[i]), &p[w->n + i], e) < 0)
			return -1;
	w->cursor = cursor_new(console, p, w->n + nmarks);
	cursor_each(w->cursor);
	*out = w;
	return 0;
}

void
watches_free(struct watches *w)
{
	if (w)
		cursor_free(w->cursor);
}
