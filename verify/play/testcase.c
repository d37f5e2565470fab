/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/testcase.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/expect.h"
#include "verify/guest/explain.h"
#include "verify/guest/http.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/play/facts.h"
#include "verify/play/verb.h"
#include "verify/play/watches.h"
#include "verify/scenario/nearest.h"
#include "verify/scenario/one_line.h"
#include "verify/subprocess.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHOWN 300
#define WARNINGS_MAX 20
#define RECENT 2000 /* bytes of console */
#define NONCE_WAIT (200 * NS_PER_MS)
#define STOP_GRACE (10 * NS_PER_S)
#define PREPARE_TIME (60 * NS_PER_S)
#define WAKE_TIME (60 * NS_PER_S)
/* a kernel asks in several ways, SeaBIOS resets again before it starts one: five are one reboot */
#define FIRMWARE_RESETS 8

static void advance(void *arg);
static void judge(struct testcase *c);

static nstime
scaled(const struct testcase *c, nstime t)
{
	return (nstime)((double)t * c->job->scale);
}

static const struct step *
step_of(const struct testcase *c)
{
	return c->at < c->job->scenario->nsteps ? &c->job->scenario->steps[c->at] : NULL;
}

const char *
testcase_doing(const struct testcase *c)
{
	return c->step_open ? step_of(c)->source : NULL;
}

bool
testcase_is_sleeping(const struct testcase *c)
{
	return c->step_open && c->step->sleeps;
}

static void
schedule_next(struct testcase *c)
{
	if (!c->next_alarm)
		c->next_alarm = loop_at(c->loop, 0, advance, c);
}

/* that plays the step under way; the scenario was read with the forms of verb.h */
static const struct verb *
verb_of(const struct testcase *c)
{
	return c->job->scenario->steps[c->at].form->row;
}

const struct step *
testcase_step(const struct testcase *c)
{
	return step_of(c);
}

int
testcase_keep(struct testcase *c, const char *subject, const char *text, size_t n, struct err *e)
{
	struct testcase_result *r = c->result;

	for (size_t i = 0; i < r->nkept; i++)
		if (!strcmp(r->kept[i].subject, subject))
			r->kept[i].text = arena_strndup(c->a, text, n);
	return file_write(arena_printf(c->a, "%s/keep.%s", c->job->dir, subject), text, n, 0644, e);
}

const char *
testcase_seconds(struct testcase *c, nstime t)
{
	return arena_printf(c->a, "%.1f s", (double)t / NS_PER_S);
}

bool
testcase_guest_runs(const struct testcase *c)
{
	return c->guest && guest_state(c->guest) == GUEST_RUNNING;
}

/* ---- how a step ends ---- */

static void
close_step(struct testcase *c, enum verdict v)
{
	struct step_result *p = &c->result->steps[c->at];

	loop_cancel(c->loop, c->step->alarm);
	c->step->alarm = 0;
	if (verb_of(c)->cancel)
		verb_of(c)->cancel(c);
	c->step_open = false;
	c->ticket++;
	loop_cancel(c->loop, c->step_alarm);
	c->step_alarm = 0;
	p->verdict = v;
	p->took = clock_now() - c->step_began;
}

void
testcase_pass(struct testcase *c)
{
	if (!c->step_open)
		return;
	close_step(c, VERDICT_PASS);
	schedule_next(c);
}

void
testcase_pass_saying(struct testcase *c, const char *said)
{
	if (c->step_open)
		c->result->steps[c->at].said = arena_strdup(c->a, said);
	testcase_pass(c);
}

static void
on_explained(void *arg, const char *text)
{
	struct testcase *c = arg;

	c->result->failure.guest = text;
	if (c->state != TESTCASE_EXPLAINING) /* interrupted meanwhile */
		return;
	c->state = TESTCASE_STEPPING;
	schedule_next(c);
}

