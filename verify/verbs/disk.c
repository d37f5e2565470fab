/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm inject, vm throttle: the guest's disk fails, or is slow */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"

#include <stdlib.h>
#include <string.h>

#define FASTEST 1000000 /* requests a second */

/* commands of QMP, one after the other */
struct command {
	const char *name, *arguments;
	bool may_fail;
};

struct sequence {
	struct ticket *ticket;
	const struct command *next; /* ends with one that has no name */
};

static void
on_answered(void *arg, const char *answer, const char *error)
{
	struct sequence *q = arg;
	struct testcase *c = ticket_testcase(q->ticket);
	const struct command *done = q->next++;

	if (!c)
		return;
	if (!answer && !done->may_fail)
		testcase_unanswered(c, done->name, error);
	else if (!q->next->name)
		testcase_pass(c);
	else
		guest_qmp(c->guest, q->next->name, q->next->arguments, on_answered, q);
}

static void
say_all(struct testcase *c, const struct command *commands)
{
	struct sequence *q = arena_alloc(c->a, sizeof *q);

	*q = (struct sequence){ ticket_new(c), commands };
	guest_qmp(c->guest, commands->name, commands->arguments, on_answered, q);
}

/* ---- inject: what it is asked, it refuses ---- */

#define RULE(what) "{\"event\": \"none\", \"iotype\": \"" what "\", \"errno\": 5}"
#define READS RULE("read")
/* it flushes: QEMU does so before it takes the fault away */
#define WRITES RULE("write") ", " RULE("write-zeroes") ", " RULE("discard")

static const struct fault {
	const char *word;
	const char *rules; /* NULL: it does what it is asked */
} faults[] = {
	{ "read", READS },
	{ "write", WRITES },
	{ "all", READS ", " WRITES },
	{ "none", NULL },
};

/* all that was said of the upper node when it was made has to be said again */
#define ABOVE(node)                                                                                \
	"{\"options\": [{\"driver\": \"raw\", \"node-name\": \"" QEMU_DISK "\", \"discard\": "     \
	"\"unmap\", \"cache\": {\"no-flush\": true}, \"file\": \"" node "\"}]}"

static void
inject_start(struct testcase *c, const struct step *s)
{
	static const struct command take[] = {
		{ "blockdev-reopen", ABOVE(QEMU_DISK_BELOW), false },
		{ "blockdev-del", "{\"node-name\": \"faulty\"}", true }, /* it may be the first */
	};
	const struct fault *f = faults;
	struct command *all;

	if (!step_needs_guest(c))
		return;
	while (strcmp(f->word, s->args[1].v[0].text)) /* the forms below have no other word */
		f++;
	all = arena_array(c->a, 5, sizeof *all);
	memcpy(all, take, sizeof take);
	if (f->rules) {
		all[2] = (struct command){ "blockdev-add",
			arena_printf(c->a,
			    "{\"driver\": \"blkdebug\", \"node-name\": \"faulty\", \"image\": "
			    "\"" QEMU_DISK_BELOW "\", \"inject-error\": [%s]}",
			    f->rules),
			false };
		all[3] = (struct command){ "blockdev-reopen", ABOVE("faulty"), false };
	}
	say_all(c, all);
}

/* ---- throttle: so many requests a second ---- */

/* 0: as many as it can */
static bool
rate_of(const char *text, unsigned long *out)
{
	char *end;

	*out = 0;
	if (!strcmp(text, "none"))
		return true;
	if (*text < '1' || *text > '9')
		return false;
	*out = strtoul(text, &end, 10);
	return !*end && *out <= FASTEST;
}

static int
throttle_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[1]);
	unsigned long rate;

	(void)a;
	return !text || rate_of(text, &rate)
		   ? 0
		   : fail_usage(e, "vm throttle %s: needs 1 to %d requests a second, or none", text,
			 FASTEST);
}

static void
throttle_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 1);
	struct command *set;
	unsigned long rate;

	if (!text || !step_needs_guest(c))
		return;
	if (!rate_of(text, &rate)) {
		testcase_fail(c, NULL, text,
		    "vm throttle %s: needs 1 to %d requests a second, or none", text, FASTEST);
		return;
	}
	set = arena_array(c->a, 2, sizeof *set);
	set[0] = (struct command){ "block_set_io_throttle",
		arena_printf(c->a,
		    "{\"device\": \"disk\", \"bps\": 0, \"bps_rd\": 0, \"bps_wr\": 0, "
		    "\"iops\": %lu, \"iops_rd\": 0, \"iops_wr\": 0}",
		    rate),
		false };
	say_all(c, set);
}

#define INJECT(what)                                                                               \
	{                                                                                          \
		.form = { .verb = "vm", .form = "inject " what, .needs = NEEDS_FAULTS },           \
		.start = inject_start                                                              \
	}

const struct verb verbs_disk[] = {
	INJECT("read"),
	INJECT("write"),
	INJECT("all"),
	INJECT("none"),
	{ .form = { .verb = "vm", .form = "throttle RATE", .parse = throttle_parse },
	    .start = throttle_start },
	{ .form = { .verb = NULL } },
};
