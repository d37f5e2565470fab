/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/transcript.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/printk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "lh-transcript 1"
#define NONE ((size_t)-1)

/* ---- words ---- */

/* the length of the word that s begins with; varies: it may be another one the next time */
static size_t
word(const char *s, bool *varies)
{
	size_t n = 0, base64;

	*varies = false;
	for (; isalnum((unsigned char)s[n]); n++)
		*varies = *varies || isdigit((unsigned char)s[n]);
	for (base64 = n; isalnum((unsigned char)s[base64]) || s[base64] == '+' || s[base64] == '/';)
		base64++;
	n = base64 >= TRANSCRIPT_BASE64 ? base64 : n;
	*varies = *varies || n >= TRANSCRIPT_WORD;
	return n;
}

static const char *
kind_of(struct arena *a, const char *text)
{
	char *kind = arena_strdup(a, text), *to = kind;
	bool varies;

	while (*text) {
		size_t n = word(text, &varies);

		if (varies) {
			*to++ = '#';
		} else {
			n = n ? n : 1;
			memmove(to, text, n);
			to += n;
		}
		text += n;
	}
	*to = '\0';
	return kind;
}

/* is line what pattern says?  Both are of one kind. */
static bool
fits(const char *pattern, const char *line)
{
	while (*pattern && *line) {
		bool varies, known;
		size_t n = word(line, &varies), m = word(pattern, &known);

		if (*pattern == '#' && varies)
			m = 1;
		else if (m != n || memcmp(pattern, line, n ? n : 1) != 0)
			return false;
		else
			m = n = n ? n : 1;
		pattern += m;
		line += n;
	}
	return *pattern == *line;
}

/* the pattern that both fit, which are of one kind */
static const char *
common(struct arena *a, const char *pattern, const char *line)
{
	struct buf b = { 0 };
	const char *made;

	while (*pattern && *line) {
		bool varies, known;
		size_t n = word(line, &varies), m = word(pattern, &known);

		m = *pattern == '#' && varies ? 1 : m;
		if (m == n && n && !memcmp(pattern, line, n))
			buf_add(&b, line, n);
		else
			buf_add(&b, varies ? "#" : line, varies || !n ? 1 : n);
		pattern += m ? m : 1;
		line += n ? n : 1;
	}
	made = arena_strdup(a, b.p ? b.p : "");
	buf_free(&b);
	return made;
}

/* ---- from a console to lines ---- */

/* what a terminal shows of it: without "\e[...m" and the like, without what is no text */
static void
add_clean(struct buf *b, const char *p, const char *end)
{
	while (p < end) {
		unsigned char c = (unsigned char)*p++;

		if (c == '\033' && p < end && *p == '[') {
			for (p++; p < end && (*p < '@' || *p > '~');)
				p++;
			p += p < end;
		} else if (c != '\r') {
			buf_add(b, c >= ' ' && c < 0x7f ? (char *)&c : "?", 1);
		}
	}
}

