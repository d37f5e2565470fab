/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verbs/step.h"

#include "build/base/arena.h"
#include "verify/image/reading.h"
#include "verify/scenario/miss.h"
#include "verify/scenario/nearest.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/want.h"

#include <stdint.h>
#include <string.h>

#define BRIEF 100 /* bytes of a command in a message */
#define SHOWN 300 /* of what a command said; more is cut off, and the rest may tell more */

struct ticket *
ticket_new(struct testcase *c)
{
	struct ticket *t = arena_alloc(c->a, sizeof *t);

	*t = (struct ticket){ c, c->ticket };
	return t;
}

struct testcase *
ticket_testcase(const struct ticket *t)
{
	return t->testcase->step_open && t->testcase->ticket == t->number ? t->testcase : NULL;
}

const char *
step_word(struct testcase *c, const struct step *s, size_t n)
{
	return testcase_fill(c, &s->args[n]);
}

struct want *
step_want(struct testcase *c, const struct step *s)
{
	struct want *w;
	struct err e;

	if (want_new(c->a, s, &c->names, &w, &e) == 0)
		return w;
	testcase_fail(c, NULL, NULL, "%s", e.msg);
	return NULL;
}

const char *
step_brief(struct arena *a, const char *command)
{
	size_t n = BRIEF;

	if (strchr(command, '\n'))
		command = one_line(a, command, strlen(command), SIZE_MAX);
	if (strlen(command) <= BRIEF)
		return command;
	while ((command[n] & 0xC0) == 0x80) /* not within a character */
		n--;
	return arena_printf(a, "%.*s...", (int)n, command);
}

const char *
step_nearest(struct testcase *c, const char *out, size_t n)
{
	const char *re = want_pattern(c->a, c->step->want);
	const char *near = re ? miss_in(c->a, out, n, re) : NULL;

	return near || n < SHOWN ? near : nearest_in(c->a, out, n, NULL, NULL).telling;
}

void
step_judge(struct testcase *c, const char *command, int status, const char *out, size_t n)
{
	const struct want *w = c->step->want;
	struct arena *scratch = arena_new(); /* what is said may have many words */
	const char *got, *shown = step_brief(c->a, command);
	struct err e;

	switch (want_met(scratch, w, status, out, n, &c->names, &got, &e)) {
	case 1:
		testcase_pass_saying(c, got);
		break;
	case 0:
		c->step->nearest = step_nearest(c, out, n);
		testcase_fail(c, arena_printf(c->a, "%s   %s", shown, want_text(w)), got,
		    "%s: not as expected", shown);
		break;
	default: /* whether a pattern can be judged is up to the output */
		testcase_fail(
		    c, arena_printf(c->a, "%s   %s", shown, want_text(w)), NULL, "%s", e.msg);
	}
	arena_free(scratch);
}

bool
step_needs_guest(struct testcase *c)
{
	if (testcase_guest_runs(c))
		return true;
	testcase_fail(
	    c, NULL, c->guest ? guest_reason(c->guest) : NULL, "the guest is no longer running");
	return false;
}

void
step_cancel_reading(struct testcase *c)
{
	reading_cancel(c->step->reading);
	c->step->reading = NULL;
}
