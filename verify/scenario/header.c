/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/header.h"

#include "build/base/arena.h"
#include "build/base/path.h"
#include "verify/scenario/reading.h"

#include <string.h>

static int
next_pattern(struct reading *r, struct pattern **out, struct err *e)
{
	struct token t;

	if (reading_next(r, true, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_PATTERN)
		return FAIL(r, e, "needs a /pattern/ here");
	if (reading_has_names(&t.templ))
		return FAIL(r, e, "/%s/: ${...} has a value only in steps", t.text);
	return reading_pattern(r, &t, out, e);
}

static int
rest_of_words(struct reading *r, const char *name, const char ***v, size_t *n, struct err *e)
{
	const char *word;

	if (reading_word(r, name, &word, e) < 0)
		return -1;
	for (;;) {
		struct token t;

		reading_add(r->a, v, n, word);
		if (reading_next(r, false, &t, e) < 0)
			return -1;
		if (t.kind == TOKEN_END)
			return 0;
		word = t.text;
	}
}

/* it is the name of a folder beside what the image itself has there, as image.h has it */
static bool
is_taken(const char *name)
{
	static const char *const ours[] = { "key", "stranger", "manifest", "sizes", "probe" };

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!strcmp(ours[i], name))
			return true;
	return false;
}

static int
read_scenario(struct reading *r, struct err *e)
{
	if (reading_word(r, "a name", &r->s->name, e) < 0 ||
	    reading_word(r, "a \"title\"", &r->s->title, e) < 0)
		return -1;
	if (!path_is_name(r->s->name) || strchr(r->s->name, '.'))
		return FAIL(r, e,
		    "scenario %s: a name is of letters, digits, _ and -, - not first, 64 at most",
		    r->s->name);
	if (is_taken(r->s->name))
		return FAIL(r, e,
		    "scenario %s: a file of lh-verify's own has this name; choose "
		    "another",
		    r->s->name);
	return reading_end(r, e);
}

static int
read_requires(struct reading *r, struct err *e)
{
	struct require q = { .line = r->l.no };

	if (reading_word(r, "a key", &q.key, e) < 0 ||
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

/* for a shell, between single quotes */
static int
read_says(struct reading *r, struct err *e)
{
	const char *text;

	if (reading_word(r, "what a log says", &text, e) < 0 || reading_end(r, e) < 0)
		return -1;
	if (!*text || strpbrk(text, "'\n"))
		return FAIL(r, e, "says: needs some of one line, without '");
	if (!r->scan.comment || !*r->scan.comment)
		return FAIL(r, e, "says \"%s\": needs a comment that says why", text);
	r->s->says = arena_printf(r->a, "%s%s\n", r->s->says, text);
	return 0;
}

static int
read_after(struct reading *r, struct err *e)
{
	if (reading_word(r, "a state", &r->s->after, e) < 0)
		return -1;
	if (strcmp(r->s->after, "booted") != 0)
		return FAIL(r, e, "after %s: unknown state; there is: booted", r->s->after);
	return reading_end(r, e);
}

static int
read_image(struct reading *r, struct err *e)
{
	const char *word;

	if (reading_word(r, "agent, pristine or offline", &word, e) < 0)
		return -1;
	r->s->offline = !strcmp(word, "offline");
	r->s->pristine = r->s->offline || !strcmp(word, "pristine");
	if (!r->s->pristine && strcmp(word, "agent") != 0)
		return FAIL(r, e, "image %s: unknown; agent, pristine or offline", word);
	return reading_end(r, e);
}

static int
read_lane(struct reading *r, struct err *e)
{
	if (reading_word(r, "a lane", &r->s->lane, e) < 0)
		return -1;
	if (!scenario_is_lane(r->s->lane))
		return FAIL(r, e, "lane %s: unknown; quick, long or faults", r->s->lane);
	return reading_end(r, e);
}

static int
read_clock(struct reading *r, struct err *e)
{
	const char *word;

	if (reading_word(r, "host or instructions", &word, e) < 0)
		return -1;
	r->s->counts = !strcmp(word, "instructions");
	if (!r->s->counts && strcmp(word, "host") != 0)
		return FAIL(r, e, "clock %s: unknown; host or instructions", word);
	return reading_end(r, e);
}

static int
next_time(struct reading *r, nstime *out, struct err *e)
{
	const char *word;

	if (reading_word(r, "a time, such as 10s", &word, e) < 0)
		return -1;
	*out = clock_parse(word);
	if (*out <= 0)
		return FAIL(r, e, "%s: not a time, such as 10s or 250ms", word);
	return reading_end(r, e);
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

int
header_watch(struct reading *r, struct err *e)
{
	struct watch w = { .line = r->l.no };
	const char *kind;
	size_t k = 0;

	if (reading_word(r, "fail, warn, kernel or log", &kind, e) < 0 ||
	    reading_word(r, "a name", &w.name, e) < 0)
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
	return reading_end(r, e);
}

static int
read_allow(struct reading *r, struct err *e)
{
	struct allow w = { .line = r->l.no };

	if (reading_word(r, "the name of a watch", &w.name, e) < 0)
		return -1;
	if (!watch_find(r->s, w.name))
		return FAIL(r, e, "allow %s: no such watch", w.name);
	if (next_pattern(r, &w.pattern, e) < 0 || reading_end(r, e) < 0)
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

	if (reading_word(r, "setup, steps or teardown", &word, e) < 0)
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
		return reading_end(r, e);
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
	{ "says", read_says, false, false },
	{ "after", read_after, true, false },
	{ "image", read_image, true, false },
	{ "lane", read_lane, true, false },
	{ "clock", read_clock, true, false },
	{ "timeout", read_timeout, true, false },
	{ "limit", read_limit, true, false },
	{ "watch", header_watch, false, false },
	{ "allow", read_allow, false, false },
	{ "section", read_section, false, true },
};

#define NSTATEMENTS (sizeof statements / sizeof *statements)

const char *
scenario_statement(size_t i)
{
	return i < NSTATEMENTS ? statements[i].word : NULL;
}

int
header_read(struct reading *r, const char *word, struct err *e)
{
	for (size_t i = 0; i < NSTATEMENTS; i++) {
		const struct statement *st = &statements[i];

		if (strcmp(st->word, word) != 0)
			continue;
		if (st->once && r->seen & 1u << i)
			return FAIL(r, e, "%s: duplicate statement", word);
		if (r->race)
			return FAIL(r, e, "%s: not in a race", word);
		if (!st->anywhere && r->s->nsteps)
			return FAIL(r, e, "%s: belongs before the first step", word);
		if (i && !r->s->name)
			break;
		r->seen |= 1u << i;
		return st->read(r, e) < 0 ? -1 : 1;
	}
	return r->s->name
		   ? 0
		   : FAIL(r, e, "%s: the first statement must be: scenario NAME \"title\"", word);
}
