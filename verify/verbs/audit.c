/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit: the image's files */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/image/audit.h"
#include "verify/image/image.h"
#include "verify/image/reading.h"

#include <fcntl.h>
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
	struct audit_input in; /* the child's */
};

static int
open_input(void *arg, struct err *e)
{
	struct auditing *d = arg;
	const struct testcase_job *j = d->testcase->job;

	return audit_open(d->testcase->a, d->name, &j->image->m, j->base, &d->in, e);
}

static int
look(void *arg, struct err *e)
{
	const struct auditing *d = arg;
	struct audit r;

	if (audit_look(d->testcase->a, d->name, &d->in, &r, e) < 0)
		return -1;
	printf("%zu %s\n%s\n", r.looked, r.unit, r.rule);
	for (size_t i = 0; i < r.nfound; i++)
		puts(r.found[i]);
	return 0;
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
on_done(void *arg, const struct reading_result *r)
{
	struct auditing *d = arg;
	struct testcase *c = d->testcase;

	c->step->reading = NULL;
	if (r->trouble)
		testcase_inconclusive(c, "audit %s: %s", d->name, r->trouble);
	else
		judge(d);
}

static void
audit_start(struct testcase *c, const struct step *s)
{
	struct auditing *d = arena_alloc(c->a, sizeof *d);
	struct reading_opts o = {
		.what = c->job->base, .open = open_input, .work = look, .arg = d
	};
	struct err e;

	*d = (struct auditing){ .testcase = c, .name = step_word(c, s, 0) };
	if (!d->name)
		return;
	d->path = arena_printf(c->a, "%s/audit-%s", c->job->dir, d->name);
	o.out = open(d->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (o.out < 0) {
		fail_errno(&e, "%s", d->path);
		testcase_inconclusive(c, "%s", e.msg);
		return;
	}
	if (reading_start(c->loop, &o, on_done, d, &c->step->reading, &e) < 0)
		testcase_inconclusive(c, "audit %s: %s", d->name, e.msg);
	close(o.out);
}

#define AUDIT(what)                                                                                \
	{                                                                                          \
		.form = { .verb = "audit", .form = what, .on = ON_FILES }, .start = audit_start,   \
		.cancel = step_cancel_reading                                                      \
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
