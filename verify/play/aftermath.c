/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/aftermath.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "verify/expect.h"
#include "verify/guest/explain.h"
#include "verify/guest/picture.h"
#include "verify/image/image.h"
#include "verify/play/capsule.h"
#include "verify/play/state.h"
#include "verify/scenario/one_line.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 300

static bool
guest_runs(const struct testcase *c)
{
	return c->guest && guest_state(c->guest) == GUEST_RUNNING;
}

/* time that races cannot be loaded at another pace, and a command on its way would be lost */
static bool
can_be_kept(const struct testcase *c)
{
	const struct testcase_job *j = c->job;

	return j->capsules && !j->image->m.lane && guest_runs(c) && c->disk &&
	       c->pace == PACE_HOST && !j->scenario->races &&
	       !scenario_needs(j->scenario, NEEDS_PEER) && !j->append &&
	       capsule_take_room(j->capsules, j->image->m.memory);
}

static void
on_kept(void *arg, const char *answer, const char *error)
{
	struct testcase *c = arg;

	(void)answer;
	(void)error;
	if (c->state != TESTCASE_KEEPING)
		return;
	c->state = TESTCASE_STEPPING;
	c->after(c);
}

static int
write_capsule(struct testcase *c, struct err *e)
{
	const struct testcase_job *j = c->job;
	const struct lan *lan = j->image->lan;
	struct stream *s = guest_console(c->guest);
	size_t n;
	const char *console = stream_text(c->a, s, 0, stream_size(s), &n);
	char manifest[PATH_MAX];
	struct capsule x = { .manifest = realpath(j->image->path, manifest),
		.digest = j->image->m.image_digest,
		.qemu = j->qemu,
		.accel = j->accel,
		.cpu = j->cpu,
		.where = c->result->failure.where,
		.scenario = j->scenario->name,
		.untrusted = j->image->m.untrusted ? "yes" : NULL,
		.pristine = j->agent ? NULL : "yes",
		.slot = scenario_needs(j->scenario, NEEDS_SLOT) ? "yes" : NULL,
		.nonce = j->from && c->boots == 1 ? j->from->nonce : c->identity.nonce };

	if (lan) {
		x.net = lan->net;
		x.router = lan->router;
		x.dns = lan->dns;
		x.address = lan->address;
	}
	if (!x.manifest || !x.digest)
		return fail(e, "its manifest tells no digest to know the image by");
	return capsule_write(c->a, j->dir, &x, j->agent ? j->base : NULL,
	    j->agent ? j->image->key : NULL, console, n, e);
}

static void
on_frozen(void *arg, const char *answer, const char *error)
{
	struct testcase *c = arg;
	struct err e = { 0 };

	if (c->state != TESTCASE_KEEPING)
		return;
	if (!answer || *answer)
		fail(&e, "%s", answer ? one_line(c->a, answer, strlen(answer), SHOWN) : error);
	else if (write_capsule(c, &e) == 0)
		c->result->capsule = true;
	if (!c->result->capsule)
		log_warn("%s: no capsule: %s", c->job->dir, e.msg);
	guest_qmp(c->guest, "cont", NULL, on_kept, c);
}

static void
on_stopped(void *arg, const char *answer, const char *error)
{
	struct testcase *c = arg;

	if (c->state != TESTCASE_KEEPING)
		return;
	if (answer)
		guest_hmp(c->guest, "savevm " CAPSULE_STATE, on_frozen, c);
	else
		on_kept(c, NULL, error);
}

static void
keep_guest(struct testcase *c)
{
	if (can_be_kept(c)) {
		c->state = TESTCASE_KEEPING;
		guest_qmp(c->guest, "stop", NULL, on_stopped, c);
		return;
	}
	c->state = TESTCASE_STEPPING;
	c->after(c);
}

static void
on_picture(void *arg, const char *why)
{
	struct testcase *c = arg;
	struct failure *f = &c->result->failure;

	if (!why)
		f->look = arena_printf(c->a, "%s, %s/" RESULT_PICTURE, f->look, c->job->dir);
	if (c->state == TESTCASE_EXPLAINING)
		keep_guest(c);
}

/* a firmware's words may be on its screen alone */
static void
on_explained(void *arg, const char *text)
{
	struct testcase *c = arg;

	c->result->failure.guest = text;
	if (c->state != TESTCASE_EXPLAINING) /* interrupted meanwhile */
		return;
	if (qemu_has_screen(&c->job->image->m) && guest_runs(c))
		picture_take(c->a, c->loop, c->guest,
		    arena_printf(c->a, "%s/" RESULT_PICTURE, c->job->dir), "png", on_picture, c);
	else
		keep_guest(c);
}

void
aftermath_start(struct testcase *c, void (*done)(struct testcase *c))
{
	c->after = done;
	c->state = TESTCASE_EXPLAINING;
	explain_start(
	    c->a, c->loop, c->guest, c->job->image->symbols, c->console_at, on_explained, c);
}