/* the first failure is the one to report; what fails later, in teardown, only marks its point */
static void
note_failure(struct testcase *c, const char *expected, const char *got, const char *what)
{
	struct failure *f = &c->result->failure;
	const struct scenario *scn = c->job->scenario;
	const struct step *s = step_of(c);

	if (c->failed)
		return;
	c->failed = true;
	/* copied: a reason may belong to an answer that is about to be freed */
	*f = (struct failure){ .what = what,
		.expected = expected ? arena_strdup(c->a, expected) : NULL,
		.got = got ? arena_strdup(c->a, got) : NULL };
	if (!s && scn->nsteps)
		s = &scn->steps[scn->nsteps - 1];
	f->where = arena_printf(c->a, "%s:%u", scn->path, s ? s->line : 1);
	f->look = arena_printf(c->a, scn->offline ? "%s" : "%s/console", c->job->dir);
	if (c->guest)
		f->nearest = nearest_line(c->a, guest_console(c->guest), c->step_from,
		    s && s->form->takes_patterns ? expected : NULL);
}

void
testcase_fail(struct testcase *c, const char *expected, const char *got, const char *fmt, ...)
{
	bool first = !c->failed;
	va_list ap;

	if (!c->step_open)
		return;
	va_start(ap, fmt);
	note_failure(c, expected, got, arena_vprintf(c->a, fmt, ap));
	va_end(ap);
	close_step(c, VERDICT_FAIL);
	if (!first || !c->guest) {
		schedule_next(c);
		return;
	}
	c->state = TESTCASE_EXPLAINING;
	explain_start(
	    c->a, c->loop, c->guest, c->job->image->symbols, c->console_at, on_explained, c);
}

static void
set_inconclusive(struct testcase *c, const char *reason)
{
	if (!c->result->reason)
		c->result->reason = reason;
	if (c->step_open)
		close_step(c, VERDICT_INCONCLUSIVE);
	schedule_next(c);
}

void
testcase_inconclusive(struct testcase *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_inconclusive(c, arena_vprintf(c->a, fmt, ap));
	va_end(ap);
}

void
testcase_interrupt(struct testcase *c, const char *why)
{
	if (c->state == TESTCASE_DONE)
		return;
	subprocess_cancel(c->subprocess);
	c->subprocess = NULL;
	set_inconclusive(c, arena_strdup(c->a, why));
}

const char *
testcase_fill(struct testcase *c, const struct templ *t)
{
	const char *text;
	struct err e;

	if (names_fill(&c->names, t, &text, &e) == 0)
		return text;
	testcase_fail(c, NULL, NULL, "%s", e.msg);
	return NULL;
}

/* ---- the console, whatever the steps do ---- */

static void
warn(struct testcase *c, const struct watch *w, const char *line)
{
	struct testcase_result *r = c->result;

	if (r->nwarnings == WARNINGS_MAX)
		return;
	if (!r->warnings)
		r->warnings = arena_array(c->a, WARNINGS_MAX, sizeof *r->warnings);
	r->warnings[r->nwarnings++] = arena_printf(c->a, "%s: %s", w->name, line);
}

/* fails the step under way, or the test case between two */
static void
fail_now(struct testcase *c, const char *expected, const char *got, const char *what)
{
	if (c->step_open)
		testcase_fail(c, expected, got, "%s", what);
	else
		note_failure(c, expected, got, what);
}

static void
on_seen(void *arg, const struct watch *w, const char *line)
{
	struct testcase *c = arg;

	if (!w->fails) {
		warn(c, w, line);
		return;
	}
	c->forbidden_hit = c->forbidden_hit || !c->failed;
	fail_now(c, arena_printf(c->a, "never /%s/", pattern_text(w->pattern)), line,
	    arena_printf(c->a, "forbidden pattern \"%s\" matched", w->name));
}

enum mark { MARK_NONCE, MARK_READY, NMARKS };

static void
on_mark(void *arg, size_t which)
{
	struct testcase *c = arg;

	if (which == MARK_NONCE) { /* the kernel shows its command line */
		c->identity.on_console = true;
		c->awaiting_reboot = false;
	} else if (!c->result->booted) {
		c->result->booted = clock_now() - c->booted_from;
	}
}

static void
on_undecided(void *arg, const char *why)
{
	struct testcase *c = arg;

	/* whether it could have been judged was up to the guest: no way out of failing */
	fail_now(c, NULL, NULL, arena_printf(c->a, "watches: %s", why));
}

static const struct watches_calls watches_calls = {
	.seen = on_seen, .mark = on_mark, .undecided = on_undecided
};

