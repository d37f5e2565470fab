/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/want.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/expect.h"
#include "verify/scenario/names.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/scenario.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_SHOWN 300

struct want {
	enum want_kind kind;
	int status; /* -1: any */
	struct pattern *re;
	const char *text;   /* TEXT; RE: its source */
	const char **words; /* ALL, HAS */
	size_t nwords;
	const char *shown;
};

/* ---- what is wanted ---- */

static const char *
joined(struct arena *a, const char *const *words, size_t n)
{
	struct buf b = { 0 };
	const char *s;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? " " : "", words[i]);
	s = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return s;
}

static void
add_word(struct arena *a, struct want *w, size_t *cap, const char *word)
{
	if (w->nwords == *cap) {
		size_t more = *cap ? 2 * *cap : 16;

		w->words = arena_grow(a, w->words, w->nwords, more, sizeof *w->words);
		*cap = more;
	}
	w->words[w->nwords++] = word;
}

/* one templ may stand for many words: ${services} */
static int
fill_words(
    struct arena *a, const struct step *s, const struct names *names, struct want *w, struct err *e)
{
	size_t cap = 0;

	for (size_t i = 0; i < s->nwant_words; i++) {
		const char *text;
		char *rest, *word;

		if (names_fill(names, &s->want_words[i], &text, e) < 0)
			return -1;
		rest = arena_strdup(a, text);
		while ((word = word_next(&rest)))
			add_word(a, w, &cap, word);
	}
	return 0;
}

static const char *
shown(struct arena *a, const struct want *w)
{
	const char *status = w->status > 0    ? arena_printf(a, "status %d", w->status)
			     : w->status == 0 ? "status 0"
					      : "any status";
	const char *more = w->status == 0 ? "" : arena_printf(a, ", %s", status);

	switch (w->kind) {
	case WANT_NONE:
		return status;
	case WANT_RE:
		return arena_printf(a, "/%s/%s", w->text, more);
	case WANT_TEXT:
		return arena_printf(a, "\"%s\"%s", w->text, more);
	case WANT_ALL:
		return arena_printf(
		    a, "the words %s and no others%s", joined(a, w->words, w->nwords), more);
	case WANT_HAS:
		return arena_printf(a, "the words %s%s", joined(a, w->words, w->nwords), more);
	case WANT_EMPTY:
		return arena_printf(a, "nothing%s", more);
	}
	return status;
}

int
want_new(struct arena *a, const struct step *s, const struct names *names, struct want **out,
    struct err *e)
{
	struct want *w = arena_alloc(a, sizeof *w);

	w->kind = s->want;
	w->status = s->status;
	w->re = s->want_re;
	if (w->kind == WANT_TEXT && names_fill(names, &s->want_text, &w->text, e) < 0)
		return -1;
	if (w->kind == WANT_TEXT && !*w->text)
		return fail(e, "-> \"\": the text is empty here: any output has it");
	if (w->kind == WANT_RE) {
		if (names_fill_pattern(names, &s->want_text, &w->text, e) < 0)
			return -1;
		if (!*w->text)
			return fail(e, "-> //: the pattern is empty here: it matches anything");
		if (!w->re && pattern_compile(a, w->text, &w->re, e) < 0)
			return -1;
	}
	if (fill_words(a, s, names, w, e) < 0)
		return -1;
	if ((w->kind == WANT_ALL || w->kind == WANT_HAS) && !w->nwords)
		return fail(
		    e, "-> %s: there are no words here", w->kind == WANT_ALL ? "all" : "has");
	w->shown = shown(a, w);
	*out = w;
	return 0;
}

const char *
want_text(const struct want *w)
{
	return w->shown;
}

const char *
want_pattern(struct arena *a, const struct want *w)
{
	return w->kind == WANT_RE     ? w->text
	       : w->kind == WANT_TEXT ? pattern_quote(a, w->text)
				      : NULL;
}

/* ---- what is there ---- */

