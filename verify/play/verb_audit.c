/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit: the image's files, in a child of ours: it takes a while, and reads what nobody vouches for
 */
#include "verify/play/step.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/image/audit.h"
#include "verify/image/image.h"
#include "verify/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* so many are told; the file has them all */
#define SHOWN 5

struct auditing {
	struct testcase *testcase;
	const char *name;
	const char *path; /* what the child writes: "LOOKED UNIT", the rule, and a line for whatever
			     breaks it */
	struct child child;
};

static int
work(void *arg, struct err *e)
{
	const struct auditing *d = arg;
	const struct testcase_job *j = d->testcase->job;
	struct arena *a = arena_new();
	struct audit r;
	int result = audit_run(a, d->name, &j->image->m, j->base, &r, e);

	if (result == 0) {
		printf("%zu %s\n%s\n", r.looked, r.unit, r.rule);
		for (size_t i = 0; i < r.nfound; i++)
			puts(r.found[i]);
		if (fflush(stdout) != 0)
			result = fail_errno(e, "%s", d->path);
	}
	arena_free(a);
	return result;
}

static void
judge(struct auditing *d)
{
	struct testcase *c = d->testcase;
	struct lines l;
	struct buf got = { 0 };
	const char *looked, *rule, *line;
	size_t n = 0;
	struct err e;

	if (lines_open(c->a, d->path, &l, &e) < 0) {
		testcase_inconclusive(c, "audit %s: %s", d->name, e.msg);
		return;
	}
	looked = lines_next(&l);
	rule = lines_next(&l);
	while ((line = lines_next(&l)))
		if (++n <= SHOWN)
			buf_addf(&got, "%s%s", n > 1 ? "\n" : "", line);
	if (n > SHOWN)
		buf_addf(&got, "\nand %zu more: %s", n - SHOWN, d->path);
	if (!looked || !rule)
		testcase_inconclusive(c, "audit %s: %s: cut off", d->name, d->path);
	else if (n)
		testcase_fail(c, rule, got.p, "audit %s: %zu violation%s, %s examined", d->name, n,
		    n == 1 ? "" : "s", looked);
	else if (!strtoul(looked, NULL, 10))
		testcase_fail(c, rule, NULL, "audit %s: %s examined", d->name, looked);
	else
		testcase_pass(c);
	buf_free(&got);
}

static void
on_dead(void *arg, int fd, short revents)
{
	struct auditing *d = arg;
	struct testcase *c = d->testcase;
	struct err e, failed = { .msg = "" };
	int status;

	(void)revents;
	loop_forget(c->loop, fd);
	c->step->audit = NULL;
	if (child_call_wait(&d->child, &status, &failed, &e) < 0)
		testcase_inconclusive(c, "audit %s: %s", d->name, e.msg);
	else if (status)
		testcase_inconclusive(c, "audit %s: %s", d->name,
		    *failed.msg ? failed.msg : child_status_text(c->a, status));
	else
		judge(d);
}

static void
audit_start(struct testcase *c, const struct step *s)
{
	struct auditing *d = arena_alloc(c->a, sizeof *d);
	struct err e;
	int log;

	*d = (struct auditing){ .testcase = c, .name = step_word(c, s, 0) };
	if (!d->name)
		return;
	d->path = arena_printf(c->a, "%s/audit-%s", c->job->dir, d->name);
	log = open(d->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (log < 0) {
		fail_errno(&e, "%s", d->path);
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	if (child_call(&d->child, work, d, log, &e) < 0) {
		testcase_inconclusive(c, "audit %s: %s", d->name, e.msg);
	} else {
		c->step->audit = d;
		loop_watch(c->loop, d->child.pidfd, POLLIN, on_dead, d);
	}
	close(log);
}

/* the child is killed and reaped */
static void
audit_cancel(struct testcase *c)
{
	struct auditing *d = c->step->audit;
	struct err e, failed;
	int status;

	if (!d)
		return;
	c->step->audit = NULL;
	loop_forget(c->loop, d->child.pidfd);
	child_kill(&d->child, SIGKILL);
	child_call_wait(&d->child, &status, &failed, &e);
}

#define AUDIT(what)                                                                                \
	{                                                                                          \
		.form = { .verb = "audit", .form = what, .on = ON_FILES }, .start = audit_start,   \
		.cancel = audit_cancel                                                             \
	}

const struct verb verbs_audit[] = {
	AUDIT("static"),
	AUDIT("baseline"),
	AUDIT("modes"),
	AUDIT("paths"),
	AUDIT("files"),
	AUDIT("table"),
	AUDIT("kernel"),
	AUDIT("hardening"),
	{ .form = { .verb = NULL } },
};
