/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/step.h"

#include "build/base/arena.h"
#include "build/base/lines.h"
#include "verify/expect.h"
#include "verify/loop.h"
#include "verify/subprocess.h"
#include "verify/guest/ssh.h"
#include "verify/play/verb.h"
#include "verify/scenario/want.h"

#include <string.h>

static const struct verb *const tables[] = { verbs_console, verbs_run, verbs_host, verbs_ssh,
	verbs_vm, verbs_audit };

#define NTABLES (sizeof tables / sizeof *tables)
#define WORDS_MAX 16
#define BRIEF 100 /* bytes of a command in a message */

const struct verb_form *
step_forms(struct arena *a)
{
	struct verb_form *forms;
	size_t n = 0;

	for (size_t i = 0; i < NTABLES; i++)
		for (const struct verb *v = tables[i]; v->form.verb; v++)
			n++;
	forms = arena_array(a, n + 1, sizeof *forms);
	n = 0;
	for (size_t i = 0; i < NTABLES; i++)
		for (const struct verb *v = tables[i]; v->form.verb; v++)
			forms[n++] = v->form;
	return forms;
}

/* ---- which row is it? ---- */

static bool
row_fits(struct arena *a, const struct verb *v, const struct step *s)
{
	char *w[WORDS_MAX];
	size_t n;

	if (strcmp(v->form.verb, s->verb))
		return false;
	n = words(arena_strdup(a, v->form.form), w, WORDS_MAX);
	if (n != s->nargs)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!scenario_word_fits(w[i], &s->args[i]))
			return false;
	return true;
}

/* the scenario was read with these tables, so there is one */
static const struct verb *
row_of(struct arena *a, const struct step *s)
{
	for (size_t i = 0; i < NTABLES; i++)
		for (const struct verb *v = tables[i]; v->form.verb; v++)
			if (row_fits(a, v, s))
				return v;
	return NULL;
}

/* ---- what the verbs share ---- */

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

	if (strlen(command) <= BRIEF)
		return command;
	while ((command[n] & 0xC0) == 0x80) /* not within a character */
		n--;
	return arena_printf(a, "%.*s...", (int)n, command);
}

void
step_judge(struct testcase *c, const char *command, int status, const char *out, size_t n)
{
	const struct want *w = c->step->want;
	const char *got, *shown = step_brief(c->a, command);
	struct err e;

	switch (want_met(c->a, w, status, out, n, &c->names, &got, &e)) {
	case 1:
		testcase_pass_saying(c, got);
		return;
	case 0:
		testcase_fail(c, arena_printf(c->a, "%s   %s", shown, want_text(w)), got,
		    "%s: not as expected", shown);
		return;
	default:
		testcase_inconclusive(c, "%s", e.msg);
	}
}

bool
step_needs_guest(struct testcase *c)
{
	if (testcase_guest_runs(c))
		return true;
	testcase_fail(
	    c, NULL, c->guest ? guest_reason(c->guest) : NULL, "the guest does not run any more");
	return false;
}

/* ---- what the test case asks of a step ---- */

void
step_start(struct testcase *c, const struct step *s)
{
	c->step = arena_alloc(c->a, sizeof *c->step);
	c->step->verb = row_of(c->a, s);
	if (c->step->verb)
		c->step->verb->start(c, s);
	else
		testcase_inconclusive(c, "%s: no such verb", s->source);
}

void
step_console(struct testcase *c, const struct step *s)
{
	if (c->step->verb->console)
		c->step->verb->console(c, s);
}

void
step_ended(struct testcase *c, const struct step *s)
{
	if (c->step->verb->ended)
		c->step->verb->ended(c, s);
}

bool
step_awaits(const struct step *s, const char *reason)
{
	return !strcmp(s->verb, "vm") && s->nargs == 2 &&
	       scenario_word_fits("await", &s->args[0]) && scenario_word_fits(reason, &s->args[1]);
}

const char *
step_keeps(const struct step *s)
{
	const char *name;

	if (strcmp(s->verb, "keep") || s->args[0].n != 1 || s->args[0].v[0].is_name)
		return NULL;
	name = s->args[0].v[0].text;
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] ? name : NULL;
}

void
step_reset(struct testcase *c, const struct step *s, const char *reason)
{
	if (!step_awaits(s, reason))
		return;
	c->resets--;
	testcase_pass(c);
}

void
step_late(struct testcase *c, const struct step *s)
{
	if (c->step->verb->late)
		c->step->verb->late(c, s);
	if (c->step_open)
		testcase_fail(c, NULL, NULL, "%s: not done within %s", s->source,
		    testcase_seconds(c, c->step_deadline - c->step_began));
}

void
step_cancel(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;

	(void)s;
	if (!st)
		return;
	loop_cancel(c->loop, st->alarm);
	st->alarm = 0;
	if (st->ssh)
		ssh_cancel(st->ssh);
	st->ssh = NULL;
	subprocess_cancel(st->subprocess);
	st->subprocess = NULL;
	auditing_cancel(st->audit);
	st->audit = NULL;
	if (c->read)
		cursor_patterns(c->read, NULL, 0);
}
