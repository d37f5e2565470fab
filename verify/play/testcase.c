/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/testcase.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/guest/ending.h"
#include "verify/guest/http.h"
#include "verify/guest/lane.h"
#include "verify/guest/ntp.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/peer/peer.h"
#include "verify/play/aftermath.h"
#include "verify/play/facts.h"
#include "verify/play/kernel_log.h"
#include "verify/play/outcome.h"
#include "verify/play/overlay.h"
#include "verify/play/verb.h"
#include "verify/play/watches.h"
#include "verify/scenario/nearest.h"
#include "verify/scenario/one_line.h"
#include "verify/subprocess.h"
#include "verify/view.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOWN 300
#define PCAP "net.pcap" /* in the test case's folder: what the peer saw */
#define WARNINGS_MAX 20
#define RECENT 2000 /* bytes of console */
#define NONCE_WAIT (2 * NS_PER_S)
#define STOP_GRACE (10 * NS_PER_S)
#define WAKE_TIME (60 * NS_PER_S)
#define WAKE_SOON (5 * NS_PER_S) /* somebody sits there, and a console may do */
/* a kernel asks in several ways, SeaBIOS resets again before it starts one: five are one reboot */
#define FIRMWARE_RESETS 8

static void advance(void *arg);
static void stop(struct testcase *c);
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

/* what the step under way looks for on the console, or NULL */
static const char *
pattern_wanted(const struct testcase *c)
{
	return c->step_open && c->step->patterns && c->step->patterns[0]
		   ? pattern_text(c->step->patterns[0])
		   : NULL;
}

/* is it that line, with or without more to say of it */
static bool
begins(const char *told, const char *line)
{
	return told && !strncmp(told, line, strlen(line));
}

/* what the console said in this step */
static void
note_nearest(struct testcase *c, struct failure *f)
{
	const struct nearest near =
	    nearest_line(c->a, guest_console(c->guest), c->step_from, pattern_wanted(c), c->sent);

	if (!f->nearest)
		f->nearest = near.miss;
	if (near.telling && (!f->nearest || near.trouble) && !begins(f->got, near.telling) &&
	    !begins(f->nearest, near.telling))
		f->console = near.telling;
}

/* in this step, or else since it was booted; NULL: it could run */
static const char *
starved(struct testcase *c)
{
	struct share whole, s;

	if (!testcase_guest_runs(c) || !share_of(guest_pid(c->guest), &whole))
		return NULL;
	s = share_between(&c->before, &whole);
	if (!c->step_open || !share_starved(&s, c->job->scale))
		s = whole;
	if (!share_starved(&s, c->job->scale))
		return NULL;
	return arena_printf(c->a,
	    "the host had too little time for QEMU: %.0f times as long as on processors of its own",
	    share_slowdown(&s));
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
	c->failed_going = c->guest && guest_is_going(c->guest);
	c->starved = starved(c);
	/* copied: a reason may belong to an answer that is about to be freed */
	*f = (struct failure){ .what = what,
		.expected = expected ? arena_strdup(c->a, expected) : NULL,
		.got = got ? arena_strdup(c->a, got) : NULL };
	if (!s && scn->nsteps)
		s = &scn->steps[scn->nsteps - 1];
	f->where =
	    arena_printf(c->a, "%s:%u", s && s->ending ? s->ending : scn->path, s ? s->line : 1);
	f->look = arena_printf(c->a, scn->offline ? "%s" : "%s/console", c->job->dir);
	if (c->peer)
		f->look = arena_printf(c->a, "%s, %s/" PCAP, f->look, c->job->dir);
	f->nearest = c->step_open ? c->step->nearest : NULL;
	if (c->guest)
		note_nearest(c, f);
}

