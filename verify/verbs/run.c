/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run, wait, keep, chart: commands in the guest, through the guest agent */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"
#include "verify/image/image.h"
#include "verify/image/reading.h"
#include "verify/loop.h"
#include "verify/report/chart.h"
#include "verify/scenario/want.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* of what a guest says, this much lives until the report */
#define KEPT_MAX (256u << 10)
#define CHART_MAX (64u << 10)
/* of what a try of wait says, this much is looked at when it was the last */
#define SAID_MAX 4096
/* between two tries of wait */
#define AGAIN (100 * NS_PER_MS)

/* the command is the last word */
static bool
prepare(struct testcase *c, const struct step *s)
{
	c->step->command = step_word(c, s, s->nargs - 1);
	if (!c->step->command || !step_needs_guest(c))
		return false;
	if (!guest_has_agent(c->guest)) {
		testcase_fail(c, NULL, NULL,
		    "%s: needs the guest agent, and this scenario boots the pristine image",
		    s->verb);
		return false;
	}
	return (c->step->want = step_want(c, s)) != NULL;
}

/* a command that did not come back */
static void
lost(struct testcase *c, const char *why)
{
	const char *shown = step_brief(c->a, c->step->command);

	testcase_fail(c, arena_printf(c->a, "%s   %s", shown, want_text(c->step->want)), NULL,
	    "%s: %s", shown, why);
}

/* the guest agent keeps the step's deadline: it knows better what it waited for */
static void
start(struct testcase *c, const struct step *s, agent_done *done)
{
	if (!prepare(c, s))
		return;
	loop_cancel(c->loop, c->step_alarm);
	c->step_alarm = 0;
	guest_run(c->guest, c->step->command, c->step_deadline, done, ticket_new(c));
}

/* ---- run ---- */

/*
 * `reboot` has told init, which may kill the agent before it has answered.  Whoever takes any
 * status, and awaits the end of the guest next, leaves it to that step whether it was one.
 */
static bool
may_be_lost(const struct testcase *c)
{
	const struct scenario *scn = c->job->scenario;
	const struct step *s = &scn->steps[c->at];

	return s->status < 0 && s->want == WANT_NONE && c->at + 1 < scn->nsteps &&
	       s[1].form->row->awaits;
}

static void
on_run(void *arg, const struct agent_result *r)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (r->status < 0 && may_be_lost(c))
		testcase_pass(c);
	else if (r->status < 0)
		lost(c, r->why);
	else
		step_judge(c, c->step->command, r->status, r->out, r->n);
}

static void
run_start(struct testcase *c, const struct step *s)
{
	start(c, s, on_run);
}

/* ---- wait ---- */

static void try_again(void *arg);

static void
note_got(struct testcase *c, const char *got)
{
	if (c->step->got && !strcmp(c->step->got, got))
		return;
	c->step->got = arena_strdup(c->a, got);
	c->step->got_since = clock_now();
}

/* the same memory for each try: there may be many */
static void
note_said(struct testcase *c, const char *out, size_t n)
{
	struct step_state *st = c->step;

	if (!st->said)
		st->said = arena_alloc(c->a, SAID_MAX);
	st->nsaid = n < SAID_MAX ? n : SAID_MAX;
	memcpy(st->said, out, st->nsaid);
}

static void
wait_late(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;
	const char *shown = step_brief(c->a, st->command);
	const char *got = st->got ? arena_printf(c->a, "%s   for %s", st->got,
					testcase_seconds(c, clock_now() - st->got_since))
				  : NULL;

	(void)s;
	if (st->nsaid)
		st->nearest = step_nearest(c, st->said, st->nsaid);
	testcase_fail(c,
	    arena_printf(c->a, "%s   %s   within %s", shown, want_text(st->want),
		testcase_seconds(c, c->step_deadline - c->step_began)),
	    got, "%s: did not become as expected", shown);
}

/* got is on the scratch arena: it is tried often, and each may say much */
static void
judge_try(struct testcase *c, struct arena *scratch, const struct agent_result *r, void *arg)
{
	const char *got;
	struct err e;
	int met = want_met(scratch, c->step->want, r->status, r->out, r->n, &c->names, &got, &e);

	if (met == 1) {
		testcase_pass_saying(c, got);
	} else if (met < 0) {
		testcase_fail(c, want_text(c->step->want), NULL, "%s", e.msg);
	} else {
		note_got(c, got);
		note_said(c, r->out, r->n);
		if (clock_now() + AGAIN >= c->step_deadline)
			wait_late(c, NULL);
		else
			c->step->alarm = loop_at(c->loop, clock_now() + AGAIN, try_again, arg);
	}
}

static void
on_try(void *arg, const struct agent_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	struct arena *scratch;

	if (!c)
		return;
	if (r->status < 0) {
		if (c->step->got && clock_now() >= c->step_deadline)
			wait_late(c, NULL);
		else
			lost(c, r->why);
		return;
	}
	scratch = arena_new();
	judge_try(c, scratch, r, arg);
	arena_free(scratch);
}

static void
try_again(void *arg)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->alarm = 0;
	guest_run(c->guest, c->step->command, c->step_deadline, on_try, arg);
}

static void
wait_start(struct testcase *c, const struct step *s)
{
	start(c, s, on_try);
}

