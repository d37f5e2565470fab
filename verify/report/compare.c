/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/compare.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/report/result.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX 30 /* lines of a difference */

/* one triple's part */
struct side {
	const struct testcase_result *testcase;
	const struct kept *kept;
	char **lines; /* sorted, each once */
	size_t nlines;
	bool *used; /* of the test case's excuses */
	bool differs;
};

struct comparison {
	struct arena *a;
	const char *subject;
	struct side *sides;
	size_t n;
	struct buf shown;
	size_t ndiffering, nmissing;
	bool tie; /* a line that half of them have */
};

/* ---- who is compared with whom ---- */

static bool
same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool
is_group(const struct testcase_result *a, const struct kept *ka, const struct testcase_result *b,
    const struct kept *kb)
{
	return same(ka->subject, kb->subject) && same(a->scenario, b->scenario) &&
	       same(a->profile, b->profile) && same(a->set, b->set) && same(a->net, b->net);
}

typedef void group_visit(
    void *arg, const struct testcase_result *testcase, const struct kept *kept);

/* all test cases that kept, or should have kept, what this one did */
static size_t
visit_group(const struct testcase_result *testcases, size_t n,
    const struct testcase_result *testcase, const struct kept *kept, group_visit *visit, void *arg)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < testcases[i].nkept && testcases[i].verdict != VERDICT_SKIP;
		     k++)
			if (is_group(testcase, kept, &testcases[i], &testcases[i].kept[k])) {
				if (visit)
					visit(arg, &testcases[i], &testcases[i].kept[k]);
				found++;
			}
	return found;
}

static bool
is_first(const struct testcase_result *testcases, const struct testcase_result *testcase,
    const struct kept *kept)
{
	for (const struct kept *k = testcase->kept; k < kept; k++)
		if (same(k->subject, kept->subject))
			return false;
	return visit_group(testcases, (size_t)(testcase - testcases), testcase, kept, NULL, NULL) ==
	       0;
}

/* ---- lines ---- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
read_side(struct arena *a, struct side *s)
{
	struct lines l;
	char *line;
	size_t n = 0;

	lines_text(a, s->kept->subject, s->kept->text, &l);
	while ((line = lines_next(&l))) {
		line = trim(line);
		if (!*line)
			continue;
		s->lines = arena_more(a, s->lines, s->nlines, sizeof *s->lines);
		s->lines[s->nlines++] = line;
	}
	if (s->nlines)
		qsort(s->lines, s->nlines, sizeof *s->lines, by_text);
	for (size_t i = 0; i < s->nlines; i++)
		if (!n || strcmp(s->lines[n - 1], s->lines[i]))
			s->lines[n++] = s->lines[i];
	s->nlines = n;
}

static void
add_side(void *arg, const struct testcase_result *testcase, const struct kept *kept)
{
	struct comparison *c = arg;
	struct side *s = &c->sides[c->n++];

	*s = (struct side){ .testcase = testcase,
		.kept = kept,
		.used = arena_array(c->a, testcase->ndiffers + 1, sizeof(bool)) };
	if (kept->text)
		read_side(c->a, s);
	else
		c->nmissing++;
}

static bool
has_line(const struct side *s, const char *line)
{
	return s->nlines && bsearch(&line, s->lines, s->nlines, sizeof *s->lines, by_text);
}

static bool
has_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(line, word); p; p = strstr(p + 1, word))
		if ((p == line || p[-1] == ' ' || p[-1] == '\t') &&
		    (!p[n] || p[n] == ' ' || p[n] == '\t'))
			return true;
	return false;
}

/* does sysdeps/ know that this triple is different here? */
static bool
is_excused(const struct comparison *c, const struct side *s, const char *line)
{
	for (size_t i = 0; i < s->testcase->ndiffers; i++)
		if (!strcmp(s->testcase->differs[i].subject, c->subject) &&
		    has_word(line, s->testcase->differs[i].word))
			return true;
	return false;
}

