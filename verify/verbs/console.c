/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect prompt send, check, sleep: the console, and what needs no guest */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "verify/expect.h"
#include "verify/guest/ending.h"
#include "verify/loop.h"
#include "verify/scenario/one_line.h"
#include "verify/view.h"

#include <stdlib.h>
#include <string.h>

/* a prompt is one when nothing has followed it for so long; scaled */
#define QUIET (50 * NS_PER_MS)
/* characters of a line in a report */
#define SHOWN 300

/* ---- expect, prompt ---- */

/* compiles what has names in it; false: the step has ended over it */
static bool
prepare(struct testcase *c, const struct step *s)
{
	struct err e;

	if (!c->read) {
		testcase_fail(c, NULL, NULL, "there is no console");
		return false;
	}
	c->step->patterns = arena_array(c->a, s->nalts ? s->nalts : 1, sizeof(struct pattern *));
	for (size_t i = 0; i < s->nalts; i++) {
		const char *re;

		c->step->patterns[i] = s->alts[i].pattern;
		if (!s->alts[i].has_names)
			continue;
		if (names_fill_source(&c->names, s->alts[i].re, &re, &e) < 0 ||
		    (!*re && fail(&e, "//: the pattern is empty here: it matches anything")) ||
		    pattern_compile(c->a, re, &c->step->patterns[i], &e) < 0) {
			testcase_fail(c, NULL, NULL, "%s", e.msg);
			return false;
		}
	}
	return true;
}

/* all patterns of the step, for a report */
static const char *
alternatives(struct testcase *c, const struct step *s)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < s->nalts; i++)
		buf_addf(&b, "%s/%s/", i ? " or " : "", pattern_text(c->step->patterns[i]));
	text = arena_strndup(c->a, b.p, b.n);
	buf_free(&b);
	return text;
}

/* the line with a match that an earlier step read past, or NULL: a mistake that many make */
static const char *
passed_by(struct testcase *c, const struct step *s)
{
	size_t n;
	const char *text =
	    stream_text(c->a, guest_console(c->guest), 0, cursor_offset(c->read), &n);

	for (size_t i = 0; i < s->nalts; i++) {
		struct hit h;
		struct err ignored;
		const char *from, *end;

		if (s->alts[i].label && strcmp(s->alts[i].label, "ok"))
			continue;
		if (pattern_match(c->a, c->step->patterns[i], text, n, &h, &ignored) != 1 ||
		    h.end == h.start)
			continue;
		for (from = text + h.start; from > text && from[-1] != '\n'; from--)
			;
		end = memchr(text + h.start, '\n', n - h.start);
		return one_line(c->a, from, (size_t)((end ? end : text + n) - from), SHOWN);
	}
	return NULL;
}

static void
unmet(struct testcase *c, const struct step *s, const char *why)
{
	const char *before = passed_by(c, s);
	const char *expected = alternatives(c, s);
	unsigned long long lost = cursor_lost(c->read);

	if (lost)
		why = arena_printf(
		    c->a, "%s; %llu bytes had gone by before this step looked", why, lost);
	if (before)
		testcase_fail(c, expected,
		    arena_printf(c->a, "%s; before what an earlier step matched there was \"%s\"",
			why, before),
		    "%s did not appear on the console again", expected);
	else
		testcase_fail(c, expected, why, "%s never appeared on the console", expected);
}

static void
ended(struct testcase *c, const struct step *s)
{
	unmet(c, s,
	    arena_printf(
		c->a, "the console has ended: %s", ending_words(c->a, guest_reason(c->guest))));
}

/* the line that a match is on, as far as it has come */
static const char *
line_of(struct testcase *c, const struct hit *h)
{
	uint64_t from = h->start > SHOWN ? h->start - SHOWN : 0;
	size_t n, at;
	const char *text = stream_text(c->a, guest_console(c->guest), from, h->end + SHOWN, &n),
		   *begin, *end;

	at = (size_t)(h->start - from) < n ? (size_t)(h->start - from) : n;
	for (begin = text + at; begin > text && begin[-1] != '\n'; begin--)
		;
	end = memchr(text + at, '\n', n - at);
	return one_line(c->a, begin, (size_t)((end ? end : text + n) - begin), SHOWN);
}

