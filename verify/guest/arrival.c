/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/arrival.h"

#include "build/base/arena.h"
#include "verify/guest/guest.h"
#include "verify/guest/qmp.h"
#include "verify/guest/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct arrival {
	struct arena *a;
	struct guest *guest;
	const char *state, *told;
	bool asleep;	       /* see arrival_begin() */
	const char *registers; /* of a processor that has never run, or sleeps */
	unsigned steps;	       /* of the clock, while it was behind */
	const char *why;       /* the first thing that went wrong, or NULL */
	arrival_done *done;
	void *arg;
};

static void
note(struct arrival *x, const char *why)
{
	if (!x->why && why)
		x->why = arena_strdup(x->a, why);
}

static void
on_step(void *arg, const char *answer, const char *error)
{
	note(arg, answer ? NULL : error);
}

static void
on_asleep(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;

	on_step(x, answer, error);
	x->registers = answer ? arena_strdup(x->a, answer) : "";
}

/* as push_state() of qemu.c has it on the command line */
static void
tell(struct arrival *x)
{
	guest_qmp(x->guest, "chardev-add",
	    arena_printf(x->a,
		"{\"id\": \"told\", \"backend\": {\"type\": \"pipe\", "
		"\"data\": {\"device\": %s}}}",
		qmp_quote(x->a, x->told)),
	    on_step, x);
	guest_qmp(x->guest, "object-add",
	    "{\"qom-type\": \"qtest\", \"id\": \"told\", \"chardev\": \"told\", "
	    "\"log\": \"none\"}",
	    on_step, x);
}

/* a state that only tells what QEMU's clock is */
#define NOW "now"
/* between the clock's 0 and where it shall be, with a look each; and what takes QEMU a while */
#define STEPS 500
#define WHILE 16

static void on_loaded(void *arg, const char *answer, const char *error);
static void on_clock(void *arg, const char *answer, const char *error);

static void
look_at_clock(struct arrival *x)
{
	guest_qmp(x->guest, "stop", NULL, on_step, x);
	guest_hmp(x->guest, "savevm " NOW, on_step, x);
	guest_hmp(x->guest, "info snapshots", on_clock, x);
}

/* woken too early, it goes on until the clock is right; and all of that it has never seen */
static void
on_clock(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;
	double then, now;

	on_step(x, answer, error);
	then = answer ? snapshot_clock(answer, x->state) : -1;
	now = answer ? snapshot_clock(answer, NOW) : -1;
	if (!x->why && (then < 0 || now < 0))
		note(x, "it does not tell its clock");
	else if (!x->why && x->steps && x->told) /* what it was told cannot be told again */
		note(x, "an interrupt woke it before its clock was right");
	if (!x->why && now < then && x->steps < STEPS) {
		x->steps++;
		guest_qmp(x->guest, "cont", NULL, on_step, x);
		for (unsigned i = 0; i < WHILE; i++)
			guest_hmp(x->guest, "info registers", on_step, x);
		look_at_clock(x);
	} else if (!x->why && x->steps && !x->told) {
		x->asleep = false;
		guest_hmp(x->guest, arena_printf(x->a, "loadvm %s", x->state), on_loaded, x);
	} else {
		if (x->told)
			tell(x);
		guest_qmp(x->guest, "cont", NULL, on_step, x);
		x->done(x->arg, x->why);
	}
}

static void
on_look(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;

	on_step(x, answer, error);
	if (x->why) {
		x->done(x->arg, x->why);
	} else if (!strcmp(answer, x->registers)) {
		guest_hmp(x->guest, "info registers", on_look, x);
	} else {
		look_at_clock(x);
	}
}

static void
on_runs(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;

	on_step(x, answer, error);
	if (!x->asleep || x->why)
		x->done(x->arg, x->why);
	else if (x->told)
		look_at_clock(x);
	else
		guest_hmp(x->guest, "info registers", on_look, x);
}

/* a human's command answers nothing when it has done it */
static void
on_loaded(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;

	note(x, answer && *answer ? arena_strndup(x->a, answer, strcspn(answer, "\r\n")) : error);
	if (x->why) {
		x->done(x->arg, x->why);
		return;
	}
	if (x->told && !x->asleep) /* it may be woken by it: when the clock is right */
		tell(x);
	if (x->asleep)
		guest_hmp(x->guest, "info registers", on_asleep, x);
	guest_qmp(x->guest, "cont", NULL, on_runs, x);
}

static void on_registers(void *arg, const char *answer, const char *error);

/* QEMU may stop it before its thread has come to run it: then the registers are the same */
static void
stir(struct arrival *x)
{
	guest_qmp(x->guest, "cont", NULL, on_step, x);
	guest_qmp(x->guest, "stop", NULL, on_step, x);
	guest_hmp(x->guest, "info registers", on_registers, x);
}

static void
on_registers(void *arg, const char *answer, const char *error)
{
	struct arrival *x = arg;
	bool has_run;

	note(x, answer ? NULL : error);
	if (x->why) {
		x->done(x->arg, x->why);
		return;
	}
	has_run = x->registers && strcmp(x->registers, answer) != 0;
	if (!x->registers)
		x->registers = arena_strdup(x->a, answer);
	if (has_run)
		guest_hmp(x->guest, arena_printf(x->a, "loadvm %s", x->state), on_loaded, x);
	else
		stir(x);
}

void
arrival_begin(struct arena *a, struct guest *g, const char *state, const char *told, bool asleep,
    arrival_done *done, void *arg)
{
	struct arrival *x = arena_alloc(a, sizeof *x);

	*x = (struct arrival){ .a = a,
		.guest = g,
		.state = state,
		.told = told,
		.asleep = asleep,
		.done = done,
		.arg = arg };
	guest_hmp(g, "info registers", on_registers, x);
}
