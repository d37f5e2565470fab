/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/scan.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"

#include <string.h>

static const char blanks[] = " \t\r";
static const char name_chars[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

void
scan_start(struct scan *s, struct arena *a, const struct lines *l, char *line)
{
	*s = (struct scan){ .a = a, .lines = l, .at = line };
}

/* ---- templates ---- */

static void
add_part(struct arena *a, struct templ *t, const char *text, size_t n, bool is_name)
{
	t->v = arena_more(a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = (struct templ_part){ .text = arena_strndup(a, text, n), .is_name = is_name };
}

static void
flush(struct arena *a, struct templ *t, struct buf *literal)
{
	if (literal->n)
		add_part(a, t, literal->p, literal->n, false);
	buf_clear(literal);
}

/* length of a ${name} at p, or 0 */
static size_t
name_at(const char *p)
{
	size_t n;

	if (p[0] != '$' || p[1] != '{' || p[2] < 'a' || p[2] > 'z')
		return 0;
	n = strspn(p + 2, name_chars);
	return p[2 + n] == '}' ? n + 3 : 0;
}

static const struct {
	char letter, byte;
} escaped[] = { { 'n', '\n' }, { 'r', '\r' }, { 't', '\t' }, { 'e', '\033' }, { 'c', '\003' },
	{ 'R', '\022' }, { '\\', '\\' }, { '"', '"' }, { '$', '$' } };

static int
resolve(const struct scan *s, char letter, char *byte, struct err *e)
{
	for (size_t i = 0; i < sizeof escaped / sizeof *escaped; i++)
		if (escaped[i].letter == letter) {
			*byte = escaped[i].byte;
			return 0;
		}
	return lines_fail(s->lines, e,
	    "\\%c: unknown escape; one of \\n \\r \\t \\e \\c \\R \\\\ \\\" \\$", letter);
}

int
scan_templ(struct scan *s, const char *text, bool escapes, struct templ *out, struct err *e)
{
	struct buf literal = { 0 };
	int r = 0;

	*out = (struct templ){ 0 };
	for (const char *p = text; *p && r == 0; p++) {
		size_t n = name_at(p);
		char byte;

		if (n) {
			flush(s->a, out, &literal);
			add_part(s->a, out, p + 2, n - 3, true);
			p += n - 1;
		} else if (escapes && *p == '\\' && p[1]) {
			r = resolve(s, *++p, &byte, e);
			if (r == 0)
				buf_add(&literal, &byte, 1);
		} else {
			buf_add(&literal, p, 1);
		}
	}
	flush(s->a, out, &literal);
	buf_free(&literal);
	return r;
}

/* ---- words ---- */

/* the text up to the closing mark, which is not part of it; a backslash protects any character */
static int
delimited(struct scan *s, char mark, const char *what, const char **out, struct err *e)
{
	char *from = ++s->at, *p;

	for (p = from; *p && *p != mark; p++)
		if (*p == '\\' && p[1])
			p++;
	if (!*p)
		return lines_fail(s->lines, e, "%s has no end: %c%s", what, mark, from);
	if (p[1] && !strchr(blanks, p[1]))
		return lines_fail(s->lines, e, "%s: a blank must follow it: %s", what, p);
	*out = arena_strndup(s->a, from, (size_t)(p - from));
	s->at = p + 1;
	return 0;
}

/* \/ is only there to protect the slash */
static const char *
unslashed(struct arena *a, const char *re)
{
	struct buf b = { 0 };
	const char *out;

	for (; *re; re++) {
		if (*re == '\\' && re[1] == '/')
			continue;
		buf_add(&b, re, 1);
		if (*re == '\\' && re[1])
			buf_add(&b, ++re, 1);
	}
	out = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return out;
}

int
scan_next(struct scan *s, bool pattern, struct token *t, struct err *e)
{
	bool first = !s->started;
	size_t n;

	*t = (struct token){ .kind = TOKEN_END };
	s->started = true;
	s->at += strspn(s->at, blanks);
	if (*s->at == '#') {
		s->comment = trim(s->at + 1);
		s->at += strlen(s->at);
	}
	if (!*s->at)
		return 0;
	if (*s->at == '"') {
		t->kind = TOKEN_QUOTED;
		return delimited(s, '"', "the quoted text", &t->text, e) < 0
			   ? -1
			   : scan_templ(s, t->text, true, &t->templ, e);
	}
	if (*s->at == '/' && pattern) {
		t->kind = TOKEN_PATTERN;
		if (delimited(s, '/', "the pattern", &t->text, e) < 0)
			return -1;
		t->text = unslashed(s->a, t->text);
		return scan_templ(s, t->text, false, &t->templ, e);
	}
	n = strcspn(s->at, blanks);
	t->text = arena_strndup(s->a, s->at, n);
	s->at += n;
	t->kind = TOKEN_WORD;
	if (!strcmp(t->text, "->"))
		t->kind = TOKEN_ARROW;
	else if (first && !strcmp(t->text, "|"))
		t->kind = TOKEN_BAR;
	else if (*t->text == '@' && t->text[1]) {
		t->kind = TOKEN_TIME;
		t->text++;
	}
	return scan_templ(s, t->text, false, &t->templ, e);
}
