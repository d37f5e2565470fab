/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host http, ntp, tcp-closed, fsck: what this side does for the guest, tries on it, and does to
 * what it leaves behind */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/confine.h"
#include "build/base/err.h"
#include "build/files/manifest.h"
#include "verify/guest/http.h"
#include "verify/guest/knock.h"
#include "verify/guest/ntp.h"
#include "verify/image/fsck.h"
#include "verify/image/guestfs.h"
#include "verify/image/image.h"
#include "verify/image/reading.h"
#include "verify/play/trouble.h"
#include "verify/scenario/one_line.h"
#include "verify/subprocess.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 300
#define FLAT "disk.raw" /* in the test case's folder */

/* ---- http serve TEXT as NAME ---- */

static void
http_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 2), *name = text ? step_word(c, s, 4) : NULL,
		   *router = names_get(&c->names, "router");
	struct testcase_server *server;
	struct err e;

	if (!name)
		return;
	server = arena_alloc(c->a, sizeof *server);
	*server = (struct testcase_server){ .next = c->servers };
	if (http_serve(c->loop, c->job->image->island, text, strlen(text), &server->http, &e) < 0) {
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	c->servers = server;
	names_set(&c->names, arena_printf(c->a, "%s.port", name),
	    arena_printf(c->a, "%u", http_port(server->http)));
	names_set(&c->names, arena_printf(c->a, "%s.url", name),
	    arena_printf(c->a, "http://%s:%u/", router, http_port(server->http)));
	testcase_pass(c);
}

/* ---- ntp serve SECONDS as NAME ---- */

#define NTP_ERA_ENDS 2085978496ul /* seconds since 1970 */

/* 0: it is no time that NTP can tell */
static unsigned long
time_of(const char *text)
{
	char *end;
	unsigned long t = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || t >= NTP_ERA_ENDS ? 0 : t;
}

static int
ntp_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[2]);

	(void)a;
	return !text || time_of(text)
		   ? 0
		   : fail_usage(
			 e, "%s: not a time, in seconds since 1970, before 2085978496", text);
}

static void
ntp_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 2), *name = text ? step_word(c, s, 4) : NULL;
	struct testcase_server *server;
	struct err e;

	if (!name)
		return;
	server = arena_alloc(c->a, sizeof *server);
	*server = (struct testcase_server){ .next = c->servers };
	if (!time_of(text)) {
		testcase_fail(c, NULL, text, "%s: not a time in seconds since 1970", text);
		return;
	}
	if (ntp_serve(c->loop, c->job->image->island, time_of(text), &server->ntp, &e) < 0) {
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	c->servers = server;
	names_set(&c->names, arena_printf(c->a, "%s.port", name),
	    arena_printf(c->a, "%u", ntp_port(server->ntp)));
	testcase_pass(c);
}

/* ---- tcp-closed PORT ---- */

/* 0: it is none */
static unsigned
port_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *text < '0' || *text > '9' || *end || n > 65535 ? 0 : (unsigned)n;
}

static int
tcp_closed_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[1]);

	(void)a;
	return !text || port_of(text) ? 0 : fail_usage(e, "%s: not a port from 1 to 65535", text);
}

static void
not_refused(struct testcase *c, const char *got)
{
	testcase_fail(c, "refused by the guest", got, "port %u: not refused", c->step->port);
}

/* QEMU still runs, so it was the guest that refused */
static void
on_alive(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (answer)
		testcase_pass(c);
	else
		testcase_unanswered(c, "query-status", error);
}

static void
on_knocked(void *arg, enum knock_end end, const char *said)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->knock = NULL;
	switch (end) {
	case KNOCK_REFUSED:
		guest_qmp(c->guest, "query-status", NULL, on_alive, ticket_new(c));
		break;
	case KNOCK_ANSWERED:
		not_refused(c, arena_printf(c->a, "accepted, and answered \"%s\"",
				   one_line(c->a, said, strlen(said), SHOWN)));
		break;
	case KNOCK_CLOSED:
		not_refused(c, "accepted, then closed without a word");
		break;
	case KNOCK_SILENT:
		not_refused(c, "no answer");
		break;
	case KNOCK_FAILED:
		testcase_unanswered(c, "forwarded port", said);
	}
}

static void
on_forwarded(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (!answer)
		testcase_unanswered(
		    c, "forwarded port", one_line(c->a, error, strlen(error), SHOWN));
	else
		knock_start(c->loop, c->job->image->island, port_of(answer), on_knocked,
		    ticket_new(c), &c->step->knock);
}

static void
tcp_closed_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 1);

	if (!text)
		return;
	c->step->port = port_of(text);
	if (!c->step->port)
		testcase_fail(c, NULL, text, "%s: not a port from 1 to 65535", text);
	else if (step_needs_guest(c))
		guest_port(c->guest, c->step->port, on_forwarded, ticket_new(c));
}

static void
tcp_closed_late(struct testcase *c, const struct step *s)
{
	(void)s;
	not_refused(c, "no answer");
}

static void
tcp_closed_cancel(struct testcase *c)
{
	knock_cancel(c->step->knock);
	c->step->knock = NULL;
}

/* ---- fsck PARTITION clean ---- */

static void
not_clean(struct testcase *c, const char *got)
{
	testcase_fail(c, arena_printf(c->a, "%s: unmounted in order, and sound", c->step->path),
	    arena_strdup(c->a, got), "%s is not clean", c->step->path);
}