/* an alternative that has a label other than `ok` is there to be recognized, and to fail */
static void
met(struct testcase *c, const struct step *s, const struct hit *h)
{
	const struct expect_alt *alt = &s->alts[h->which];

	names_set_hit(&c->names, h);
	if (alt->label && strcmp(alt->label, "ok"))
		testcase_fail(c, arena_printf(c->a, "/%s/", pattern_text(c->step->patterns[0])),
		    line_of(c, h), "the console shows: %s", alt->label);
	else
		testcase_pass(c);
}

/*
 * What a line of the kernel's has cut in two, as the console has it; the rest is there whole.  What
 * can't be judged here is told of there.
 */
static bool
find_cut(struct testcase *c, struct hit *h)
{
	const struct view *v = guest_view(c->guest);
	struct err ignored;
	int r;

	while ((r = cursor_find(c->a, c->view, h, &ignored)))
		if (r > 0 && view_is_cut(v, h->start, h->end)) {
			h->start = view_console_place(v, h->start);
			h->end = view_console_place(v, h->end);
			return true;
		}
	return false;
}

/* the first match of those in the console and in the view */
static int
find(struct testcase *c, struct hit *h, struct err *e)
{
	struct hit cut;
	int r = cursor_find(c->a, c->read, h, e);

	if (r < 0 || !find_cut(c, &cut) || (r && h->start <= cut.start))
		return r;
	*h = cut;
	cursor_seek(c->read, cut.end);
	return 1;
}

static void
expect_look(struct testcase *c, const struct step *s)
{
	struct hit h;
	struct err e;

	switch (find(c, &h, &e)) {
	case 1:
		met(c, s, &h);
		break;
	case -1: /* up to the guest, and no way out of failing */
		testcase_fail(c, alternatives(c, s), NULL, "%s", e.msg);
		break;
	default:
		if (guest_state(c->guest) == GUEST_ENDED)
			ended(c, s);
	}
}

static void
expect_start(struct testcase *c, const struct step *s)
{
	if (!prepare(c, s))
		return;
	cursor_seek(c->view, view_place(guest_view(c->guest), cursor_offset(c->read)));
	cursor_patterns(c->read, c->step->patterns, s->nalts);
	cursor_patterns(c->view, c->step->patterns, s->nalts);
	expect_look(c, s);
}

static bool
is_silent(struct testcase *c)
{
	struct stream *s = guest_console(c->guest);
	size_t n;
	const char *text = stream_text(c->a, s, c->step_from, stream_size(s), &n);

	while (n && (unsigned char)text[n - 1] <= ' ')
		n--;
	return !n;
}

static void
expect_late(struct testcase *c, const struct step *s)
{
	unmet(c, s,
	    arena_printf(c->a, "%s within %s", is_silent(c) ? "nothing" : "only other text",
		testcase_seconds(c, c->step_deadline - c->step_began)));
}

static void
expect_cancel(struct testcase *c)
{
	if (!c->read)
		return;
	cursor_patterns(c->read, NULL, 0);
	cursor_patterns(c->view, NULL, 0);
}

static void
prompt_look(struct testcase *c, const struct step *s)
{
	struct hit h;
	struct err e;

	cursor_seek(c->view, view_place(guest_view(c->guest), cursor_offset(c->read)));
	for (size_t i = 0; i < s->nalts; i++) {
		int r = prompt_find(c->a, c->read, c->step->patterns[i], &h, &e);

		/* what the kernel says while a program waits is no answer to its prompt */
		if (!r && prompt_find(c->a, c->view, c->step->patterns[i], &h, &e) == 1) {
			h.end = stream_size(guest_console(c->guest));
			r = 1;
		}
		if (r < 0) {
			testcase_fail(c, alternatives(c, s), NULL, "%s", e.msg);
			return;
		}
		if (r == 1) {
			h.which = i;
			cursor_seek(c->read, h.end);
			met(c, s, &h);
			return;
		}
	}
}

static void
on_quiet(void *arg)
{
	struct ticket *t = arg;
	struct testcase *c = ticket_testcase(t);

	if (!c)
		return;
	c->step->alarm = 0;
	prompt_look(c, testcase_step(c));
}

static void
prompt_wait(struct testcase *c, const struct step *s)
{
	(void)s;
	loop_cancel(c->loop, c->step->alarm);
	c->step->alarm = loop_at(c->loop, clock_now() + (nstime)((double)QUIET * c->job->scale),
	    on_quiet, ticket_new(c));
}