static int
add(struct arena *a, struct transcript *t, const char *name, struct buf *b, struct err *e)
{
	char *text;

	buf_add(b, "", 1);
	text = arena_strdup(a, trim(b->p));
	buf_clear(b);
	if (!*text)
		return 0;
	if (t->n == TRANSCRIPT_MOST)
		return fail(e, "%s: more than %d lines", name, TRANSCRIPT_MOST);
	t->v = arena_more(a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = (struct transcript_line){ text, kind_of(a, text), true };
	return 0;
}

int
transcript_of(struct arena *a, const char *name, const char *console, size_t n,
    struct transcript *out, struct err *e)
{
	struct buf cut = { 0 }, kernel = { 0 }; /* what a program has begun; what the kernel said */
	const char *end = console + n, *eol, *p;
	int r = 0, stamp;

	*out = (struct transcript){ .consoles = 1 };
	/* what no newline ended was not said to its end */
	for (; r == 0 && (eol = memchr(console, '\n', (size_t)(end - console)));
	     console = eol + 1) {
		for (p = console; (stamp = printk_stamp(p, (size_t)(eol - p))) <= 0 && p < eol;)
			p++;
		add_clean(&cut, console, p);
		if (p < eol) {
			buf_adds(&kernel, "[#] ");
			add_clean(&kernel, p + stamp, eol);
			r = add(a, out, name, &kernel, e);
		} else {
			r = add(a, out, name, &cut, e);
		}
	}
	buf_free(&cut);
	buf_free(&kernel);
	return r;
}

/* ---- its file ---- */

int
transcript_parse(
    struct arena *a, const char *name, char *text, struct transcript *out, struct err *e)
{
	struct lines l;
	char *line, *end;

	*out = (struct transcript){ 0 };
	lines_text(a, name, text, &l);
	if (!(line = lines_next(&l)) || strcmp(line, FIRST) != 0)
		return fail(e, "%s: no transcript: its first line is not \"" FIRST "\"", name);
	if (!(line = lines_next(&l)) || strncmp(line, "consoles ", 9) != 0 ||
	    !isdigit((unsigned char)line[9]) || !(out->consoles = strtoul(line + 9, &end, 10)) ||
	    *end)
		return lines_fail(&l, e, "expected: consoles N");
	while ((line = lines_next(&l))) {
		if ((*line != '=' && *line != '?') || line[1] != ' ')
			return lines_fail(
			    &l, e, "expected: = LINE, or ? LINE when it is not always there");
		if (out->n == TRANSCRIPT_MOST)
			return lines_fail(&l, e, "more than %d lines", TRANSCRIPT_MOST);
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] =
		    (struct transcript_line){ line + 2, kind_of(a, line + 2), *line == '=' };
	}
	return 0;
}

void
transcript_write(const struct transcript *t, struct buf *out)
{
	buf_addf(out, FIRST "\nconsoles %zu\n", t->consoles);
	for (size_t i = 0; i < t->n; i++)
		buf_addf(out, "%c %s\n", t->v[i].always ? '=' : '?', t->v[i].text);
}

/* ---- two of them ---- */

/* of each line of a console the line of the transcript that it is, or may be in place of */
struct pairs {
	size_t *of;   /* a line of the console; NONE */
	bool *like;   /* that is of its kind, but it does not fit */
	size_t *says; /* the same from the transcript's side */
};

static int
by_kind(const void *x, const void *y, void *of)
{
	const struct transcript_line *v = of;
	size_t i = *(const size_t *)x, k = *(const size_t *)y;
	int c = strcmp(v[i].kind, v[k].kind);

	c = c ? c : strcmp(v[i].text, v[k].text);
	return c ? c : (i > k) - (i < k);
}

static size_t *
sorted(struct arena *a, const struct transcript *t)
{
	size_t *v = arena_array(a, t->n + 1, sizeof *v);

	for (size_t i = 0; i < t->n; i++)
		v[i] = i;
	qsort_r(v, t->n, sizeof *v, by_kind, t->v);
	return v;
}

static void
put(struct pairs *p, size_t known, size_t said, bool like)
{
	p->of[said] = known;
	p->says[known] = said;
	p->like[said] = like;
}

/*
 * Those of one kind, sorted by their text: first what is the same, then what fits where words vary,
 * then what is left, one after the other.
 */
