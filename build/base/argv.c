/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/argv.h"

#include "build/base/arena.h"

#include <stdarg.h>
#include <string.h>

static void
push(struct argv *v, char *word)
{
	if (v->n + 2 > v->cap) {
		size_t cap = v->cap ? 2 * v->cap : 16;

		v->v = arena_grow(v->a, v->v, v->n, cap, sizeof *v->v);
		v->cap = cap;
	}
	v->v[v->n++] = word;
	v->v[v->n] = NULL;
}

void
argv_push(struct argv *v, const char *word)
{
	push(v, arena_strdup(v->a, word));
}

void
argv_pushf(struct argv *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	push(v, arena_vprintf(v->a, fmt, ap));
	va_end(ap);
}

void
argv_pushv(struct argv *v, ...)
{
	va_list ap;
	const char *word;

	va_start(ap, v);
	while ((word = va_arg(ap, const char *)))
		argv_push(v, word);
	va_end(ap);
}

/* characters that sh takes as they are */
static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";

char *
argv_quoted(const struct argv *v)
{
	size_t max = 1;
	char *line, *p;

	for (size_t i = 0; i < v->n; i++)
		max += 4 * strlen(v->v[i]) + 3; /* every ' becomes '\'' */
	p = line = arena_alloc(v->a, max);
	for (size_t i = 0; i < v->n; i++) {
		const char *w = v->v[i];

		if (i)
			*p++ = ' ';
		if (*w && w[strspn(w, plain)] == '\0') {
			p = stpcpy(p, w);
			continue;
		}
		*p++ = '\'';
		for (; *w; w++) {
			if (*w == '\'')
				p = stpcpy(p, "'\\''");
			else
				*p++ = *w;
		}
		*p++ = '\'';
	}
	*p = '\0';
	return line;
}