static void
use_excuses(const struct comparison *c, struct side *s, const char *line)
{
	for (size_t i = 0; i < s->testcase->ndiffers; i++)
		s->used[i] |= !strcmp(s->testcase->differs[i].subject, c->subject) &&
			      has_word(line, s->testcase->differs[i].word);
}

/* ---- comparing ---- */

static void
show(struct comparison *c, const char *sign, const char *who, const char *line)
{
	if (++c->ndiffering > SHOWN_MAX)
		return;
	buf_adds(&c->shown, c->shown.n ? "\n" : "");
	buf_addf(&c->shown, "%s %s %s", who, sign, line);
}

/* those that have, or lack, a line and are not excused, marked as differing */
static const char *
differing(struct comparison *c, const char *line, bool have)
{
	struct buf b = { 0 };
	const char *names;

	for (size_t i = 0; i < c->n; i++) {
		struct side *s = &c->sides[i];

		if (!s->kept->text || is_excused(c, s, line) || has_line(s, line) != have)
			continue;
		s->differs = true;
		buf_addf(&b, "%s%s", b.n ? " " : "", s->testcase->arch);
	}
	names = arena_strdup(c->a, b.n ? b.p : "");
	buf_free(&b);
	return names;
}

/* who is excused has no vote; of the others, those are wrong that are fewer */
static void
compare_line(struct comparison *c, const char *line)
{
	size_t have = 0, lack = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->sides[i].kept->text && !is_excused(c, &c->sides[i], line))
			*(has_line(&c->sides[i], line) ? &have : &lack) += 1;
	for (size_t i = 0; i < c->n; i++)
		if (c->sides[i].kept->text && has_line(&c->sides[i], line) != (have > lack))
			use_excuses(c, &c->sides[i], line);
	if (!have || !lack)
		return;
	c->tie |= have == lack;
	show(c, have <= lack ? "+" : "-", differing(c, line, have <= lack), line);
}

/* every line that somebody has, once, in order */
static void
compare_lines(struct comparison *c)
{
	char **all = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->sides[i].nlines;
	all = arena_array(c->a, n + 1, sizeof *all);
	n = 0;
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->sides[i].nlines; k++)
			all[n++] = c->sides[i].lines[k];
	qsort(all, n, sizeof *all, by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(all[i - 1], all[i]))
			compare_line(c, all[i]);
}

/* ---- the verdict ---- */

enum who { ALL, DIFFERING, OTHERS, MISSING };

static bool
is_who(const struct side *s, enum who who)
{
	switch (who) {
	case ALL:
		return true;
	case DIFFERING:
		return s->differs;
	case OTHERS:
		return !s->differs && s->kept->text;
	case MISSING:
		return !s->kept->text;
	}
	return false;
}

static const char *
joined(struct comparison *c, enum who who)
{
	struct buf b = { 0 };
	const char *s;

	for (size_t i = 0; i < c->n; i++)
		if (is_who(&c->sides[i], who))
			buf_addf(&b, "%s%s", b.n ? " " : "", c->sides[i].testcase->arch);
	s = arena_strdup(c->a, b.n ? b.p : "");
	buf_free(&b);
	return s;
}

static const char *
missing(struct comparison *c)
{
	const struct side *s = c->sides;

	while (s->kept->text)
		s++;
	return arena_printf(c->a, "nothing was kept of %s: %s %s %s: %s", joined(c, MISSING),
	    s->testcase->arch, s->testcase->net, s->testcase->scenario,
	    s->testcase->reason		? s->testcase->reason
	    : s->testcase->failure.what ? s->testcase->failure.what
					: verdict_names[s->testcase->verdict]);
}

