/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/argv.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

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
sh_quoted(struct arena *a, const char *word)
{
	char *out, *p;

	if (*word && word[strspn(word, plain)] == '\0')
		return arena_strdup(a, word);
	p = out = arena_alloc(a, 4 * strlen(word) + 3); /* every ' becomes '\'' */
	*p++ = '\'';
	for (; *word; word++)
		if (*word == '\'')
			p = stpcpy(p, "'\\''");
		else
			*p++ = *word;
	*p++ = '\'';
	*p = '\0';
	return out;
}

char *
argv_quoted(const struct argv *v)
{
	struct buf line = { 0 };
	char *text;

	for (size_t i = 0; i < v->n; i++)
		buf_addf(&line, "%s%s", i ? " " : "", sh_quoted(v->a, v->v[i]));
	text = arena_strdup(v->a, line.p ? line.p : "");
	buf_free(&line);
	return text;
}
