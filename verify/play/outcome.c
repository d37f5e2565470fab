/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/outcome.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/play/state.h"

#include <string.h>
#include <unistd.h>

static void
write_verdict(struct testcase *c)
{
	const struct testcase_result *r = c->result;
	const struct failure *f = &r->failure;
	const char *const lines[][2] = { { "reason", r->reason }, { "where", f->where },
		{ "what", f->what }, { "expected", f->expected }, { "got", f->got },
		{ "nearest", f->nearest }, { "console", f->console }, { "guest", f->guest } };
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
	s->disk = c->disk ? arena_strdup(c->results, c->disk) : NULL;
	s->why_not = s->why_not ? arena_strdup(c->results, s->why_not) : NULL;
	s->console = stream_text(c->results, guest_console(c->guest), 0, size, &s->nconsole);
	if (s->nconsole != size)
		s->why_not = "its console is too long to be kept";
	memcpy(s->nonce, c->identity.nonce, sizeof s->nonce);
	s->booted = c->result->booted;
}

static void
hand_over_text(const struct testcase *c, const char **s)
{
	*s = *s ? arena_strdup(c->results, *s) : NULL;
}

/* the result outlives the test case, and nothing else of it does */
static void
hand_over(struct testcase *c)
{
	struct testcase_result *r = c->result;
	struct failure *f = &r->failure;
	const char **texts[] = { &r->reason, &r->chart, &f->where, &f->what, &f->expected, &f->got,
		&f->guest, &f->nearest, &f->console, &f->look },
		   **warnings = NULL;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		hand_over_text(c, texts[i]);
	for (size_t i = 0; i < r->nsteps; i++)
		hand_over_text(c, &r->steps[i].said);
	for (size_t i = 0; i < r->nkept; i++)
		hand_over_text(c, &r->kept[i].text);
	if (r->nwarnings)
		warnings = arena_array(c->results, r->nwarnings, sizeof *warnings);
	for (size_t i = 0; i < r->nwarnings; i++)
		warnings[i] = arena_strdup(c->results, r->warnings[i]);
	r->warnings = warnings;
}

void
outcome_keep(struct testcase *c)
{
	if (c->job->save)
		keep_state(c);
	else if (c->result->verdict == VERDICT_PASS && !c->job->keep)
		remove_disks(c);
	write_verdict(c);
	hand_over(c);
}