/* with what an image of ours says when all its services are up */
static int
watch_console(struct testcase *c, struct err *e)
{
	const char *const marks[NMARKS] = {
		[MARK_NONCE] = identity_word(&c->identity), [MARK_READY] = "lh: default up"
	};

	return watches_new(c->a, c->job->scenario, guest_console(c->guest), marks, NMARKS,
	    &watches_calls, c, &c->watches, e);
}

static void
on_console(void *arg)
{
	struct testcase *c = arg;

	c->console_at = clock_now();
	watches_look(c->watches);
	if (c->step_open && verb_of(c)->console)
		verb_of(c)->console(c, step_of(c));
}

/* the rest of a forbidden line has come since */
static void
end_console(struct testcase *c)
{
	watches_end(c->watches);
	if (!c->forbidden_hit)
		return;
	c->forbidden_hit = false;
	c->result->failure.got = watches_forbidden(c->watches);
	c->result->failure.nearest = NULL;
}

/* ---- is it this boot that answers? ---- */

static void
on_wrong(void *arg, const char *expected, const char *got)
{
	struct testcase *c = arg;

	if (c->state < TESTCASE_STOPPING)
		fail_now(c, expected, got, "wrong guest: boot nonce mismatch");
}

static void
on_awake(void *arg)
{
	struct testcase *c = arg;

	if (c->state != TESTCASE_PREPARING)
		return; /* interrupted */
	c->state = TESTCASE_STEPPING;
	schedule_next(c);
}

static void
on_unusable(void *arg, const char *why)
{
	struct testcase *c = arg;

	if (c->state == TESTCASE_PREPARING)
		testcase_inconclusive(c, "snapshot \"%s\" %s", c->job->from->state, why);
}

static const struct identity_calls identity_calls = {
	.wrong = on_wrong, .awake = on_awake, .unusable = on_unusable
};

static void
ask_identity(struct testcase *c)
{
	identity_ask(&c->identity, c->guest, c->began + scaled(c, c->job->scenario->limit));
}

static bool
nonce_seen(const struct testcase *c)
{
	return c->job->agent ? c->identity.inside : c->identity.on_console;
}

/* ---- the guest ---- */

static void
on_ended(void *arg)
{
	struct testcase *c = arg;

	end_console(c);
	if (c->state == TESTCASE_STOPPING)
		judge(c);
	else if (!identity_ended(&c->identity) && c->step_open && verb_of(c)->ended)
		verb_of(c)->ended(c, step_of(c));
}

static bool
step_awaits(const struct step *s, const char *reason)
{
	return s->form->row->awaits && s->form->row->awaits(s, reason);
}

/* is a reset something that the step under way, or one behind it, waits for? */
static bool
reset_awaited(const struct testcase *c, const char *reason)
{
	const struct scenario *s = c->job->scenario;
	unsigned n = 0;

	for (size_t i = c->at == SIZE_MAX ? 0 : c->at; i < s->nsteps; i++)
		n += step_awaits(&s->steps[i], reason);
	return n > c->resets;
}

static void
on_event(void *arg, const char *name, const char *reason)
{
	struct testcase *c = arg;

	if (strcmp(name, "RESET") || !reason)
		return;
	if (c->awaiting_reboot && c->firmware_resets++ < FIRMWARE_RESETS)
		return;
	if (c->state < TESTCASE_STOPPING && !reset_awaited(c, reason)) {
		fail_now(c, NULL, NULL, arena_printf(c->a, "the guest was reset (%s)", reason));
		return;
	}
	c->awaiting_reboot = true;
	c->firmware_resets = 0;
	c->resets++;
	c->reset_reason = arena_strdup(c->a, reason);
	if (c->job->agent)
		ask_identity(c); /* the reset may have taken the answer with it */
	if (c->step_open && step_awaits(step_of(c), reason)) {
		c->resets--;
		testcase_pass(c);
	}
}

static const struct guest_calls calls = {
	.console = on_console, .event = on_event, .ended = on_ended
};

static void
drop_guest(struct testcase *c)
{
	cursor_free(c->read);
	c->read = NULL;
	watches_free(c->watches);
	c->watches = NULL;
	guest_free(c->guest);
	c->guest = NULL;
}

