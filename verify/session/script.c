/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/session/script.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/scenario/load.h"
#include "verify/scenario/names.h"
#include "verify/verbs/verbs.h"

#include <limits.h>
#include <string.h>

/* the lines from..to of a text, counted from 1, to not with them */
static const char *
lines_of(struct arena *a, const char *text, unsigned from, unsigned to)
{
	const char *begin = text, *end;
	unsigned no = 1;

	for (; no < from && *begin; no++)
		begin += strcspn(begin, "\n") + (begin[strcspn(begin, "\n")] != '\0');
	for (end = begin; no < to && *end; no++)
		end += strcspn(end, "\n") + (end[strcspn(end, "\n")] != '\0');
	return arena_printf(
	    a, "%.*s%s", (int)(end - begin), begin, end > begin && end[-1] != '\n' ? "\n" : "");
}

static void
insert(struct script *c, size_t at, const struct script_item *i)
{
	c->v = arena_more(c->a, c->v, c->n, sizeof *c->v);
	memmove(&c->v[at + 1], &c->v[at], (c->n - at) * sizeof *c->v);
	c->v[at] = *i;
	c->n++;
}

void
script_begin(struct arena *a, const struct scenario *s, const char *head, struct script *out)
{
	*out = (struct script){ .a = a, .s = *s, .head = head };
	out->room = s->nsteps + SCRIPT_ROOM;
	out->s.steps = arena_array(a, out->room, sizeof *out->s.steps);
	if (s->nsteps)
		memcpy(out->s.steps, s->steps, s->nsteps * sizeof *s->steps);
}

int
script_open(struct arena *a, const struct scenario *s, struct script *out, struct err *e)
{
	struct scenario read = *s;
	size_t own = 0;
	char *text;

	if (file_read(a, s->path, &text, NULL, e) < 0)
		return -1;
	while (own < s->nsteps && !s->steps[own].ending)
		own++;
	read.nsteps = own;
	script_begin(a, &read, lines_of(a, text, 1, own ? s->steps[0].line : UINT_MAX), out);
	for (size_t i = 0; i < own; i++) {
		unsigned line = s->steps[i].line,
			 next = i + 1 < own ? s->steps[i + 1].line : UINT_MAX;

		insert(out, i,
		    &(struct script_item){
			.text = lines_of(a, text, line, next), .step = i, .line = line });
	}
	return 0;
}

/* ---- statements that were typed ---- */

static const char *const *
known(struct arena *a, const struct names *names)
{
	const char **v = arena_array(a, names->n + 1, sizeof *v);

	for (size_t i = 0; i < names->n; i++)
		v[i] = names->v[i].name;
	return v;
}

/* "/tmp/x/typed:2: what is wrong": nobody has seen that file */
static int
without_place(struct err *e, const char *path)
{
	size_t n = strlen(path);

	if (!strncmp(e->msg, path, n) && e->msg[n] == ':') {
		n++;
		if (e->msg[n] != ' ')
			n += strspn(e->msg + n, "0123456789") + 1;
		n += strspn(e->msg + n, " ");
		memmove(e->msg, e->msg + n, strlen(e->msg + n) + 1);
	}
	return -1;
}

int
script_put(struct script *c, size_t at, bool replace, const char *text, const char *dir,
    const struct names *names, struct err *e)
{
	const char *path = arena_printf(c->a, "%s/typed", dir), *all;
	const char *image = c->s.offline    ? "image offline\n"
			    : c->s.pristine ? "image pristine\n"
					    : "";
	unsigned head = *image ? 2 : 1, line = 1;
	struct scenario typed;

	all = arena_printf(c->a, "scenario typed \"typed\"\n%s%s%s", image, text,
	    *text && text[strlen(text) - 1] == '\n' ? "" : "\n");
	if (file_write(path, all, strlen(all), 0644, e) < 0)
		return -1;
	if (scenario_read(c->a, path, NULL, verb_forms(c->a), known(c->a, names), &typed, e) < 0)
		return without_place(e, path);
	if (c->s.nsteps + typed.nsteps > c->room)
		return fail(e, "too many steps: at most %d may be added", SCRIPT_ROOM);
	line = at < c->n ? c->v[at].line : c->n ? c->v[c->n - 1].line : 1;
	if (replace)
		script_delete(c, at);
	for (size_t i = 0; i < typed.nsteps; i++) {
		unsigned from = i ? typed.steps[i].line : head + 1,
			 to = i + 1 < typed.nsteps ? typed.steps[i + 1].line : UINT_MAX;
		struct script_item new = {
			.text = lines_of(c->a, all, from, to), .step = c->s.nsteps, .line = line
		};

		c->s.steps[c->s.nsteps] = typed.steps[i];
		c->s.steps[c->s.nsteps].line = line;
		c->s.nsteps++;
		insert(c, at + i, &new);
	}
	return (int)typed.nsteps;
}

void
script_delete(struct script *c, size_t at)
{
	memmove(&c->v[at], &c->v[at + 1], (c->n - at - 1) * sizeof *c->v);
	c->n--;
}

size_t
script_at(const struct script *c, unsigned line)
{
	size_t i = 0;

	while (i < c->n && c->v[i].line < line)
		i++;
	return i;
}

int
script_save(const struct script *c, const char *path, struct err *e)
{
	struct buf b = { 0 };
	int r;

	buf_adds(&b, c->head);
	for (size_t i = 0; i < c->n; i++)
		buf_adds(&b, c->v[i].text);
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}