static void
prompt_start(struct testcase *c, const struct step *s)
{
	if (prepare(c, s))
		prompt_wait(c, s);
}

/* ---- send ---- */

static void
send_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 0);
	struct err e;

	if (!text || !step_needs_guest(c))
		return;
	if (guest_send(c->guest, text, strlen(text), &e) < 0) {
		testcase_fail(c, NULL, NULL, "%s", e.msg);
		return;
	}
	c->sent = text;
	testcase_pass(c);
}

/* ---- check ---- */

/* a number, all of it */
static bool
number(const char *s, double *out)
{
	char *end;

	*out = strtod(s, &end);
	return end != s && !*end;
}

static void
check_start(struct testcase *c, const struct step *s)
{
	const char *a = step_word(c, s, 0), *b = a ? step_word(c, s, 2) : NULL, *op;
	double x, y;
	bool good;

	if (!b)
		return;
	op = s->args[1].v[0].text;
	if (strchr("<>", *op)) {
		if (!number(a, &x) || !number(b, &y)) {
			testcase_fail(c, NULL, arena_printf(c->a, "%s %s %s", a, op, b),
			    "%s: not two numbers", s->source);
			return;
		}
		good = *op == '<' ? x < y : x > y;
	} else {
		good = !strcmp(a, b) == (*op == '=');
	}
	if (good)
		testcase_pass(c);
	else
		testcase_fail(c, s->source, arena_printf(c->a, "%s %s %s", a, op, b),
		    "%s: does not hold", s->source);
}

static int
check_value_parse(struct arena *a, const struct step *s, struct err *e)
{
	(void)a;
	if (s->want == WANT_NONE)
		return fail_usage(e, "check VALUE: needs -> and an expectation");
	if (s->has_status)
		return fail_usage(e, "check VALUE: a value has no status");
	return 0;
}

static void
check_value_start(struct testcase *c, const struct step *s)
{
	const char *value = step_word(c, s, 0);

	if (!value || !(c->step->want = step_want(c, s)))
		return;
	step_judge(c, s->source, -1, value, strlen(value));
}

/* ---- sleep ---- */

static void
on_rested(void *arg)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->alarm = 0;
	testcase_pass(c);
}

static int
sleep_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[0]);

	(void)a;
	return !text || clock_parse(text) >= 0
		   ? 0
		   : fail_usage(e, "sleep %s: not a time, such as 10s or 250ms", text);
}

static void
sleep_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 0);
	nstime t = text ? clock_parse(text) : 0;

	if (!text)
		return;
	if (t < 0) {
		testcase_fail(c, NULL, text, "sleep %s: no such time; say 500ms or 2s", text);
		return;
	}
	c->step->sleeps = true;
	/* its own length is no reason to be late */
	loop_cancel(c->loop, c->step_alarm);
	c->step_alarm = 0;
	c->step->alarm = loop_at(c->loop, clock_now() + t, on_rested, ticket_new(c));
}

const struct verb verbs_console[] = {
	{ .form = { .verb = "expect", .form = "", .takes_patterns = true, .race = RACE_MAY },
	    .start = expect_start,
	    .console = expect_look,
	    .ended = expect_look,
	    .late = expect_late,
	    .cancel = expect_cancel },
	{ .form = { .verb = "prompt", .form = "", .takes_patterns = true },
	    .start = prompt_start,
	    .console = prompt_wait,
	    .ended = ended,
	    .late = expect_late },
	{ .form = { .verb = "send", .form = "TEXT", .needs = NEEDS_CONSOLE, .race = RACE_MAY },
	    .start = send_start },
	{ .form = { .verb = "check", .form = "A == B", .race = RACE_MAY }, .start = check_start },
	{ .form = { .verb = "check", .form = "A != B", .race = RACE_MAY }, .start = check_start },
	{ .form = { .verb = "check", .form = "A < B", .race = RACE_MAY }, .start = check_start },
	{ .form = { .verb = "check", .form = "A > B", .race = RACE_MAY }, .start = check_start },
	{ .form = { .verb = "check",
	      .form = "VALUE",
	      .takes_want = true,
	      .race = RACE_MAY,
	      .parse = check_value_parse },
	    .start = check_value_start },
	{ .form = { .verb = "sleep", .form = "TIME", .parse = sleep_parse }, .start = sleep_start },
	{ .form = { .verb = NULL } },
};