int
testcase_boot(struct testcase *c, struct err *e)
{
	const struct testcase_job *j = c->job;
	struct qemu_opts o = { .disk = c->disk,
		.agent_fd = j->agent ? 0 : -1,
		.nonce = c->identity.nonce,
		.append = j->append,
		.accel = j->accel,
		.cpu = j->cpu,
		.slot = scenario_plugs(j->scenario),
		.reboot = true,
		.ssh = true };

	const struct saved *from = c->boots ? NULL : j->from;

	if (c->boots && !nonce_seen(c))
		return fail(e, "boot %u ended before it showed its nonce", c->boots);
	drop_guest(c);
	identity_renew(&c->identity);
	names_set(&c->names, "nonce", c->identity.nonce);
	c->awaited = NULL;
	c->resets = 0;
	c->awaiting_reboot = false;
	c->flat = NULL;
	c->step_from = 0;
	c->booted_from = c->console_at = clock_now();
	o.loadvm = from ? from->state : NULL;
	if (guest_start(c->a, c->loop, &j->image->m, &o, j->dir, &calls, c, &c->guest, e) < 0)
		return -1;
	c->boots++;
	c->read = cursor_new(guest_console(c->guest), NULL, 0);
	if (watch_console(c, e) < 0)
		return -1;
	if (from) {
		guest_recall(c->guest, from->console, from->nconsole);
		watches_look(c->watches);
		identity_wake(
		    &c->identity, c->guest, from->nonce, clock_now() + scaled(c, WAKE_TIME));
	} else if (j->agent) {
		ask_identity(c);
	}
	return 0;
}

/* ---- from step to step ---- */

void
testcase_overdue(void *arg)
{
	struct testcase *c = arg;

	c->step_alarm = 0;
	if (c->step_open && verb_of(c)->late)
		verb_of(c)->late(c, step_of(c));
	if (c->step_open)
		testcase_fail(c, NULL, NULL, "%s: not done within %s", step_of(c)->source,
		    testcase_seconds(c, c->step_deadline - c->step_began));
}

/* a short scenario may be over before the guest has a /proc to show its nonce in; the limit goes on
 */
static bool
awaits_nonce(const struct testcase *c)
{
	return c->job->agent && !c->identity.inside && !c->failed && !c->result->reason &&
	       testcase_guest_runs(c);
}

static void
no_nonce(struct testcase *c)
{
	note_failure(c, identity_word(&c->identity), NULL,
	    "nothing inside the guest showed this boot's nonce");
}

static void
on_limit(void *arg)
{
	struct testcase *c = arg;

	c->limit_alarm = 0;
	if (c->step_open)
		testcase_fail(c, NULL, NULL, "the scenario's limit of %s has passed",
		    testcase_seconds(c, scaled(c, c->job->scenario->limit)));
	else if (awaits_nonce(c))
		no_nonce(c);
	else
		note_failure(c, NULL, NULL, "the scenario's limit has passed");
}

/* index of the step that comes next; nsteps: none */
static size_t
next_step(const struct testcase *c)
{
	const struct scenario *s = c->job->scenario;
	size_t i = c->at + 1; /* from SIZE_MAX at the start */

	if (c->result->reason)
		return s->nsteps;
	while (c->failed && i < s->nsteps && s->steps[i].section != SECTION_TEARDOWN)
		i++;
	return i;
}

/*
 * from where on the console may tell why this step fails: a command's trouble often shows a little
 * earlier
 */
static uint64_t
told_before(const struct testcase *c, const struct step *s)
{
	uint64_t size;

	if (!c->guest)
		return 0;
	if (s->form->takes_patterns)
		return cursor_offset(c->read);
	size = stream_size(guest_console(c->guest));
	return size > RECENT ? size - RECENT : 0;
}

static void
start_step(struct testcase *c, const struct step *s)
{
	nstime timeout = scaled(c, s->timeout ? s->timeout : c->job->scenario->timeout);

	c->step = arena_alloc(c->a, sizeof *c->step);
	c->step_open = true;
	c->ticket++;
	c->step_began = clock_now();
	c->step_deadline = c->step_began + timeout;
	c->step_from = told_before(c, s);
	c->step_alarm = loop_at(c->loop, c->step_deadline, testcase_overdue, c);
	verb_of(c)->start(c, s);
}

