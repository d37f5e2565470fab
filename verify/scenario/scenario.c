/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/scenario.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/expect.h"
#include "verify/scenario/block.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT (10 * NS_PER_S)
#define LIMIT (120 * NS_PER_S)
#define BRIEF 60 /* of a block in the report */

/* a file being read */
struct reading {
	struct arena *a;
	struct lines l;
	struct scan scan; /* of the line at hand */
	struct scenario *s;
	const struct verb_form *forms;
	const char **names; /* what ${...} may be from here on */
	size_t nnames;
	int section;
	unsigned seen;	  /* header words that may come once: bits */
	const char *mark; /* of the block that the line at hand opens, or NULL */
	size_t block;	  /* the word that it is of its step */
	const char *race; /* the mark that ends the race that the line at hand is in, or NULL */
	unsigned race_at; /* its line */
};

static void
add_text(struct arena *a, const char ***v, size_t *n, const char *text)
{
	*v = arena_more(a, *v, *n, sizeof **v);
	(*v)[(*n)++] = text;
}

#define FAIL(r, e, ...) lines_fail(&(r)->l, e, __VA_ARGS__)

/* ---- names ---- */

static void
define(struct reading *r, const char *name)
{
	add_text(r->a, &r->names, &r->nnames, name);
}

static int
check_names(struct reading *r, const struct templ *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		bool known = !t->v[i].is_name;

		for (size_t k = 0; k < r->nnames && !known; k++)
			known = !strcmp(r->names[k], t->v[i].text);
		if (!known)
			return FAIL(
			    r, e, "${%s}: nothing before this line defines it", t->v[i].text);
	}
	return 0;
}

static bool
has_names(const struct templ *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].is_name)
			return true;
	return false;
}

/* the named groups of a pattern: (?<name>...), (?P<name>...), (?'name'...) */
static void
define_groups(struct reading *r, const char *re)
{
	static const char *const openings[] = { "(?<", "(?P<", "(?'" };

	for (const char *p = re; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
			const char *name = p + strlen(openings[i]);

			if (!strncmp(p, openings[i], strlen(openings[i])) &&
			    (isalpha((unsigned char)*name) || *name == '_'))
				define(r, arena_strndup(r->a, name, strcspn(name, ">'")));
		}
	}
}

/*
 * Compiles a pattern, or (with names in it) checks that it will compile: a name stands for
 * literal text, so any text serves.
 */
static int
check_pattern(struct reading *r, const struct token *t, struct pattern **out, struct err *e)
{
	struct buf b = { 0 };
	struct pattern *p;
	int result;

	if (!*t->text)
		return FAIL(r, e, "//: an empty pattern matches anything");
	if (check_names(r, &t->templ, e) < 0)
		return -1;
	for (size_t i = 0; i < t->templ.n; i++)
		buf_adds(&b, t->templ.v[i].is_name ? "x" : t->templ.v[i].text);
	result = pattern_compile(r->a, b.n ? b.p : "", &p, e);
	buf_free(&b);
	if (result < 0)
		return wrap(e, "%s:%u", r->l.path, r->l.no);
	*out = has_names(&t->templ) ? NULL : p;
	define_groups(r, t->text);
	return 0;
}

/* ---- header statements ---- */

static int
next(struct reading *r, bool pattern, struct token *t, struct err *e)
{
	return scan_next(&r->scan, pattern, t, e);
}

