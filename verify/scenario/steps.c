/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/steps.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/scenario/block.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/reading.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BRIEF 60 /* of a block in the report */

/* do the step's words fit the form; the number of words that do is how close it came */
static bool
fits(struct reading *r, const struct verb_form *f, const struct step *s)
{
	char *w[16];
	size_t n = words(arena_strdup(r->a, f->form), w, 16);

	if (strcmp(f->verb, s->verb) != 0 || n != s->nargs)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!scenario_word_fits(w[i], &s->args[i]))
			return false;
	}
	return true;
}

static const struct verb_form *
form_of(struct reading *r, const struct step *s)
{
	for (const struct verb_form *f = r->forms; f->verb; f++)
		if (f->race != RACE_CLOSES && fits(r, f, s))
			return f;
	return NULL;
}

static bool
verb_takes_patterns(const struct reading *r, const char *verb)
{
	for (const struct verb_form *f = r->forms; f->verb; f++)
		if (!strcmp(f->verb, verb))
			return f->takes_patterns;
	return false;
}

/* "verb form, verb form": all there are of a verb; of all verbs, each once, when verb is NULL */
static const char *
listed(struct reading *r, const char *verb)
{
	struct buf b = { 0 };
	const char *out;

	for (const struct verb_form *f = r->forms; f->verb; f++) {
		if (verb && f->race != RACE_CLOSES && !strcmp(f->verb, verb))
			buf_addf(&b, "%s%s %s", b.n ? ", " : "", f->verb, f->form);
		else if (!verb && (f == r->forms || strcmp(f[-1].verb, f->verb) != 0))
			buf_addf(&b, " %s", f->verb);
	}
	out = arena_strndup(r->a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return out;
}

static int
add_alt(struct reading *r, struct step *s, const char *label, const struct token *t, struct err *e)
{
	struct expect_alt alt = { .label = label,
		.re = t->text,
		.templ = t->templ,
		.has_names = reading_has_names(&t->templ) };

	if (reading_pattern(r, t, &alt.pattern, e) < 0)
		return -1;
	s->alts = arena_more(r->a, s->alts, s->nalts, sizeof alt);
	s->alts[s->nalts++] = alt;
	return 0;
}

static int
set_time(struct reading *r, struct step *s, const struct token *t, struct err *e)
{
	if (s->timeout)
		return FAIL(r, e, "@%s: a second time", t->text);
	s->timeout = clock_parse(t->text);
	return s->timeout > 0 ? 0 : FAIL(r, e, "@%s: not a time, such as @10s or @250ms", t->text);
}

static int
read_status(struct reading *r, struct step *s, struct err *e)
{
	const char *word;
	char *end;
	long n;

	if (s->has_status)
		return FAIL(r, e, "a second status");
	if (reading_word(r, "a number or any", &word, e) < 0)
		return -1;
	n = strtol(word, &end, 10);
	if (!strcmp(word, "any"))
		s->status = -1;
	else if (*word >= '0' && *word <= '9' && !*end && n <= 255)
		s->status = (int)n;
	else
		return FAIL(r, e, "status %s: 0 to 255, or any", word);
	s->has_status = true;
	return 0;
}

/* what follows -> up to the end, a time, or status; *t is the first token behind it */
static int
read_want(struct reading *r, struct step *s, struct token *t, struct err *e)
{
	if (reading_next(r, true, t, e) < 0)
		return -1;
	if (t->kind == TOKEN_PATTERN) {
		s->want = WANT_RE;
		s->want_text = t->templ;
		if (reading_pattern(r, t, &s->want_re, e) < 0)
			return -1;
	} else if (t->kind == TOKEN_QUOTED) {
		if (!*t->text)
			return FAIL(r, e, "-> \"\": any output has it; for none there is -> empty");
		s->want = WANT_TEXT;
		s->want_text = t->templ;
		if (reading_names(r, &t->templ, e) < 0)
			return -1;
	} else if (t->kind == TOKEN_WORD && !strcmp(t->text, "empty")) {
		s->want = WANT_EMPTY;
	} else if (t->kind == TOKEN_WORD && (!strcmp(t->text, "all") || !strcmp(t->text, "has"))) {
		s->want = *t->text == 'a' ? WANT_ALL : WANT_HAS;
		for (;;) {
			if (reading_next(r, false, t, e) < 0)
				return -1;
			if ((t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) ||
			    (t->kind == TOKEN_WORD && !strcmp(t->text, "status")))
				break;
			if (reading_names(r, &t->templ, e) < 0)
				return -1;
			s->want_words =
			    arena_more(r->a, s->want_words, s->nwant_words, sizeof *s->want_words);
			s->want_words[s->nwant_words++] = t->templ;
		}
		return s->nwant_words
			   ? 0
			   : FAIL(r, e, "-> %s: needs words", s->want == WANT_ALL ? "all" : "has");
	} else {
		return FAIL(r, e, "-> needs /pattern/, \"text\", empty, all WORDS or has WORDS");
	}
	return reading_next(r, false, t, e);
}

/* a word of a step, or the beginning of a block: its text comes when the line has been read */
static int
add_word(struct reading *r, struct step *s, const struct token *t, struct err *e)
{
	if (t->kind == TOKEN_WORD && !strncmp(t->text, "<<", 2)) {
		if (r->mark)
			return FAIL(r, e, "%s: a second << on one line", t->text);
		r->mark = block_mark(t->text);
		r->block = s->nargs;
		if (!r->mark)
			return FAIL(r, e,
			    "%s: << needs a word of capitals behind it, such as <<END", t->text);
	} else if (reading_names(r, &t->templ, e) < 0) {
		return -1;
	}
	s->args = arena_more(r->a, s->args, s->nargs, sizeof *s->args);
	s->args[s->nargs] = r->mark && r->block == s->nargs ? (struct templ){ 0 } : t->templ;
	s->nargs++;
	return 0;
}

/* its lines with their newlines, cut at the names; the report shows where it begins */
static int
read_block(struct reading *r, struct step *s, struct err *e)
{
	struct templ *word = &s->args[r->block];
	struct buf text = { 0 };
	struct block b;
	int result = 0;

	if (block_read(r->a, &r->l, r->mark, &b, e) < 0)
		return -1;
	for (size_t i = 0; i < b.n && result == 0; i++) {
		struct lines here = { .path = r->l.path, .no = b.first + (unsigned)i };
		struct lines there = r->l;
		struct templ t;

		r->l = here; /* messages name the line */
		result = scan_templ(&r->scan, arena_printf(r->a, "%s\n", b.v[i]), false, &t, e);
		if (result == 0)
			result = reading_names(r, &t, e);
		r->l = there;
		for (size_t k = 0; k < t.n; k++) {
			word->v = arena_more(r->a, word->v, word->n, sizeof *word->v);
			word->v[word->n++] = t.v[k];
		}
		buf_addf(&text, "%s\n", b.v[i]);
	}
	s->source = arena_printf(r->a, "%s: %s", s->source, one_line(r->a, text.p, text.n, BRIEF));
	buf_free(&text);
	return result;
}

/* the words of a step, then what is wanted of it, in any order */
static int
read_words(struct reading *r, struct step *s, bool patterns, bool *wants, struct err *e)
{
	struct token t;

	if (reading_next(r, patterns, &t, e) < 0)
		return -1;
	while (t.kind != TOKEN_END) {
		bool fetched = false;

		if (t.kind == TOKEN_TIME) {
			if (set_time(r, s, &t, e) < 0)
				return -1;
		} else if (t.kind == TOKEN_ARROW) {
			if (s->want != WANT_NONE)
				return FAIL(r, e, "a second ->");
			if (read_want(r, s, &t, e) < 0)
				return -1;
			*wants = fetched = true;
		} else if (t.kind == TOKEN_PATTERN) {
			if (add_alt(r, s, NULL, &t, e) < 0)
				return -1;
		} else if (t.kind == TOKEN_WORD && !strcmp(t.text, "status")) {
			if (read_status(r, s, e) < 0)
				return -1;
			*wants = true;
		} else if (*wants) {
			return FAIL(r, e, "%s: one word too many", t.text);
		} else {
			if (add_word(r, s, &t, e) < 0)
				return -1;
		}
		if (!fetched && reading_next(r, patterns, &t, e) < 0)
			return -1;
	}
	return 0;
}

/* `... as NAME` defines NAME.port and the like */
static int
define_as(struct reading *r, const struct verb_form *f, const struct step *s, struct err *e)
{
	char *suffix[8], *name;
	size_t n;

	if (!f->defines)
		return 0;
	name = s->nargs ? arena_strdup(r->a, scenario_word_text(&s->args[s->nargs - 1])
						 ? scenario_word_text(&s->args[s->nargs - 1])
						 : "")
			: NULL;
	if (!name || !*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ||
	    !islower((unsigned char)*name))
		return FAIL(
		    r, e, "as %s: a name is lower-case letters, digits, _ and -", name ? name : "");
	if (!*f->defines)
		reading_define(r, name);
	n = words(arena_strdup(r->a, f->defines), suffix, 8);
	for (size_t i = 0; i < n && i < 8; i++)
		reading_define(r, arena_printf(r->a, "%s%s", name, suffix[i]));
	return 0;
}
/* ---- races ---- */

/* may the step stand where it does? */
static int
check_race(struct reading *r, const struct verb_form *f, const struct step *s, struct err *e)
{
	bool begins = f->race == RACE_OPENS || (f->race == RACE_ALONE && !r->race);

	if (f->race == RACE_OPENS && (!r->mark || !s->nargs))
		return FAIL(r, e, "%s: needs a block of steps behind it, such as <<END", f->verb);
	if (r->race && (f->race == RACE_NEVER || f->race == RACE_OPENS))
		return FAIL(r, e,
		    "%s %s: not in a race, where its own time would be hours of the guest; put it "
		    "behind the line %s",
		    f->verb, f->form, r->race);
	if (!begins)
		return 0;
	if (r->s->pristine)
		return FAIL(r, e, "%s: a race needs the guest agent; leave `image` out", f->verb);
	if (r->s->races)
		return FAIL(r, e,
		    "%s: a second race: QEMU has one for a guest; write `race <<END` once, around "
		    "all of it",
		    f->verb);
	r->s->races = true;
	return 0;
}

static void
add_step(struct reading *r, const struct step *s)
{
	r->s->steps = arena_more(r->a, r->s->steps, r->s->nsteps, sizeof *s);
	r->s->steps[r->s->nsteps++] = *s;
}

int
steps_close_race(struct reading *r, struct err *e)
{
	const struct step *last = &r->s->steps[r->s->nsteps - 1];
	struct step s = { .line = r->l.no, .source = r->race, .verb = "race", .races = true };

	if (last->form->race == RACE_OPENS)
		return FAIL(r, e, "<<%s: there is nothing before the line %s", r->race, r->race);
	for (s.form = r->forms; s.form->race != RACE_CLOSES; s.form++)
		;
	s.section = last->section;
	r->race = NULL;
	add_step(r, &s);
	return 0;
}

int
steps_read(struct reading *r, const char *verb, const char *source, struct err *e)
{
	struct step s = { .line = r->l.no,
		.source = source,
		.verb = verb,
		.races = r->race != NULL,
		.section = r->section < 0 ? SECTION_STEPS : r->section };
	const struct verb_form *f;
	bool wants = false, known = false, patterns = verb_takes_patterns(r, verb);

	r->mark = NULL;
	for (f = r->forms; f->verb && !known; f++)
		known = !strcmp(f->verb, verb);
	if (!known)
		return FAIL(r, e, "%s: unknown verb; one of%s", verb, listed(r, NULL));
	if (read_words(r, &s, patterns, &wants, e) < 0)
		return -1;
	s.form = f = form_of(r, &s);
	if (!f)
		return FAIL(
		    r, e, "%s: its arguments fit no form; one of: %s", verb, listed(r, verb));
	if (f->on == ON_GUEST && r->s->offline)
		return FAIL(
		    r, e, "%s: needs a guest, and with `image offline` there is none", verb);
	if (f->on == ON_FILES && !r->s->offline)
		return FAIL(r, e, "%s: needs the line `image offline`", verb);
	if (wants && !f->takes_want)
		return FAIL(r, e, "%s %s: takes neither -> nor status", verb, f->form);
	if (patterns && !s.nalts)
		return FAIL(r, e, "%s: needs a /pattern/", verb);
	if (s.nalts > 1)
		return FAIL(
		    r, e, "%s: one /pattern/ a line; more go on lines that begin with |", verb);
	if (define_as(r, f, &s, e) < 0 || check_race(r, f, &s, e) < 0)
		return -1;
	if (f->race == RACE_OPENS) {
		r->race = r->mark;
		r->race_at = s.line;
	} else if (r->mark && read_block(r, &s, e) < 0) {
		return -1;
	}
	if (f->parse && f->parse(r->a, &s, e) < 0)
		return wrap(e, "%s:%u", r->l.path, s.line);
	add_step(r, &s);
	return 0;
}

int
steps_bar(struct reading *r, struct err *e)
{
	struct step *s = r->s->nsteps ? &r->s->steps[r->s->nsteps - 1] : NULL;
	const char *label;
	struct token t;

	if (!s || !s->nalts || s->line + s->nalts != r->l.no)
		return FAIL(r, e, "|: only right below expect or prompt");
	if (reading_word(r, "a label", &label, e) < 0)
		return -1;
	for (size_t i = 1; i < s->nalts; i++)
		if (!strcmp(s->alts[i].label, label))
			return FAIL(r, e, "| %s: duplicate label", label);
	if (reading_next(r, true, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_PATTERN)
		return FAIL(r, e, "| %s: needs a /pattern/", label);
	return add_alt(r, s, label, &t, e) < 0 ? -1 : reading_end(r, e);
}