static void
set_failure(struct comparison *c, struct testcase_result *r)
{
	struct failure *f = &r->failure;
	const struct side *odd = c->sides;
	size_t ndiffer = 0;

	while (!odd->differs)
		odd++;
	if (c->ndiffering > SHOWN_MAX)
		buf_addf(&c->shown, "\nand %zu more", c->ndiffering - SHOWN_MAX);
	f->where = r->scenario_path;
	for (size_t i = 0; i < c->n; i++)
		ndiffer += c->sides[i].differs;
	if (*joined(c, OTHERS))
		f->what = arena_printf(c->a, "%s %s from %s", joined(c, DIFFERING),
		    c->tie	  ? "differ, half against half,"
		    : ndiffer > 1 ? "differ"
				  : "differs",
		    joined(c, OTHERS));
	else
		f->what = arena_printf(c->a, "%s all differ", joined(c, DIFFERING));
	f->expected = arena_printf(
	    c->a, "the same %s on %s, but for what sysdeps/ explains", c->subject, joined(c, ALL));
	f->got = arena_strndup(c->a, c->shown.p, c->shown.n);
	f->look = arena_printf(c->a, "%s/keep.%s", odd->testcase->dir, c->subject);
	if (c->nmissing)
		f->nearest = missing(c);
}

/*
 * an excuse that excuses nothing is a wrong statement about the triple; nothing can be said of it
 * while lines are missing
 */
static void
set_warnings(struct comparison *c, struct testcase_result *r)
{
	for (size_t i = 0; i < c->n && !c->nmissing; i++) {
		const struct side *s = &c->sides[i];

		for (size_t k = 0; k < s->testcase->ndiffers; k++) {
			const struct man_differs *d = &s->testcase->differs[k];

			if (s->used[k] || strcmp(d->subject, c->subject))
				continue;
			r->warnings =
			    arena_more(c->a, r->warnings, r->nwarnings, sizeof *r->warnings);
			r->warnings[r->nwarnings++] =
			    arena_printf(c->a, "%s: `differs %s %s` explains nothing here",
				s->testcase->arch, d->subject, d->word);
		}
	}
}

static void
compare(struct comparison *c, struct testcase_result *r)
{
	const struct testcase_result *first = c->sides[0].testcase;

	*r = (struct testcase_result){
		.arch = "all",
		.net = first->net,
		.profile = first->profile,
		.set = first->set,
		.scenario = arena_printf(c->a, "same-%s", c->subject),
		.title = arena_printf(c->a, "%s are the same on %s", c->subject, joined(c, ALL)),
		.scenario_path = first->scenario_path,
		.comparison = true,
	};
	compare_lines(c);
	if (c->ndiffering) {
		r->verdict = VERDICT_FAIL;
		set_failure(c, r);
	} else if (c->nmissing) {
		r->verdict = VERDICT_INCONCLUSIVE;
		r->reason = missing(c);
	} else {
		r->verdict = VERDICT_PASS;
	}
	set_warnings(c, r);
	buf_free(&c->shown);
}

size_t
compare_count(const struct testcase_result *testcases, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < testcases[i].nkept && testcases[i].verdict != VERDICT_SKIP;
		     k++)
			found += is_first(testcases, &testcases[i], &testcases[i].kept[k]) &&
				 visit_group(testcases, n, &testcases[i], &testcases[i].kept[k],
				     NULL, NULL) > 1;
	return found;
}

void
compare_make(
    struct arena *a, const struct testcase_result *testcases, size_t n, struct testcase_result *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < testcases[i].nkept && testcases[i].verdict != VERDICT_SKIP;
		     k++) {
			struct comparison c = { .a = a, .subject = testcases[i].kept[k].subject };
			size_t sides;

			if (!is_first(testcases, &testcases[i], &testcases[i].kept[k]))
				continue;
			/* more than there are test cases, if one says that it kept it twice */
			sides = visit_group(
			    testcases, n, &testcases[i], &testcases[i].kept[k], NULL, NULL);
			if (sides < 2)
				continue;
			c.sides = arena_array(a, sides, sizeof *c.sides);
			visit_group(
			    testcases, n, &testcases[i], &testcases[i].kept[k], add_side, &c);
			compare(&c, out++);
		}
}