static void
stop(struct testcase *c)
{
	c->state = TESTCASE_STOPPING;
	loop_cancel(c->loop, c->limit_alarm);
	c->limit_alarm = 0;
	if (c->guest && guest_state(c->guest) != GUEST_ENDED)
		guest_stop(c->guest, scaled(c, STOP_GRACE)); /* on_ended goes on */
	else
		judge(c);
}

static void
advance(void *arg)
{
	struct testcase *c = arg;
	const struct step *s;
	size_t next;

	c->next_alarm = 0;
	if (c->state == TESTCASE_DONE || c->state == TESTCASE_STOPPING ||
	    (c->state == TESTCASE_EXPLAINING && !c->result->reason))
		return;
	next = next_step(c);
	if (next >= c->job->scenario->nsteps && awaits_nonce(c)) {
		c->next_alarm = loop_at(c->loop, clock_now() + NONCE_WAIT, advance, c);
		return;
	}
	c->at = next;
	s = step_of(c);
	if (s)
		start_step(c, s);
	else
		stop(c);
}

/* ---- the verdict ---- */

static void
write_verdict(struct testcase *c)
{
	const struct testcase_result *r = c->result;
	const struct failure *f = &r->failure;
	const char *const lines[][2] = { { "reason", r->reason }, { "where", f->where },
		{ "what", f->what }, { "expected", f->expected }, { "got", f->got },
		{ "guest", f->guest }, { "nearest", f->nearest } };
	struct buf b = { 0 };
	struct err e;

	buf_addf(&b, "%s\n", verdict_names[r->verdict]);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (lines[i][1])
			buf_addf(&b, "%-10s %s\n", lines[i][0], lines[i][1]);
	for (size_t i = 0; i < r->nwarnings; i++)
		buf_addf(&b, "%-10s %s\n", "warning", r->warnings[i]);
	if (file_write(arena_printf(c->a, "%s/verdict", c->job->dir), b.p, b.n, 0644, &e) < 0) {
		c->result->verdict = VERDICT_INCONCLUSIVE;
		c->result->reason = arena_strdup(c->a, e.msg);
	}
	buf_free(&b);
}

/* what a pass needs beside its steps; notes the first thing that is not so */
static void
check_end(struct testcase *c)
{
	const char *wanted = c->awaited ? c->awaited : "host-qmp-quit", *reason;
	struct err e;

	if (!c->guest)
		return;
	reason = guest_reason(c->guest);
	if (watches_missed(c->watches)) {
		c->result->reason = "the watches did not see every byte of the console";
		return;
	}
	if (strcmp(reason, wanted))
		note_failure(c, wanted, reason,
		    arena_printf(c->a, "the guest ended otherwise than expected: %s", reason));
	if (!nonce_seen(c))
		no_nonce(c);
	if (!image_unchanged(c->job->image, &e))
		c->result->reason = arena_strdup(c->a, e.msg);
}