void
testcase_fail(struct testcase *c, const char *expected, const char *got, const char *fmt, ...)
{
	bool first = !c->failed;
	va_list ap;

	if (c->step_open && !c->failed) /* it fails of that, or will not tell any more */
		alarms_confirm(&c->alarms);
	if (!c->step_open)
		return;
	va_start(ap, fmt);
	note_failure(c, expected, got, arena_vprintf(c->a, fmt, ap));
	va_end(ap);
	close_step(c, VERDICT_FAIL);
	if (first && c->guest)
		aftermath_start(c, schedule_next);
	else
		schedule_next(c);
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

/* the guest has failed, and nothing that comes later undoes it */
static bool
is_judged(const struct testcase *c)
{
	return c->failed && !(c->failed_going && guest_ended_by_host(c->guest));
}

void
testcase_inconclusive(struct testcase *c, const char *fmt, ...)
{
	va_list ap;

	if (is_judged(c) && c->step_open) {
		close_step(c, VERDICT_INCONCLUSIVE);
		schedule_next(c);
		return;
	}
	va_start(ap, fmt);
	set_inconclusive(c, arena_vprintf(c->a, fmt, ap));
	va_end(ap);
}

void
testcase_unanswered(struct testcase *c, const char *what, const char *why)
{
	if (testcase_guest_runs(c))
		testcase_inconclusive(c, "%s: %s", what, why);
	else
		testcase_fail(
		    c, "an answer", c->guest ? guest_reason(c->guest) : NULL, "%s: %s", what, why);
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
forbid(struct testcase *c, const struct watch *w, const char *line, uint64_t at)
{
	if (c->failed) /* and the words for it would fill the arena, if a guest liked */
		return;
	c->forbidden = w;
	c->forbidden_at = at;
	fail_now(c, arena_printf(c->a, "never /%s/", pattern_text(w->pattern)), line,
	    arena_printf(c->a, "forbidden pattern \"%s\" matched", w->name));
	c->failed_going = false; /* it was said, whatever QEMU dies of */
}

static void
on_alarm(void *arg, const struct alarm *x, bool real)
{
	struct testcase *c = arg;

	if (real)
		forbid(c, x->watch, x->line, x->at);
	else
		warn(c, x->watch, arena_printf(c->a, "%s (not in the kernel's log)", x->line));
}

static void
on_seen(void *arg, const struct watch *w, const char *line, uint64_t at)
{
	struct testcase *c = arg;

	if (w->kind == WATCH_WARN)
		warn(c, w, line);
	else if (w->kind == WATCH_FAIL)
		forbid(c, w, line, at);
	else if (!c->failed)
		alarms_raise(&c->alarms, w, line, at);
}

enum mark { MARK_NONCE, MARK_KERNEL, MARK_READY, NMARKS };

static void
on_mark(void *arg, size_t which)
{
	struct testcase *c = arg;

	if (which != MARK_READY)
		c->awaiting_reboot = false;
	if (which == MARK_NONCE) /* as when the kernel shows its command line */
		c->identity.on_console = true;
	if (which == MARK_READY && !c->result->booted)
		c->result->booted = clock_now() - c->booted_from;
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
	const char *const marks[NMARKS] = { [MARK_NONCE] = identity_word(&c->identity),
		[MARK_KERNEL] = "Linux version ",
		[MARK_READY] = "lh: default up" };

	return watches_new(c->a, c->job->scenario, guest_console(c->guest), marks, NMARKS,
	    &watches_calls, c, &c->watches, e);
}

static void
on_console(void *arg)
{
	struct testcase *c = arg;

	c->console_at = clock_now();
	watches_look(c->watches);
	if (guest_console_is_full(c->guest) && !c->failed)
		fail_now(c, NULL, NULL, "the console has said more than 256 MiB");
	if (c->step_open && verb_of(c)->console)
		verb_of(c)->console(c, step_of(c));
	if (c->job->conductor)
		c->job->conductor->console(c->job->conducting);
}

/* the rest of a forbidden line has come since */
static void
end_console(struct testcase *c)
{
	watches_end(c->watches);
	alarms_confirm(&c->alarms);
	if (!c->forbidden)
		return;
	c->forbidden = NULL;
	c->result->failure.got = watches_line(c->watches, c->forbidden_at);
	/* what is forbidden whatever the host does, but for a time that ran out */
	if (!share_tells(c->result->failure.got))
		c->starved = NULL;
	c->result->failure.nearest = c->result->failure.console = NULL;
}

/* ---- is it this boot that answers? ---- */

static void
on_wrong(void *arg, const char *expected, const char *got)
{
	struct testcase *c = arg;

	if (c->state < TESTCASE_STOPPING)
		fail_now(c, expected, got, "wrong guest: it shows the boot nonce of another");
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

	if (c->state != TESTCASE_PREPARING)
		return;
	if (c->job->conductor && testcase_guest_runs(c)) {
		c->job->conductor->note(c->job->conducting,
		    arena_printf(c->a, "the guest agent: %s; its console works", why));
		on_awake(c);
	} else {
		testcase_inconclusive(c, "snapshot \"%s\" %s", c->job->from->state, why);
	}
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

static bool
step_awaits(const struct step *s, const char *reason)
{
	return s && s->form->row->awaits && s->form->row->awaits(s, reason);
}

/* QEMU is gone, and the guest is not to blame */
static bool
is_hosts_end(const struct testcase *c)
{
	return c->guest && guest_ended_by_host(c->guest) && !is_judged(c) &&
	       !(c->step_open && step_awaits(step_of(c), guest_reason(c->guest)));
}

static void
on_ended(void *arg)
{
	struct testcase *c = arg;

	end_console(c);
	if (c->state == TESTCASE_STOPPING)
		judge(c);
	else if (c->state != TESTCASE_PREPARING && is_hosts_end(c))
		set_inconclusive(c, guest_reason(c->guest));
	else if (!identity_ended(&c->identity) && c->step_open && verb_of(c)->ended)
		verb_of(c)->ended(c, step_of(c));
}

/* is a reset something that the step under way, or one behind it, waits for? */
static bool
reset_awaited(const struct testcase *c, const char *reason)
{
	const struct scenario *s = c->job->scenario;
	unsigned n = 0;

	if (c->job->conductor) /* who knows what comes next */
		return true;
	/* a step that is over awaits no other one */
	for (size_t i = c->step_open ? c->at : c->at + 1; i < s->nsteps; i++)
		n += step_awaits(&s->steps[i], reason);
	return n > c->resets;
}

/* of the host: QEMU stops a guest whose disk it has no room for */
static bool
is_full(const char *reason)
{
	return !strcmp(reason, strerror(ENOSPC)) || !strcmp(reason, strerror(EDQUOT));
}

static void
on_event(void *arg, const char *name, const char *reason)
{
	struct testcase *c = arg;

	if (!strcmp(name, "BLOCK_IO_ERROR") && reason && is_full(reason))
		testcase_inconclusive(c, "QEMU's disk: %s", reason);
	if (strcmp(name, "RESET") || !reason)
		return;
	if (c->awaiting_reboot && c->firmware_resets++ < FIRMWARE_RESETS)
		return;
	alarms_confirm(&c->alarms); /* the log is gone with the kernel that had it */
	if (c->state < TESTCASE_STOPPING && !reset_awaited(c, reason)) {
		if (!c->failed)
			fail_now(c,
			    arena_printf(
				c->a, "no reset, or a step that says: vm await %s", reason),
			    NULL, arena_printf(c->a, "the guest was reset (%s)", reason));
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

static void
on_unheard(void *arg, const char *why)
{
	testcase_inconclusive(arg, "%s", why);
}

static const struct guest_calls calls = {
	.console = on_console, .event = on_event, .unheard = on_unheard, .ended = on_ended
};

static void
drop_guest(struct testcase *c)
{
	cursor_free(c->read);
	cursor_free(c->view);
	c->read = c->view = NULL;
	watches_free(c->watches);
	c->watches = NULL;
	guest_free(c->guest);
	c->guest = NULL;
}

/* ---- who stands between it and its network ---- */

static void
on_asked(void *arg)
{
	struct testcase *c = arg;

	if (c->step_open && verb_of(c)->asked)
		verb_of(c)->asked(c, step_of(c));
}

/* zeros when there is no such name: an image that has an address asks nobody for one */
static void
address_of(const struct testcase *c, const char *name, unsigned char out[4])
{
	const char *text = names_get(&c->names, name);

	memset(out, 0, 4);
	if (text)
		inet_pton(AF_INET, text, out);
}

static int
make_peer(struct testcase *c, struct err *e)
{
	struct peer_opts o = { .pcap = arena_printf(c->a, "%s/" PCAP, c->job->dir) };

	address_of(c, "address", o.address);
	address_of(c, "router", o.router);
	address_of(c, "dns", o.dns);
	return peer_new(c->loop, &o, on_asked, c, &c->peer, e);
}

/* guest_start(), with the peer between when the scenario wants it */
static int
start_guest(struct testcase *c, struct qemu_opts *o, struct err *e)
{
	const struct testcase_job *j = c->job;
	int ends[QEMU_NET_ENDS], result;
	bool peer = scenario_needs(j->scenario, NEEDS_PEER);

	if (peer && ((!c->peer && make_peer(c, e) < 0) || peer_plug(c->peer, ends, e) < 0))
		return -1;
	o->net = peer ? ends : NULL;
	result = guest_start(c->a, c->loop, &j->image->m, o, j->dir, &calls, c, &c->guest, e);
	for (size_t i = 0; peer && i < QEMU_NET_ENDS; i++)
		close(ends[i]);
	return result;
}

static struct qemu_opts
qemu_opts_of(const struct testcase *c)
{
	const struct testcase_job *j = c->job;

	return (struct qemu_opts){ .disk = c->disk,
		.agent_fd = j->agent ? 0 : -1,
		.nonce = c->identity.nonce,
		.append = j->append,
		.accel = j->accel,
		.cpu = j->cpu,
		.lan = j->image->lan,
		.island = j->image->island,
		.faults = scenario_needs(j->scenario, NEEDS_FAULTS),
		.slot = scenario_needs(j->scenario, NEEDS_SLOT) || j->slot,
		.pace = c->pace,
		.reboot = true,
		.ssh = true };
}

void
testcase_move(struct testcase *c, enum qemu_pace pace, guest_moved *done, void *arg)
{
	struct qemu_opts *o = arena_alloc(c->a, sizeof *o);

	c->pace = pace;
	*o = qemu_opts_of(c);
	o->loadvm = TESTCASE_MOVING;
	o->waits = true;
	guest_move(c->guest, o, c->job->dir, done, arg);
}

int
testcase_boot(struct testcase *c, struct err *e)
{
	const struct testcase_job *j = c->job;
	struct qemu_opts o;
	const struct saved *from = c->boots ? NULL : j->from;

	if (c->boots && !nonce_seen(c))
		return fail(e, "boot %u ended before it showed its nonce", c->boots);
	drop_guest(c);
	c->forbidden = NULL;
	identity_renew(&c->identity);
	names_set(&c->names, "nonce", c->identity.nonce);
	c->awaited = c->sent = NULL;
	c->resets = 0;
	c->awaiting_reboot = false;
	c->flat = NULL;
	c->step_from = 0;
	c->booted_from = c->console_at = clock_now();
	c->pace = j->scenario->counts ? PACE_CALM : PACE_HOST;
	c->lapse = (struct lapse){ 0 };
	o = qemu_opts_of(c);
	o.loadvm = from ? from->state : NULL;
	if (start_guest(c, &o, e) < 0)
		return -1;
	c->boots++;
	alarms_renew(&c->alarms, c->guest, c->began + scaled(c, c->job->scenario->limit));
	c->read = cursor_new(guest_console(c->guest), NULL, 0);
	c->view = cursor_new(view_stream(guest_view(c->guest)), NULL, 0);
	if (watch_console(c, e) < 0)
		return -1;
	if (from && !j->agent) {
		guest_recall(c->guest, from->console, from->nconsole);
		loop_at(c->loop, 0, on_awake, c); /* there is nobody to wake */
	} else if (from) {
		guest_recall(c->guest, from->console, from->nconsole);
		watches_look(c->watches);
		identity_wake(&c->identity, c->guest, from->nonce,
		    clock_now() + scaled(c, c->job->conductor ? WAKE_SOON : WAKE_TIME));
	} else if (j->agent) {
		ask_identity(c);
	}
	return 0;
}

/* ---- from step to step ---- */

nstime
testcase_timeout(const struct testcase *c)
{
	const struct step *s = &c->job->scenario->steps[c->at]; /* there is one */

	return scaled(c, s->timeout ? s->timeout : c->job->scenario->timeout);
}

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

void
testcase_extend(struct testcase *c)
{
	loop_cancel(c->loop, c->step_alarm);
	c->step_deadline = clock_now() + testcase_timeout(c);
	c->step_alarm = loop_at(c->loop, c->step_deadline, testcase_overdue, c);
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
	static const char *const got[2][2] = {
		{ "no kernel command line with it on the console",
		    "no /proc/cmdline through the guest agent" },
		{ "no serial number of a disk on the console",
		    "no serial number of a disk through the guest agent" },
	};

	note_failure(c, identity_word(&c->identity), got[c->identity.by_serial][c->job->agent],
	    "nothing inside the guest showed this boot's nonce");
}

/* the step under way, and which took longest before it */
static const char *
where_time_went(struct testcase *c)
{
	const struct step_result *longest = NULL, *v = c->result->steps;
	const char *now = arena_printf(c->a, "line %u has run for %s", v[c->at].line,
	    testcase_seconds(c, clock_now() - c->step_began));

	for (size_t i = 0; i < c->at; i++)
		if (!longest || v[i].took > longest->took)
			longest = &v[i];
	return longest ? arena_printf(c->a, "%s; the longest before it, line %u, took %s", now,
			     longest->line, testcase_seconds(c, longest->took))
		       : now;
}

static void
on_limit(void *arg)
{
	struct testcase *c = arg;

	c->limit_alarm = 0;
	if (c->step_open)
		testcase_fail(c, arena_printf(c->a, "the end of: %s", step_of(c)->source),
		    where_time_went(c), "the scenario's limit of %s has passed",
		    testcase_seconds(c, scaled(c, c->job->scenario->limit)));
	else if (awaits_nonce(c))
		no_nonce(c);
	else
		note_failure(c, NULL, NULL, "the scenario's limit has passed");
}

static bool
can_be_asked(const struct testcase *c)
{
	return testcase_guest_runs(c) && guest_has_agent(c->guest);
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
	while (i < s->nsteps && s->steps[i].ending && (c->failed || !can_be_asked(c)))
		i++;
	return i;
}

/*
 * from where on the console may tell why this step fails: a command's trouble often shows a little
 * earlier
 */
static uint64_t
output_before(const struct testcase *c, const struct step *s)
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
	c->step = arena_alloc(c->a, sizeof *c->step);
	c->step_open = true;
	c->ticket++;
	facts_tell_time(&c->names, c->told_time);
	c->step_began = clock_now();
	c->step_deadline = c->step_began + testcase_timeout(c);
	c->before = (struct share){ 0 };
	if (c->guest)
		share_of(guest_pid(c->guest), &c->before);
	c->step_from = output_before(c, s);
	c->step_alarm = loop_at(c->loop, c->step_deadline, testcase_overdue, c);
	verb_of(c)->start(c, s);
}

/* ---- what the kernel has to say at the end ---- */

static bool
has_log_watch(const struct scenario *s)
{
	for (size_t i = 0; i < s->nwatches; i++)
		if (s->watches[i].kind == WATCH_LOG)
			return true;
	return false;
}

/* a guest that is to be saved has been stopped, and says nothing */
static bool
can_close(const struct testcase *c)
{
	return c->state == TESTCASE_STEPPING && !c->failed && !c->result->reason &&
	       c->identity.inside && !c->job->save && testcase_guest_runs(c) &&
	       (c->alarms.open || has_log_watch(c->job->scenario));
}

static void
judge_log(struct testcase *c, struct arena *scratch, const struct kernel_log *log)
{
	const struct scenario *s = c->job->scenario;

	for (size_t i = 0; i < s->nwatches; i++) {
		const struct watch *w = &s->watches[i];
		const char *line;

		if (w->kind != WATCH_KERNEL && w->kind != WATCH_LOG)
			continue;
		line = kernel_log_find(
		    scratch, log, s, w, w->kind == WATCH_LOG ? KERNEL_LOG_ERROR : KERNEL_LOG_ALL);
		if (line)
			note_failure(c, arena_printf(c->a, "never /%s/", pattern_text(w->pattern)),
			    line,
			    arena_printf(
				c->a, "kernel log: forbidden pattern \"%s\" matched", w->name));
	}
	if (log->tainted && has_log_watch(s))
		note_failure(c, "0", arena_printf(c->a, "%lu", log->tainted),
		    "the kernel is tainted: /proc/sys/kernel/tainted is not 0");
}

static void
on_log(void *arg, const struct agent_result *r)
{
	struct testcase *c = arg;
	struct arena *scratch = arena_new();
	struct kernel_log log;
	struct err e;

	if (c->state == TESTCASE_CLOSING) {
		if (r->status < 0)
			note_failure(c, "the kernel log", r->why,
			    "the guest does not answer when its scenario is over");
		else if (kernel_log_read(scratch, r->out, r->n, &log, &e) < 0)
			note_failure(c, NULL, NULL, arena_strdup(c->a, e.msg));
		else {
			judge_log(c, scratch, &log);
			alarms_read(&c->alarms);
		}
		stop(c);
	}
	arena_free(scratch);
}

static void
close_log(struct testcase *c)
{
	c->state = TESTCASE_CLOSING;
	guest_run(c->guest, kernel_log_at_end, clock_now() + scaled(c, STOP_GRACE), on_log, c);
}

static void
stop(struct testcase *c)
{
	c->state = TESTCASE_STOPPING;
	c->alarms.closed = true;
	loop_cancel(c->loop, c->limit_alarm);
	c->limit_alarm = 0;
	if (c->guest && guest_state(c->guest) != GUEST_ENDED)
		guest_stop(c->guest, scaled(c, STOP_GRACE)); /* on_ended goes on */
	else
		judge(c);
}

static bool
failed_between_steps(const struct testcase *c)
{
	return c->state == TESTCASE_STEPPING && c->failed && !c->result->reason && c->guest &&
	       !c->result->failure.guest;
}

static void
advance(void *arg)
{
	struct testcase *c = arg;
	const struct step *s;
	size_t next;

	c->next_alarm = 0;
	if (c->state == TESTCASE_DONE || c->state == TESTCASE_STOPPING ||
	    ((c->state == TESTCASE_EXPLAINING || c->state == TESTCASE_KEEPING ||
		 c->state == TESTCASE_CLOSING) &&
		!c->result->reason))
		return;
	if (c->job->conductor && !c->result->reason) {
		c->job->conductor->ready(c->job->conducting);
		return;
	}
	if (failed_between_steps(c)) {
		aftermath_start(c, schedule_next);
		return;
	}
	next = next_step(c);
	if (next >= c->job->scenario->nsteps && awaits_nonce(c)) {
		c->next_alarm = loop_at(c->loop, clock_now() + NONCE_WAIT, advance, c);
		return;
	}
	c->at = next;
	s = step_of(c);
	if (s)
		start_step(c, s);
	else if (can_close(c))
		close_log(c);
	else
		stop(c);
}

/* ---- by hand ---- */

void
testcase_do(struct testcase *c, size_t i)
{
	const struct step *s = &c->job->scenario->steps[i];

	testcase_forgive(c);
	c->at = i;
	c->result->steps[i] =
	    (struct step_result){ .line = s->line, .source = s->source, .verdict = VERDICT_SKIP };
	if (i >= c->result->nsteps)
		c->result->nsteps = i + 1;
	start_step(c, s);
}

bool
testcase_has_failed(const struct testcase *c)
{
	return c->failed;
}

void
testcase_forgive(struct testcase *c)
{
	c->failed = c->failed_going = false;
	c->starved = NULL;
	c->forbidden = NULL;
	c->result->failure = (struct failure){ 0 };
}

void
testcase_finish(struct testcase *c)
{
	c->at = c->job->scenario->nsteps;
	stop(c);
}

/* ---- the verdict ---- */

/* what a pass needs beside its steps; notes the first thing that is not so */
static void
check_end(struct testcase *c)
{
	const char *wanted = c->awaited ? c->awaited : "host-qmp-quit", *reason;
	struct err e;

	if (!c->guest)
		return;
	reason = guest_reason(c->guest);
	if (!c->awaited && is_hosts_end(c)) {
		c->result->reason = reason;
		return;
	}
	if (watches_missed(c->watches)) {
		c->result->reason = "the watches did not see every byte of the console";
		return;
	}
	if (strcmp(reason, wanted))
		note_failure(c,
		    c->awaited ? ending_words(c->a, wanted)
			       : "a guest that runs until its scenario is over",
		    ending_words(c->a, reason),
		    arena_printf(c->a, "the guest ended otherwise than expected: %s", reason));
	if (!nonce_seen(c))
		no_nonce(c);
	if (!image_unchanged(c->job->image, &e))
		c->result->reason = arena_strdup(c->a, e.msg);
}

static void
judge(struct testcase *c)
{
	struct testcase_result *r = c->result;

	c->at = c->job->scenario->nsteps;
	if (!r->reason)
		check_end(c);
	if (!r->reason && c->failed)
		r->reason = c->starved;
	r->verdict = r->reason ? VERDICT_INCONCLUSIVE : c->failed ? VERDICT_FAIL : VERDICT_PASS;
	r->took = clock_now() - c->began;
	c->state = TESTCASE_DONE;
	outcome_keep(c);
	c->done(c->arg);
}

/* ---- the beginning ---- */

static void
begin(struct testcase *c, const char *why)
{
	struct err e;

	if (why) {
		testcase_inconclusive(c, "%s", why);
		return;
	}
	if (!c->job->scenario->offline && testcase_boot(c, &e) < 0) {
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	if (!c->job->conductor) /* a person may take what time it takes */
		c->limit_alarm =
		    loop_at(c->loop, c->began + scaled(c, c->job->scenario->limit), on_limit, c);
	if (c->job->from)
		return; /* on_awake goes on */
	c->state = TESTCASE_STEPPING;
	schedule_next(c);
}

struct testcase *
testcase_start(struct arena *a, struct loop *l, const struct testcase_job *job,
    struct testcase_result *result, testcase_done *done, void *arg)
{
	const struct scenario *s = job->scenario;
	struct arena *own = arena_new();
	struct testcase *c = arena_alloc(own, sizeof *c);
	struct err e;

	*c = (struct testcase){ .a = own,
		.results = a,
		.loop = l,
		.job = job,
		.result = result,
		.done = done,
		.arg = arg,
		.at = SIZE_MAX };
	c->names.a = own;
	c->identity = (struct identity){ .a = own,
		.loop = l,
		.calls = &identity_calls,
		.arg = c,
		.by_serial = lane_has_firmware(&job->image->m) };
	c->alarms =
	    (struct alarms){ .a = own, .scenario = job->scenario, .settled = on_alarm, .arg = c };
	c->began = clock_now();
	result->steps = arena_array(a, s->nsteps + job->room + 1, sizeof *result->steps);
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
	names_set(&c->names, "dies", s->dies);
	names_set(&c->names, "says", s->says);
	overlay_make(c, begin);
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
	for (struct testcase_server *s = c->servers; s; s = s->next) {
		http_free(s->http);
		ntp_free(s->ntp);
	}
	identity_stop(&c->identity);
	drop_guest(c);
	peer_free(c->peer);
	arena_free(c->a); /* which has the test case itself */
}