static void
on_checked(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	const char *said;

	if (!c)
		return;
	c->step->subprocess = NULL;
	if (r->end == SUBPROCESS_LATE) {
		testcase_inconclusive(c, "e2fsck: took too long");
		return;
	}
	if (r->end == SUBPROCESS_EXCESS) { /* it has a line for each thing that is wrong */
		not_clean(c, trouble_of(c->a, r));
		return;
	}
	switch (fsck_judge(c->a, r->status, r->out, r->n, &said)) {
	case FSCK_SOUND:
		testcase_pass(c);
		return;
	case FSCK_DAMAGED:
		not_clean(c, said);
		return;
	case FSCK_UNKNOWN:
		testcase_inconclusive(c, "e2fsck: %s", said);
	}
}

/* e2fsck, which believes what it reads, can do no more than read: see confine.h */
static void
check_part(struct testcase *c)
{
	const struct man_part *p = manifest_part(&c->job->image->m, c->step->path);
	struct subprocess_opts o = { .dir = c->job->dir, .deadline = c->step_deadline };
	struct argv v;
	struct err e;

	o.calls = confine_program(&o.limits, &o.nlimits);
	if (fsck_command(c->a, FLAT, p->start, &v, &e) < 0 ||
	    subprocess_start(
		c->loop, v.v, &o, on_checked, ticket_new(c), &c->step->subprocess, &e) < 0) {
		c->step->subprocess = NULL;
		testcase_inconclusive(c, "%s", e.msg);
	}
}

/* the filesystem at hand, for a child */
struct part {
	struct testcase *testcase;
	uint64_t start;
	int disk;
};

static int
open_flat(void *arg, struct err *e)
{
	struct part *p = arg;
	const char *flat = p->testcase->flat;

	p->disk = open(flat, O_RDONLY | O_CLOEXEC);
	return p->disk < 0 ? fail_errno(e, "%s", flat) : 0;
}

/* that it was not unmounted is an answer, and no error */
static int
look_at_part(void *arg, struct err *e)
{
	const struct part *p = arg;

	if (guestfs_unmounted(p->disk, p->testcase->flat, p->start, e) < 0)
		fputs(e->msg, stdout);
	return 0;
}

static void
on_looked(void *arg, const struct reading_result *r)
{
	struct testcase *c = arg;

	c->step->reading = NULL;
	if (r->trouble)
		testcase_inconclusive(c, "%s", r->trouble);
	else if (r->n)
		not_clean(c, r->out);
	else
		check_part(c);
}

static void
judge_part(struct testcase *c)
{
	const struct man_part *m = manifest_part(&c->job->image->m, c->step->path);
	struct part *p = arena_alloc(c->a, sizeof *p);
	struct reading_opts o = {
		.what = c->flat, .open = open_flat, .work = look_at_part, .arg = p
	};
	struct err e;

	if (!m) {
		testcase_fail(
		    c, NULL, NULL, "fsck %s: the manifest has no such partition", c->step->path);
		return;
	}
	*p = (struct part){ .testcase = c, .start = m->start, .disk = -1 };
	if (reading_start(c->loop, &o, on_looked, c, &c->step->reading, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
}

static void
on_flat(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->subprocess = NULL;
	if (r->end != SUBPROCESS_EXITED || r->status) {
		c->flat = NULL;
		testcase_inconclusive(c, "qemu-img convert: %s", trouble_of(c->a, r));
	} else {
		judge_part(c);
	}
}

/* overlay and image as one raw file, once for all partitions */
static void
flatten(struct testcase *c)
{
	struct argv v = { .a = c->a };
	struct subprocess_opts o = { .deadline = c->step_deadline };
	struct err e;

	c->flat = arena_printf(c->a, "%s/" FLAT, c->job->dir);
	argv_pushv(
	    &v, "qemu-img", "convert", "-q", "-f", "qcow2", "-O", "raw", c->disk, c->flat, NULL);
	if (subprocess_start(c->loop, v.v, &o, on_flat, ticket_new(c), &c->step->subprocess, &e) <
	    0) {
		c->step->subprocess = NULL;
		c->flat = NULL;
		testcase_inconclusive(c, "%s", e.msg);
	}
}

static void
fsck_start(struct testcase *c, const struct step *s)
{
	c->step->path = step_word(c, s, 1);
	if (!c->step->path)
		return;
	if (!c->disk)
		testcase_fail(c, NULL, NULL, "fsck %s: the guest has no disk", c->step->path);
	else if (c->guest && guest_state(c->guest) != GUEST_ENDED)
		testcase_fail(c, NULL, "the guest runs", "fsck %s: only after the guest has ended",
		    c->step->path);
	else if (c->flat)
		judge_part(c);
	else
		flatten(c);
}

static void
fsck_cancel(struct testcase *c)
{
	step_cancel_reading(c);
	subprocess_cancel(c->step->subprocess);
	c->step->subprocess = NULL;
}

const struct verb verbs_host[] = {
	{ .form = { .verb = "host", .form = "http serve TEXT as NAME", .defines = ".port .url" },
	    .start = http_start },
	{ .form = { .verb = "host",
	      .form = "ntp serve SECONDS as NAME",
	      .defines = ".port",
	      .parse = ntp_parse },
	    .start = ntp_start },
	{ .form = { .verb = "host", .form = "tcp-closed PORT", .parse = tcp_closed_parse },
	    .start = tcp_closed_start,
	    .late = tcp_closed_late,
	    .cancel = tcp_closed_cancel },
	{ .form = { .verb = "host", .form = "fsck PARTITION clean" },
	    .start = fsck_start,
	    .cancel = fsck_cancel },
	{ .form = { .verb = NULL } },
};
