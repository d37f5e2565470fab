/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/names.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/expect.h"
#include "verify/scenario/templ.h"

#include <stdbool.h>
#include <string.h>

static struct name *
find(const struct names *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

void
names_set(struct names *s, const char *name, const char *value)
{
	struct name *at = find(s, name);

	if (!at) {
		if (s->n == s->cap) {
			size_t cap = s->cap ? 2 * s->cap : 32;

			s->v = arena_grow(s->a, s->v, s->n, cap, sizeof *s->v);
			s->cap = cap;
		}
		at = &s->v[s->n++];
		at->name = arena_strdup(s->a, name);
	}
	at->value = value ? arena_strdup(s->a, value) : NULL;
}

void
names_set_hit(struct names *s, const struct hit *h)
{
	for (size_t i = 0; i < h->nvalues; i++)
		if (h->values[i])
			names_set(s, h->names[i], h->values[i]);
}

const char *
names_get(const struct names *s, const char *name)
{
	struct name *at = find(s, name);

	return at ? at->value : NULL;
}

static int
add_name(const struct names *s, struct buf *b, const char *name, bool quoted, struct err *e)
{
	const char *value = names_get(s, name);

	if (!value)
		return fail(e, "${%s} has no value here", name);
	buf_adds(b, quoted ? pattern_quote(s->a, value) : value);
	return 0;
}

static int
finish(const struct names *s, struct buf *b, int r, const char **out)
{
	if (r == 0)
		*out = arena_strndup(s->a, b->n ? b->p : "", b->n);
	buf_free(b);
	return r;
}

static int
fill(const struct names *s, const struct templ *t, bool quoted, const char **out, struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		if (t->v[i].is_name)
			r = add_name(s, &b, t->v[i].text, quoted, e);
		else
			buf_adds(&b, t->v[i].text);
	}
	return finish(s, &b, r, out);
}

int
names_fill(const struct names *s, const struct templ *t, const char **out, struct err *e)
{
	return fill(s, t, false, out, e);
}

int
names_fill_pattern(const struct names *s, const struct templ *t, const char **out, struct err *e)
{
	return fill(s, t, true, out, e);
}

int
names_fill_source(const struct names *s, const char *re, const char **out, struct err *e)
{
	struct buf b = { 0 };
	const char *at, *end;
	int r = 0;

	while (r == 0 && (at = strstr(re, "${")) && (end = strchr(at, '}'))) {
		buf_add(&b, re, (size_t)(at - re));
		r = add_name(s, &b, arena_strndup(s->a, at + 2, (size_t)(end - at - 2)), true, e);
		re = end + 1;
	}
	buf_adds(&b, re);
	return finish(s, &b, r, out);
}