/* ---- keep ---- */

static const char *
keeps(const struct step *s)
{
	return scenario_word_text(&s->args[0]);
}

static int
keep_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *name = keeps(s);

	(void)a;
	return name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")]
		   ? 0
		   : fail_usage(e, "keep: SUBJECT is a name of a-z, 0-9 and -");
}

static void
keep(struct testcase *c, const struct step *s, const char *text, size_t n)
{
	const char *subject = keeps(s);
	struct err e;

	if (n == 0) /* nothing is like nothing: that would compare well with any image */
		testcase_fail(c, "something to keep", NULL, "%s: there is nothing", s->source);
	else if (testcase_keep(c, subject, text, n, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
	else
		testcase_pass(c);
}

static void
on_keep(void *arg, const struct agent_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	struct arena *scratch;
	const char *got;
	struct err e;
	int met;

	if (!c)
		return;
	if (r->status < 0) {
		lost(c, r->why);
		return;
	}
	scratch = arena_new();
	met = want_met(scratch, c->step->want, r->status, r->out, r->n, &c->names, &got, &e);
	arena_free(scratch);
	if (met == 1 && r->n > KEPT_MAX)
		testcase_fail(c, "at most 256 KiB to keep", arena_printf(c->a, "%zu bytes", r->n),
		    "keep %s: too much", keeps(testcase_step(c)));
	else if (met == 1)
		keep(c, testcase_step(c), r->out, r->n);
	else
		step_judge(c, c->step->command, r->status, r->out, r->n);
}

static void
keep_start(struct testcase *c, const struct step *s)
{
	start(c, s, on_keep);
}

static void
on_chart(void *arg, const struct agent_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	struct buf b = { 0 };
	const char *text;

	if (c && r->status == 0 && r->n > CHART_MAX) {
		testcase_fail(c, "at most 64 KiB to draw", arena_printf(c->a, "%zu bytes", r->n),
		    "chart: too much");
		return;
	}
	if (c && r->status == 0) {
		text = arena_strndup(c->a, r->out, r->n);
		if (!chart_svg(&b, text)) {
			testcase_fail(c, "since when services are up and ready", text,
			    "chart: there is nothing to draw");
			return;
		}
		buf_free(&b);
		c->result->chart = text;
	}
	on_run(arg, r);
}

static void
chart_start(struct testcase *c, const struct step *s)
{
	start(c, s, on_chart);
}

/* what `keep files` reads, in a child */
struct listing {
	struct testcase *testcase;
	int disk;
};

static int
open_image(void *arg, struct err *e)
{
	struct listing *l = arg;
	const char *base = l->testcase->job->image->base;

	l->disk = open(base, O_RDONLY | O_CLOEXEC);
	return l->disk < 0 ? fail_errno(e, "%s", base) : 0;
}

static int
list_files(void *arg, struct err *e)
{
	const struct listing *l = arg;
	const struct image *im = l->testcase->job->image;
	struct arena *a = l->testcase->a;
	struct buf b = { 0 };

	for (size_t i = 0; i < im->m.nparts; i++) {
		const struct man_part *p = &im->m.parts[i];
		struct guestfs *g;
		int r;

		if (strcmp(p->type, "ext4") != 0)
			continue;
		if (guestfs_open_fd(l->disk, im->base, p->start, 0, &g, e) < 0)
			return -1;
		r = guestfs_list(a, g, p->name, &b, e);
		if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0 || r < 0)
			return -1;
	}
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
	return 0;
}

static void
on_listed(void *arg, const struct reading_result *r)
{
	struct testcase *c = arg;

	c->step->reading = NULL;
	if (r->trouble)
		testcase_inconclusive(c, "%s", r->trouble);
	else
		keep(c, testcase_step(c), r->out, r->n);
}

/* the image as it is shipped, whatever a guest does */
static void
keep_files_start(struct testcase *c, const struct step *s)
{
	struct listing *l = arena_alloc(c->a, sizeof *l);
	struct reading_opts o = {
		.what = c->job->image->base, .open = open_image, .work = list_files, .arg = l
	};
	struct err e;

	*l = (struct listing){ .testcase = c, .disk = -1 };
	if (!c->job->image->base)
		keep(c, s, NULL, 0);
	else if (reading_start(c->loop, &o, on_listed, c, &c->step->reading, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
}

const struct verb verbs_run[] = {
	{ .form = { .verb = "run", .form = "COMMAND", .takes_want = true, .race = RACE_MAY },
	    .start = run_start },
	{ .form = { .verb = "wait", .form = "COMMAND", .takes_want = true, .race = RACE_MAY },
	    .start = wait_start },
	{ .form = { .verb = "keep", .form = "files", .on = ON_EITHER },
	    .start = keep_files_start,
	    .cancel = step_cancel_reading,
	    .keeps = keeps },
	{ .form = { .verb = "keep",
	      .form = "SUBJECT COMMAND",
	      .takes_want = true,
	      .parse = keep_parse },
	    .start = keep_start,
	    .keeps = keeps },
	{ .form = { .verb = "chart", .form = "COMMAND", .takes_want = true },
	    .start = chart_start },
	{ .form = { .verb = NULL } },
};