/* the output's words, cut on the arena */
static const char **
words_of(struct arena *a, const char *out, size_t n, size_t *nwords)
{
	struct want w = { 0 };
	size_t cap = 0;
	char *text = arena_strndup(a, out, n), *word;

	for (size_t i = 0; i < n; i++)
		if (!text[i] || isspace((unsigned char)text[i]))
			text[i] = ' ';
	while ((word = word_next(&text)))
		add_word(a, &w, &cap, word);
	*nwords = w.nwords;
	return w.words;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **
sorted(struct arena *a, const char *const *words, size_t n)
{
	const char **v = arena_array(a, n + 1, sizeof *v);

	for (size_t i = 0; i < n; i++)
		v[i] = words[i];
	qsort(v, n, sizeof *v, by_text);
	return v;
}

/*
 * those of a that are not as often in b, both sorted, each once, and "(again)" when b has it; ""
 * when there are none
 */
static const char *
minus(struct arena *ar, const char *const *a, size_t na, const char *const *b, size_t nb)
{
	const char **left = arena_array(ar, na + 1, sizeof *left), *text;
	size_t n = 0;

	for (size_t i = 0, k = 0, said = na; i < na; i++) {
		while (k < nb && strcmp(b[k], a[i]) < 0)
			k++;
		if (k < nb && !strcmp(b[k], a[i])) {
			k++;
			continue;
		}
		if (said < na && !strcmp(a[said], a[i]))
			continue;
		said = i;
		left[n++] =
		    k && !strcmp(b[k - 1], a[i]) ? arena_printf(ar, "%s (again)", a[i]) : a[i];
	}
	text = joined(ar, left, n);
	return one_line(ar, text, strlen(text), LINE_MAX_SHOWN);
}

static bool
words_met(struct arena *a, const struct want *w, const char *out, size_t n, const char **got)
{
	size_t nthere;
	const char **all = words_of(a, out, n, &nthere), **there = sorted(a, all, nthere),
		   **wanted = sorted(a, w->words, w->nwords);
	const char *missing = minus(a, wanted, w->nwords, there, nthere);
	const char *extra = w->kind == WANT_ALL ? minus(a, there, nthere, wanted, w->nwords) : "";

	if (!*missing && !*extra)
		return true;
	*got = arena_printf(a, "%s%s%s%s%s", *missing ? "missing: " : "", missing,
	    *missing && *extra ? "; " : "", *extra ? "unexpected: " : "", extra);
	return 0;
}

static int
re_met(struct arena *a, const struct want *w, const char *out, size_t n, struct names *names,
    struct err *e)
{
	struct hit h = { 0 };
	int r = pattern_match(a, w->re, out, n, &h, e);

	if (r == 1)
		names_set_hit(names, &h);
	return r;
}

/* a shell adds 128 to the signal that a command died of, and says nothing of it */
static const char *
status_words(struct arena *a, int status)
{
	return status > 128 && status <= 128 + 31
		   ? arena_printf(a, "status %d (%s)", status, strsignal(status - 128))
		   : arena_printf(a, "status %d", status);
}

int
want_met(struct arena *a, const struct want *w, int status, const char *out, size_t n,
    struct names *names, const char **got, struct err *e)
{
	const char *line = one_line(a, out, n, LINE_MAX_SHOWN);

	if (status >= 0 && w->status >= 0 && status != w->status) {
		*got = arena_printf(a, "%s%s%s", status_words(a, status), *line ? ": " : "", line);
		return 0;
	}
	*got = *line ? line : "nothing";
	switch (w->kind) {
	case WANT_NONE:
		return 1;
	case WANT_RE:
		return re_met(a, w, out, n, names, e);
	case WANT_TEXT:
		return memmem(out, n, w->text, strlen(w->text)) != NULL;
	case WANT_ALL:
	case WANT_HAS:
		return words_met(a, w, out, n, got);
	case WANT_EMPTY:
		return !*line;
	}
	return 0;
}
