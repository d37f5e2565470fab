/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verbs/lapse.h"

#include "build/base/arena.h"
#include "verify/guest/arrival.h"
#include "verify/loop.h"
#include "verify/scenario/one_line.h"
#include "verify/verbs/step.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SHOWN 300
#define AGAIN (20 * NS_PER_MS)

/*
 * What wakes an idle kernel: memory compacted twice a second, statistics gathered once a second;
 * and RCU, which complains when time leaps.
 */
static const struct setting {
	const char *name;
	const char *path; /* not every kernel has it */
	unsigned value;	  /* in a race */
} settings[] = {
	{ "compaction", "/proc/sys/vm/compaction_proactiveness", 0 },
	{ "statistics", "/proc/sys/vm/stat_interval", 86400 },
	{ "suppress", "/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress", 1 },
};

#define NSETTINGS (sizeof settings / sizeof *settings)
_Static_assert(NSETTINGS == LAPSE_SETTINGS, "a value each");

/* ---- a command, and what it tells of the guest ---- */

struct question {
	struct ticket *ticket;
	const char *what;
	bool identify; /* is it still the guest that was saved? */
	lapse_done *done;
};

/* "WORD N" at the beginning of a line */
static bool
find_number(const char *text, const char *word, double *out)
{
	size_t n = strlen(word);

	for (; text; text = strchr(text, '\n'), text += text != NULL)
		if (!strncmp(text, word, n) && sscanf(text + n, " %lf", out) == 1 && isfinite(*out))
			return true;
	return false;
}

static void
note(struct testcase *c, const char *text)
{
	double n;

	for (size_t i = 0; i < NSETTINGS; i++) {
		if (!find_number(text, settings[i].name, &n) || n < 0 || n > 1e9)
			continue;
		c->lapse.tuned[i] = (unsigned)n;
		c->lapse.is_tuned[i] = true;
	}
}

static void
on_told(void *arg, const struct agent_result *r)
{
	const struct question *q = arg;
	struct testcase *c = ticket_testcase(q->ticket);

	if (!c)
		return;
	if (r->status < 0 && guest_is_going(c->guest))
		return; /* lapse_ended() knows why */
	if (r->status < 0)
		testcase_fail(c, q->what, r->why, "%s: the guest's time stands still",
		    testcase_step(c)->source);
	else if (!find_number(r->out, "uptime", &c->lapse.uptime))
		testcase_fail(c, "uptime N", one_line(c->a, r->out, r->n, SHOWN),
		    "%s: the guest does not tell its uptime", testcase_step(c)->source);
	else if (q->identify && !identity_is_on(&c->identity, r->out))
		testcase_fail(c, identity_word(&c->identity), one_line(c->a, r->out, r->n, SHOWN),
		    "wrong guest: it shows the boot nonce of another");
	else {
		note(c, r->out);
		q->done(c);
	}
}

void
lapse_ended(struct testcase *c, const struct step *s)
{
	testcase_fail(c, NULL, guest_reason(c->guest), "%s: the guest has ended", s->source);
}

/* the guest agent keeps the deadline */
static void
ask(struct testcase *c, const char *command, const char *what, bool identify, lapse_done *done)
{
	struct question *q = arena_alloc(c->a, sizeof *q);

	*q = (struct question){ ticket_new(c), what, identify, done };
	if (!step_needs_guest(c))
		return;
	testcase_extend(c);
	loop_cancel(c->loop, c->step_alarm);
	c->step_alarm = 0;
	guest_run(c->guest, arena_printf(c->a, "%secho uptime $(cat /proc/uptime)", command),
	    c->step_deadline, on_told, q);
}

void
lapse_run(struct testcase *c, const char *command, const char *what, lapse_done *done)
{
	ask(c, command, what, false, done);
}

/* ---- from one QEMU to another ---- */

struct moving {
	struct ticket *ticket;
	bool asleep;	     /* as arrival_begin() has it */
	const char *command; /* the first there */
	lapse_done *done;
};

static void
on_arrived(void *arg, const char *why)
{
	struct moving *m = arg;
	struct testcase *c = ticket_testcase(m->ticket);

	if (!c || guest_is_going(c->guest))
		return; /* lapse_ended() knows why */
	if (why)
		testcase_inconclusive(c, "QEMU cannot take this guest over: %s", why);
	else
		ask(c, arena_printf(c->a, "%s%s; ", m->command, identity_question(&c->identity)),
		    "an answer in the other QEMU", true, m->done);
}

/* there it waits for its state */
static void
on_moved(void *arg, const char *why)
{
	struct moving *m = arg;
	struct testcase *c = ticket_testcase(m->ticket);

	if (why)
		on_arrived(m, why);
	else if (c)
		arrival_begin(c->a, c->guest, TESTCASE_MOVING, guest_told(c->guest), m->asleep,
		    on_arrived, m);
}

static void
move(struct testcase *c, enum qemu_pace pace, const char *command, lapse_done *done)
{
	struct moving *m = arena_alloc(c->a, sizeof *m);

	*m = (struct moving){ ticket_new(c), pace == PACE_RACE, command, done };
	testcase_extend(c);
	testcase_move(c, pace, on_moved, m);
}

/* ---- there ---- */

/*
 * QEMU's virtual clock begins anew under -icount: for the guest it is back where it was before it
 * booted, until QEMU's next timer is due.  What a counter of 32 bits shows then (the HPET, which is
 * back where it was after 42.9 s) the kernel may take for up to 21 s that have passed, and take
 * back when it wakes from its first sleep.
 */
static void
settle(struct testcase *c)
{
	lapse_run(c, "sleep 1; ", "a second of the guest in the other QEMU", c->step->lapsed);
}

static void
on_tuned(struct testcase *c)
{
	move(c, PACE_RACE, "", settle);
}

static void
tune(struct testcase *c)
{
	const char *command = "";

	for (const struct setting *s = settings; s < settings + NSETTINGS; s++)
		command = arena_printf(c->a,
		    "%sf=%s; [ ! -w $f ] || { echo %s $(cat $f); echo %u >$f; }; ", command,
		    s->path, s->name, s->value);
	ask(c, command, "an answer", false, on_tuned);
}

/* a guest is known by the word that it has shown */
static void
begin_when_known(void *arg)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->alarm = 0;
	if (c->identity.inside)
		tune(c);
	else
		c->step->alarm = loop_at(c->loop, clock_now() + AGAIN, begin_when_known, arg);
}

void
lapse_begin(struct testcase *c, lapse_done *done)
{
	c->step->lapsed = done;
	if (step_needs_guest(c))
		begin_when_known(ticket_new(c));
}

/* ---- and back ---- */

/* what the kernel keeps to itself in a race it does until its time is right again: settle() */
static void
untune(struct testcase *c)
{
	const char *command = "sleep 1; ";

	for (size_t i = 0; i < NSETTINGS; i++)
		if (c->lapse.is_tuned[i])
			command = arena_printf(
			    c->a, "%secho %u >%s; ", command, c->lapse.tuned[i], settings[i].path);
	lapse_run(c, command, "a second of the guest after the race", c->step->lapsed);
}

void
lapse_end(struct testcase *c, lapse_done *done)
{
	c->step->lapsed = done;
	if (step_needs_guest(c))
		move(c, PACE_CALM, "", untune);
}