static void
pair_kind(struct pairs *p, const struct transcript *t, const size_t *known, size_t nknown,
    const struct transcript *c, const size_t *said, size_t nsaid)
{
	for (size_t i = 0, k = 0; i < nsaid && k < nknown;) {
		int order = strcmp(t->v[known[k]].text, c->v[said[i]].text);

		if (order == 0)
			put(p, known[k], said[i], false);
		k += order <= 0;
		i += order >= 0;
	}
	for (size_t k = 0; k < nknown; k++)
		for (size_t i = 0;
		     p->says[known[k]] == NONE && strchr(t->v[known[k]].text, '#') && i < nsaid;
		     i++)
			if (p->of[said[i]] == NONE && fits(t->v[known[k]].text, c->v[said[i]].text))
				put(p, known[k], said[i], false);
	for (size_t i = 0, k = 0; i < nsaid && k < nknown;) {
		if (p->of[said[i]] != NONE)
			i++;
		else if (p->says[known[k]] != NONE)
			k++;
		else
			put(p, known[k++], said[i++], true);
	}
}

/* how many from i on are of the same kind */
static size_t
run_of(const struct transcript *t, const size_t *v, size_t i)
{
	size_t k = i;

	while (k < t->n && !strcmp(t->v[v[k]].kind, t->v[v[i]].kind))
		k++;
	return k - i;
}

static struct pairs
pair(struct arena *a, const struct transcript *t, const struct transcript *c)
{
	size_t *known = sorted(a, t), *said = sorted(a, c);
	struct pairs p = { arena_array(a, c->n + 1, sizeof *p.of),
		arena_array(a, c->n + 1, sizeof *p.like),
		arena_array(a, t->n + 1, sizeof *p.says) };

	for (size_t i = 0; i < c->n; i++)
		p.of[i] = NONE;
	for (size_t i = 0; i < t->n; i++)
		p.says[i] = NONE;
	for (size_t i = 0, k = 0; i < t->n && k < c->n;) {
		size_t n = run_of(t, known, i), m = run_of(c, said, k);
		int order = strcmp(t->v[known[i]].kind, c->v[said[k]].kind);

		if (order == 0)
			pair_kind(&p, t, known + i, n, c, said + k, m);
		i += order <= 0 ? n : 0;
		k += order >= 0 ? m : 0;
	}
	return p;
}

int
transcript_learn(
    struct arena *a, struct transcript *t, const struct transcript *console, struct err *e)
{
	const struct pairs p = pair(a, t, console);
	struct transcript was = *t;
	size_t at = 0; /* of was: what is before it is in t */

	*t = (struct transcript){ .consoles = was.consoles + 1,
		.v = arena_array(a, was.n + console->n + 1, sizeof *t->v) };
	for (size_t i = 0; i < was.n; i++) {
		if (p.says[i] == NONE)
			was.v[i].always = false;
		else
			was.v[i].text = common(a, was.v[i].text, console->v[p.says[i]].text);
	}
	/* a new line goes behind the one that was said before it */
	for (size_t i = 0; i < console->n; i++) {
		if (p.of[i] == NONE) {
			t->v[t->n] = console->v[i];
			t->v[t->n++].always = !was.consoles;
		}
		while (p.of[i] != NONE && at <= p.of[i])
			t->v[t->n++] = was.v[at++];
	}
	while (at < was.n)
		t->v[t->n++] = was.v[at++];
	return t->n > TRANSCRIPT_MOST
		   ? fail(e, "more than %d lines in %zu consoles: they have little in common",
			 TRANSCRIPT_MOST, t->consoles)
		   : 0;
}

size_t
transcript_compare(
    struct arena *a, const struct transcript *t, const struct transcript *console, struct buf *out)
{
	const struct pairs p = pair(a, t, console);
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (p.says[i] == NONE && t->v[i].always) {
			buf_addf(out, "- %s\n", t->v[i].text);
			n++;
		}
	for (size_t i = 0; i < console->n; i++) {
		const struct transcript_line *in_place = NULL;

		if (p.of[i] != NONE && !p.like[i])
			continue;
		if (p.of[i] != NONE && t->v[p.of[i]].always)
			in_place = &t->v[p.of[i]];
		if (in_place)
			buf_addf(out, "- %s\n", in_place->text);
		buf_addf(out, "+ %s\n", console->v[i].text);
		n += in_place ? 2 : 1;
	}
	return n;
}