/* a plain word, or a quoted one; name says what is missing */
static int
next_word(struct reading *r, const char *name, const char **out, struct err *e)
{
	struct token t;

	if (next(r, false, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED)
		return FAIL(r, e, "needs %s here", name);
	if (has_names(&t.templ))
		return FAIL(r, e, "%s: ${...} has a value only in steps", t.text);
	*out = t.text;
	return 0;
}

static int
next_pattern(struct reading *r, struct pattern **out, struct err *e)
{
	struct token t;

	if (next(r, true, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_PATTERN)
		return FAIL(r, e, "needs a /pattern/ here");
	if (has_names(&t.templ))
		return FAIL(r, e, "/%s/: ${...} has a value only in steps", t.text);
	return check_pattern(r, &t, out, e);
}

static int
line_end(struct reading *r, struct err *e)
{
	struct token t;

	if (next(r, false, &t, e) < 0)
		return -1;
	return t.kind == TOKEN_END ? 0 : FAIL(r, e, "%s: one word too many", t.text);
}

static int
rest_of_words(struct reading *r, const char *name, const char ***v, size_t *n, struct err *e)
{
	const char *word;

	if (next_word(r, name, &word, e) < 0)
		return -1;
	for (;;) {
		struct token t;

		add_text(r->a, v, n, word);
		if (next(r, false, &t, e) < 0)
			return -1;
		if (t.kind == TOKEN_END)
			return 0;
		word = t.text;
	}
}

static int
read_scenario(struct reading *r, struct err *e)
{
	if (next_word(r, "a name", &r->s->name, e) < 0 ||
	    next_word(r, "a \"title\"", &r->s->title, e) < 0)
		return -1;
	return line_end(r, e);
}

static int
read_requires(struct reading *r, struct err *e)
{
	struct require q = { .line = r->l.no };

	if (next_word(r, "a key", &q.key, e) < 0 ||
	    rest_of_words(r, "a value", &q.values, &q.nvalues, e) < 0)
		return -1;
	r->s->requires = arena_more(r->a, r->s->requires, r->s->nrequires, sizeof q);
	r->s->requires[r->s->nrequires++] = q;
	return 0;
}

static int
read_proves(struct reading *r, struct err *e)
{
	struct scenario *s = r->s;
	const char **v = NULL;
	size_t n = 0;

	if (rest_of_words(r, "a service", &v, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < s->nproofs; k++)
			if (!strcmp(s->proofs[k].service, v[i]))
				return FAIL(r, e, "proves %s: duplicate service", v[i]);
		s->proofs = arena_more(r->a, s->proofs, s->nproofs, sizeof *s->proofs);
		s->proofs[s->nproofs++] = (struct proof){ .service = v[i], .line = r->l.no };
	}
	return 0;
}

static int
read_dies(struct reading *r, struct err *e)
{
	const char **v = NULL;
	size_t n = 0;

	if (rest_of_words(r, "a service, or all", &v, &n, e) < 0)
		return -1;
	if (!r->scan.comment || !*r->scan.comment)
		return FAIL(r, e, "dies %s: needs a comment that says why", v[0]);
	r->s->dies = v[0];
	for (size_t i = 1; i < n; i++)
		r->s->dies = arena_printf(r->a, "%s %s", r->s->dies, v[i]);
	return 0;
}

static int
read_after(struct reading *r, struct err *e)
{
	if (next_word(r, "a state", &r->s->after, e) < 0)
		return -1;
	if (strcmp(r->s->after, "booted") != 0)
		return FAIL(r, e, "after %s: unknown state; there is: booted", r->s->after);
	return line_end(r, e);
}

static int
read_image(struct reading *r, struct err *e)
{
	const char *word;

	if (next_word(r, "agent, pristine or offline", &word, e) < 0)
		return -1;
	r->s->offline = !strcmp(word, "offline");
	r->s->pristine = r->s->offline || !strcmp(word, "pristine");
	if (!r->s->pristine && strcmp(word, "agent") != 0)
		return FAIL(r, e, "image %s: unknown; agent, pristine or offline", word);
	return line_end(r, e);
}

const char *const scenario_lanes[] = { "quick", "long", "faults", NULL };

bool
scenario_is_lane(const char *name)
{
	for (const char *const *l = scenario_lanes; *l; l++)
		if (!strcmp(*l, name))
			return true;
	return false;
}

static int
read_lane(struct reading *r, struct err *e)
{
	if (next_word(r, "a lane", &r->s->lane, e) < 0)
		return -1;
	if (!scenario_is_lane(r->s->lane))
		return FAIL(r, e, "lane %s: unknown; quick, long or faults", r->s->lane);
	return line_end(r, e);
}

static int
read_clock(struct reading *r, struct err *e)
{
	const char *word;

	if (next_word(r, "host or instructions", &word, e) < 0)
		return -1;
	r->s->counts = !strcmp(word, "instructions");
	if (!r->s->counts && strcmp(word, "host") != 0)
		return FAIL(r, e, "clock %s: unknown; host or instructions", word);
	return line_end(r, e);
}

static int
next_time(struct reading *r, nstime *out, struct err *e)
{
	const char *word;

	if (next_word(r, "a time, such as 10s", &word, e) < 0)
		return -1;
	*out = clock_parse(word);
	if (*out <= 0)
		return FAIL(r, e, "%s: not a time, such as 10s or 250ms", word);
	return line_end(r, e);
}

static int
read_timeout(struct reading *r, struct err *e)
{
	return next_time(r, &r->s->timeout, e);
}

static int
read_limit(struct reading *r, struct err *e)
{
	return next_time(r, &r->s->limit, e);
}

static const struct watch *
watch_find(const struct scenario *s, const char *name)
{
	for (size_t i = 0; i < s->nwatches; i++)
		if (!strcmp(s->watches[i].name, name))
			return &s->watches[i];
	return NULL;
}

static const char *const kinds[] = {
	[WATCH_FAIL] = "fail", [WATCH_WARN] = "warn", [WATCH_KERNEL] = "kernel", [WATCH_LOG] = "log"
};

#define NKINDS (sizeof kinds / sizeof *kinds)

const char *
scenario_watch_kind(size_t i)
{
	return i < NKINDS ? kinds[i] : NULL;
}

static int
read_watch(struct reading *r, struct err *e)
{
	struct watch w = { .line = r->l.no };
	const char *kind;
	size_t k = 0;

	if (next_word(r, "fail, warn, kernel or log", &kind, e) < 0 ||
	    next_word(r, "a name", &w.name, e) < 0)
		return -1;
	while (k < NKINDS && strcmp(kind, kinds[k]) != 0)
		k++;
	if (k == NKINDS)
		return FAIL(r, e, "watch %s: unknown; fail, warn, kernel or log", kind);
	w.kind = (enum watch_kind)k;
	if (watch_find(r->s, w.name))
		return FAIL(r, e, "watch %s: duplicate name", w.name);
	if (next_pattern(r, &w.pattern, e) < 0)
		return -1;
	r->s->watches = arena_more(r->a, r->s->watches, r->s->nwatches, sizeof w);
	r->s->watches[r->s->nwatches++] = w;
	return line_end(r, e);
}

static int
read_allow(struct reading *r, struct err *e)
{
	struct allow w = { .line = r->l.no };

	if (next_word(r, "the name of a watch", &w.name, e) < 0)
		return -1;
	if (!watch_find(r->s, w.name))
		return FAIL(r, e, "allow %s: no such watch", w.name);
	if (next_pattern(r, &w.pattern, e) < 0 || line_end(r, e) < 0)
		return -1;
	if (!r->scan.comment || !*r->scan.comment)
		return FAIL(r, e, "allow %s: needs a comment that says why", w.name);
	r->s->allows = arena_more(r->a, r->s->allows, r->s->nallows, sizeof w);
	r->s->allows[r->s->nallows++] = w;
	return 0;
}

static int
read_section(struct reading *r, struct err *e)
{
	static const char *const sections[] = { [SECTION_SETUP] = "setup",
		[SECTION_STEPS] = "steps",
		[SECTION_TEARDOWN] = "teardown" };
	const char *word;

	if (next_word(r, "setup, steps or teardown", &word, e) < 0)
		return -1;
	for (int i = SECTION_SETUP; i <= SECTION_TEARDOWN; i++) {
		if (strcmp(sections[i], word) != 0)
			continue;
		if (i <= r->section)
			return FAIL(r, e,
			    "section %s: comes once, in the order setup, steps, teardown", word);
		if (r->section < 0 && r->s->nsteps)
			return FAIL(
			    r, e, "section %s: there are steps before the first section", word);
		r->section = i;
		return line_end(r, e);
	}
	return FAIL(r, e, "section %s: unknown; one of setup steps teardown", word);
}

static const struct statement {
	const char *word;
	int (*read)(struct reading *r, struct err *e);
	bool once;
	bool anywhere; /* also among the steps */
} statements[] = {
	{ "scenario", read_scenario, true, false },
	{ "requires", read_requires, false, false },
	{ "proves", read_proves, false, false },
	{ "dies", read_dies, true, false },
	{ "after", read_after, true, false },
	{ "image", read_image, true, false },
	{ "lane", read_lane, true, false },
	{ "clock", read_clock, true, false },
	{ "timeout", read_timeout, true, false },
	{ "limit", read_limit, true, false },
	{ "watch", read_watch, false, false },
	{ "allow", read_allow, false, false },
	{ "section", read_section, false, true },
};

#define NSTATEMENTS (sizeof statements / sizeof *statements)

const char *
scenario_statement(size_t i)
{
	return i < NSTATEMENTS ? statements[i].word : NULL;
}

/* ---- steps ---- */

/* a word of a form that stands for itself, unlike USER */
static bool
is_literal(const char *word)
{
	for (; *word; word++)
		if (isupper((unsigned char)*word))
			return false;
	return true;
}

const char *
scenario_word_text(const struct templ *t)
{
	return t->n == 1 && !t->v[0].is_name ? t->v[0].text : NULL;
}

bool
scenario_word_fits(const char *form_word, const struct templ *t)
{
	const char *text = scenario_word_text(t);

	return !is_literal(form_word) || (text && !strcmp(text, form_word));
}

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
	struct expect_alt alt = {
		.label = label, .re = t->text, .templ = t->templ, .has_names = has_names(&t->templ)
	};

	if (check_pattern(r, t, &alt.pattern, e) < 0)
		return -1;
	s->alts = arena_more(r->a, s->alts, s->nalts, sizeof alt);
	s->alts[s->nalts++] = alt;
	return 0;
}

static int
set_time(struct reading *r, struct step *s, const struct token *t, struct err *e)
{
	s->timeout = clock_parse(t->text);
	return s->timeout > 0 ? 0 : FAIL(r, e, "@%s: not a time, such as @10s or @250ms", t->text);
}

static int
read_status(struct reading *r, struct step *s, struct err *e)
{
	const char *word;
	char *end;
	long n;

	if (next_word(r, "a number or any", &word, e) < 0)
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
	if (next(r, true, t, e) < 0)
		return -1;
	if (t->kind == TOKEN_PATTERN) {
		s->want = WANT_RE;
		s->want_text = t->templ;
		if (check_pattern(r, t, &s->want_re, e) < 0)
			return -1;
	} else if (t->kind == TOKEN_QUOTED) {
		if (!*t->text)
			return FAIL(r, e, "-> \"\": any output has it; for none there is -> empty");
		s->want = WANT_TEXT;
		s->want_text = t->templ;
		if (check_names(r, &t->templ, e) < 0)
			return -1;
	} else if (t->kind == TOKEN_WORD && !strcmp(t->text, "empty")) {
		s->want = WANT_EMPTY;
	} else if (t->kind == TOKEN_WORD && (!strcmp(t->text, "all") || !strcmp(t->text, "has"))) {
		s->want = *t->text == 'a' ? WANT_ALL : WANT_HAS;
		for (;;) {
			if (next(r, false, t, e) < 0)
				return -1;
			if ((t->kind != TOKEN_WORD && t->kind != TOKEN_QUOTED) ||
			    (t->kind == TOKEN_WORD && !strcmp(t->text, "status")))
				break;
			if (check_names(r, &t->templ, e) < 0)
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
	return next(r, false, t, e);
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
	} else if (check_names(r, &t->templ, e) < 0) {
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
			result = check_names(r, &t, e);
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

	if (next(r, patterns, &t, e) < 0)
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
		if (!fetched && next(r, patterns, &t, e) < 0)
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
		define(r, name);
	n = words(arena_strdup(r->a, f->defines), suffix, 8);
	for (size_t i = 0; i < n && i < 8; i++)
		define(r, arena_printf(r->a, "%s%s", name, suffix[i]));
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

/* the line that ends a race is a step, too: the guest calms down */
static int
close_race(struct reading *r, struct err *e)
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

static int
read_step(struct reading *r, const char *verb, const char *source, struct err *e)
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

/* "| label /re/" belongs to the expect above it */
static int
read_bar(struct reading *r, struct err *e)
{
	struct step *s = r->s->nsteps ? &r->s->steps[r->s->nsteps - 1] : NULL;
	const char *label;
	struct token t;

	if (!s || !s->nalts || s->line + s->nalts != r->l.no)
		return FAIL(r, e, "|: only right below expect or prompt");
	if (next_word(r, "a label", &label, e) < 0)
		return -1;
	for (size_t i = 1; i < s->nalts; i++)
		if (!strcmp(s->alts[i].label, label))
			return FAIL(r, e, "| %s: duplicate label", label);
	if (next(r, true, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_PATTERN)
		return FAIL(r, e, "| %s: needs a /pattern/", label);
	return add_alt(r, s, label, &t, e) < 0 ? -1 : line_end(r, e);
}

/* ---- files ---- */

static int
read_statement(struct reading *r, const struct token *t, const char *source, struct err *e)
{
	for (size_t i = 0; i < NSTATEMENTS; i++) {
		const struct statement *st = &statements[i];

		if (strcmp(st->word, t->text) != 0)
			continue;
		if (st->once && r->seen & 1u << i)
			return FAIL(r, e, "%s: duplicate statement", st->word);
		if (r->race)
			return FAIL(r, e, "%s: not in a race", st->word);
		if (!st->anywhere && r->s->nsteps)
			return FAIL(r, e, "%s: belongs before the first step", st->word);
		if (i && !r->s->name)
			return FAIL(r, e,
			    "%s: the first statement must be: scenario NAME \"title\"", st->word);
		r->seen |= 1u << i;
		return st->read(r, e);
	}
	if (!r->s->name)
		return FAIL(
		    r, e, "%s: the first statement must be: scenario NAME \"title\"", t->text);
	return read_step(r, t->text, source, e);
}

static int
read_file(struct reading *r, const char *path, bool only_watches, struct err *e)
{
	char *line;

	if (lines_open(r->a, path, &r->l, e) < 0)
		return -1;
	while ((line = lines_next(&r->l))) {
		const char *source = arena_strdup(r->a, trim(line));
		struct token t;
		int result;

		if (r->race && !strcmp(line, r->race)) {
			if (close_race(r, e) < 0)
				return -1;
			continue;
		}
		scan_start(&r->scan, r->a, &r->l, line);
		if (next(r, false, &t, e) < 0)
			return -1;
		if (t.kind == TOKEN_END)
			continue;
		if (only_watches)
			result =
			    t.kind == TOKEN_WORD && !strcmp(t.text, "watch")
				? read_watch(r, e)
				: FAIL(r, e, "%s: only watch lines here", t.text ? t.text : "|");
		else if (t.kind == TOKEN_BAR)
			result = read_bar(r, e);
		else if (t.kind == TOKEN_WORD)
			result = read_statement(r, &t, source, e);
		else
			result = FAIL(r, e, "%s: a line begins with a verb", source);
		if (result < 0)
			return -1;
	}
	r->l.no = r->race_at;
	return r->race ? FAIL(r, e, "<<%s: no line %s follows", r->race, r->race) : 0;
}

bool
scenario_needs(const struct scenario *s, enum needs what)
{
	for (size_t i = 0; i < s->nsteps; i++)
		if (s->steps[i].form->needs & what)
			return true;
	return false;
}

/* time races, and instructions are counted, only where QEMU executes them one by one */
bool
scenario_needs_tcg(const struct scenario *s)
{
	return s->races || s->counts;
}

int
scenario_read(struct arena *a, const char *path, const char *watches, const struct verb_form *forms,
    const char *const *known, struct scenario *out, struct err *e)
{
	struct reading r = { .a = a, .s = out, .forms = forms, .section = -1 };

	*out = (struct scenario){ .path = arena_strdup(a, path),
		.lane = *scenario_lanes,
		.dies = "",
		.timeout = TIMEOUT,
		.limit = LIMIT };
	if (watches && read_file(&r, watches, true, e) < 0)
		return -1;
	r.nnames = 0; /* what a watch captures is nobody's value */
	for (; *known; known++)
		define(&r, *known);
	if (read_file(&r, path, false, e) < 0)
		return -1;
	if (!out->name)
		return fail_usage(
		    e, "%s: is empty: the first statement must be: scenario NAME \"title\"", path);
	if (out->offline && out->after)
		return fail_usage(
		    e, "%s: after %s: with `image offline` there is no guest", path, out->after);
	if (out->pristine && out->after)
		return fail_usage(e,
		    "%s: after %s: with `image pristine` there is no guest agent to resume with",
		    path, out->after);
	if (out->after && scenario_needs(out, NEEDS_SLOT))
		return fail_usage(e,
		    "%s: after %s: the guest of a saved state has no slot to plug anything into; "
		    "leave it out",
		    path, out->after);
	if (out->after && scenario_needs(out, NEEDS_FAULTS))
		return fail_usage(e,
		    "%s: after %s: the disk of a saved state cannot be made to fail; leave it out",
		    path, out->after);
	if (out->counts && (out->after || out->races))
		return fail_usage(e,
		    "%s: clock instructions: a guest is booted with it and keeps it; leave %s out",
		    path, out->after ? "`after`" : "the race");
	if (out->races && scenario_needs(out, NEEDS_PEER))
		return fail_usage(e,
		    "%s: net: nobody stands between a guest and its network while its time races; "
		    "make it two scenarios",
		    path);
	if (!out->nsteps)
		return fail_usage(e, "%s: has no step, so it tests nothing", path);
	return 0;
}

void
scenario_append(struct arena *a, struct scenario *s, const struct scenario *ending)
{
	struct step *v = arena_array(a, s->nsteps + ending->nsteps, sizeof *v);

	if (s->pristine)
		return;
	memcpy(v, s->steps, s->nsteps * sizeof *v);
	for (size_t i = 0; i < ending->nsteps; i++) {
		struct step *t = &v[s->nsteps + i];

		*t = ending->steps[i];
		t->ending = ending->path;
		if (!t->timeout)
			t->timeout = ending->timeout;
	}
	s->steps = v;
	s->nsteps += ending->nsteps;
}

struct folder {
	struct arena *a;
	const char *dir, *watches;
	const struct verb_form *forms;
	const char *const *known;
	struct scenario *v;
	size_t n;
};

static int
visit(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct folder *f = arg;
	size_t n = strlen(rel);

	/* those are for images of others, named by --scenarios */
	if (!strncmp(rel, "examples/", 9))
		return 0;
	if (!S_ISREG(st->st_mode) || n < 5 || strcmp(rel + n - 4, ".scn") != 0)
		return 0;
	f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
	if (scenario_read(f->a, arena_printf(f->a, "%s/%s", f->dir, rel), f->watches, f->forms,
		f->known, &f->v[f->n], e) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].name, f->v[f->n].name))
			return fail_usage(e, "%s: scenario %s: %s has that name", f->v[f->n].path,
			    f->v[f->n].name, f->v[i].path);
	f->n++;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct scenario *)a)->name, ((const struct scenario *)b)->name);
}

int
scenario_read_all(struct arena *a, const char *dir, const char *watches,
    const struct verb_form *forms, const char *const *known, struct scenario **out, size_t *n,
    struct err *e)
{
	struct folder f = {
		.a = a, .dir = dir, .watches = watches, .forms = forms, .known = known
	};

	if (file_walk(dir, visit, &f, e) < 0)
		return -1;
	if (!f.n)
		return fail_usage(e, "%s: contains no scenario (NAME.scn)", dir);
	qsort(f.v, f.n, sizeof *f.v, by_name);
	*out = f.v;
	*n = f.n;
	return 0;
}