/* what a failure may be looked at with, and a pass needs no more */
static void
remove_disks(const struct testcase *c)
{
	static const char *const names[] = { "disk.qcow2", "disk.raw", "scp", "scp.back" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(arena_printf(c->a, "%s/%s", c->job->dir, names[i]));
}

/* what the guest had said when it was stopped, to be saved, is all that it has said */
static void
keep_state(struct testcase *c)
{
	struct saved *s = c->job->save;
	uint64_t size;

	if (!c->guest)
		return;
	size = stream_size(guest_console(c->guest));
	s->disk = c->disk;
	s->console = stream_text(c->a, guest_console(c->guest), 0, size, &s->nconsole);
	if (s->nconsole != size)
		s->why_not = "its console is too long to be kept";
	memcpy(s->nonce, c->identity.nonce, sizeof s->nonce);
	s->booted = c->result->booted;
}

static void
judge(struct testcase *c)
{
	struct testcase_result *r = c->result;

	c->at = c->job->scenario->nsteps;
	if (!r->reason)
		check_end(c);
	r->verdict = r->reason ? VERDICT_INCONCLUSIVE : c->failed ? VERDICT_FAIL : VERDICT_PASS;
	r->took = clock_now() - c->began;
	c->state = TESTCASE_DONE;
	if (c->job->save)
		keep_state(c);
	else if (r->verdict == VERDICT_PASS && !c->job->keep)
		remove_disks(c);
	write_verdict(c);
	c->done(c->arg);
}

/* ---- the beginning ---- */

static void
begin(struct testcase *c)
{
	struct err e;

	if (!c->job->scenario->offline && testcase_boot(c, &e) < 0) {
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	c->limit_alarm =
	    loop_at(c->loop, c->began + scaled(c, c->job->scenario->limit), on_limit, c);
	if (c->job->from)
		return; /* on_awake goes on */
	c->state = TESTCASE_STEPPING;
	schedule_next(c);
}

static void
on_overlay(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = arg;

	c->subprocess = NULL;
	if (r->late || r->status)
		testcase_inconclusive(c, "qemu-img create: %s",
		    r->late ? "took too long" : one_line(c->a, r->out, r->n, SHOWN));
	else
		begin(c);
}

/* QEMU takes only a power of two for an SD card */
static uint64_t
card_size(const char *base)
{
	uint64_t size = 1, have = image_size(base);

	while (size < have)
		size *= 2;
	return size;
}

static void
make_overlay(struct testcase *c)
{
	const struct manifest *m = &c->job->image->m;
	struct argv v = { .a = c->a };
	struct subprocess_opts o = { .deadline = clock_now() + scaled(c, PREPARE_TIME) };
	struct err e;

	c->disk = arena_printf(c->a, "%s/disk.qcow2", c->job->dir);
	argv_pushv(&v, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c->job->base,
	    c->disk, NULL);
	if (m->disk_bus && !strcmp(m->disk_bus, "sd"))
		argv_pushf(&v, "%llu", (unsigned long long)card_size(c->job->base));
	if (subprocess_start(c->loop, v.v, &o, on_overlay, c, &c->subprocess, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
}

/* forks share a disk and its state by having a copy each */
static void
copy_overlay(struct testcase *c)
{
	const struct saved *s = c->job->from;
	struct err e;

	c->result->from = s->state;
	c->result->booted = s->booted;
	if (s->disk) {
		c->disk = arena_printf(c->a, "%s/disk.qcow2", c->job->dir);
		if (file_copy(s->disk, c->disk, 0644, &e) < 0) {
			testcase_inconclusive(c, "%s", e.msg);
			return;
		}
	}
	begin(c);
}

struct testcase *
testcase_start(struct arena *a, struct loop *l, const struct testcase_job *job,
    struct testcase_result *result, testcase_done *done, void *arg)
{
	const struct scenario *s = job->scenario;
	struct testcase *c = arena_alloc(a, sizeof *c);
	struct err e;

	*c = (struct testcase){ .a = a,
		.loop = l,
		.job = job,
		.result = result,
		.done = done,
		.arg = arg,
		.at = SIZE_MAX };
	c->names.a = a;
	c->identity = (struct identity){ .a = a, .loop = l, .calls = &identity_calls, .arg = c };
	c->began = clock_now();
	result->steps = arena_array(a, s->nsteps ? s->nsteps : 1, sizeof *result->steps);
	result->nsteps = s->nsteps;
	for (size_t i = 0; i < s->nsteps; i++)
		result->steps[i] = (struct step_result){ .line = s->steps[i].line,
			.source = s->steps[i].source,
			.verdict = VERDICT_SKIP };
	if (file_remove(job->dir, &e) < 0 || file_mkdirs(job->dir, 0755, &e) < 0) {
		testcase_inconclusive(c, "%s", e.msg);
		return c;
	}
	facts_set(&c->names, job->image, job->scale);
	if (job->from)
		copy_overlay(c);
	else if (job->base && !s->offline)
		make_overlay(c);
	else
		begin(c);
	return c;
}

void
testcase_free(struct testcase *c)
{
	if (!c)
		return;
	loop_cancel(c->loop, c->next_alarm);
	loop_cancel(c->loop, c->step_alarm);
	loop_cancel(c->loop, c->limit_alarm);
	for (struct testcase_server *s = c->servers; s; s = s->next)
		http_free(s->http);
	identity_stop(&c->identity);
	drop_guest(c);
}
