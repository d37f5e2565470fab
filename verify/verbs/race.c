/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm skip, race: hours of a guest in seconds (lapse.h) */
#include "verify/verbs/lapse.h"
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"

#include <math.h>

/*
 * Of the guest's time, between two signs of life: an hour is a second of the host's when nothing is
 * wrong.  Where the host has others to serve it may be a thousand, so it begins with less, and
 * comes to as much as there is time for.
 */
#define CHUNK_LEAST 300
#define CHUNK_MOST 3600
/* parts of the step's timeout: what was there sooner may be twice as much, or is too much */
#define SOON 30
#define LATE 6
/* uptime has hundredths, and sleep whole seconds */
#define ROUNDING 1
/* more than passes in a guest while it waits for its disk */
#define LEAP 3600

/* ---- skip: so much time and no more ---- */

static int
skip_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[1]);

	(void)a;
	return !text || clock_parse(text) >= NS_PER_S
		   ? 0
		   : fail_usage(
			 e, "vm skip %s: needs a time of a second or more, such as 24h", text);
}

static void on_slept(struct testcase *c);

static void
pass(struct testcase *c)
{
	testcase_pass(c);
}

static void
sleep_on(struct testcase *c)
{
	struct skip *k = c->step->skip;
	double left = k->until - c->lapse.uptime;

	if (left <= 0) {
		if (testcase_step(c)->races)
			testcase_pass(c);
		else
			lapse_end(c, pass);
		return;
	}
	k->chunk = ceil(left < k->most ? left : k->most);
	k->asked = clock_now();
	k->before = c->lapse.uptime;
	lapse_run(c, arena_printf(c->a, "sleep %.0f; ", k->chunk),
	    arena_printf(c->a, "another %.0f s of the guest within %s, after %.0f s", k->chunk,
		testcase_seconds(c, testcase_timeout(c)), k->before - k->from),
	    on_slept);
}

static void
adapt(struct testcase *c)
{
	struct skip *k = c->step->skip;
	nstime took = clock_now() - k->asked, timeout = testcase_timeout(c);

	if (took * SOON < timeout)
		k->most *= 2;
	else if (took * LATE > timeout)
		k->most /= 2;
	k->most = k->most < CHUNK_LEAST ? CHUNK_LEAST : k->most > CHUNK_MOST ? CHUNK_MOST : k->most;
}

/* its own words: they have to fit together */
static void
on_slept(struct testcase *c)
{
	struct skip *k = c->step->skip;
	double passed = c->lapse.uptime - k->before;

	if (passed < k->chunk - ROUNDING || passed > k->chunk + LEAP)
		testcase_fail(c, arena_printf(c->a, "uptime %.0f", k->before + k->chunk),
		    arena_printf(c->a, "uptime %.0f", c->lapse.uptime),
		    "%s: the guest slept for %.0f s, and its uptime grew by %.0f s",
		    testcase_step(c)->source, k->chunk, passed);
	else {
		adapt(c);
		sleep_on(c);
	}
}

static void
skip_from_here(struct testcase *c)
{
	struct skip *k = c->step->skip;

	k->from = c->lapse.uptime;
	k->until = k->from + k->seconds;
	sleep_on(c);
}

static void
skip_start(struct testcase *c, const struct step *s)
{
	const char *text = step_word(c, s, 1);
	nstime t = text ? clock_parse(text) : 0;

	if (!text)
		return;
	if (t < NS_PER_S) {
		testcase_fail(c, NULL, text,
		    "vm skip %s: needs a time of a second or more, such as 24h", text);
		return;
	}
	c->step->skip = arena_alloc(c->a, sizeof *c->step->skip);
	*c->step->skip = (struct skip){ .seconds = (double)t / NS_PER_S, .most = CHUNK_LEAST };
	if (s->races)
		lapse_run(c, "", "an answer", skip_from_here);
	else
		lapse_begin(c, skip_from_here);
}

/* ---- race: as much as the steps take ---- */

static void
race_start(struct testcase *c, const struct step *s)
{
	(void)s;
	lapse_begin(c, pass);
}

static void
calm_start(struct testcase *c, const struct step *s)
{
	(void)s;
	lapse_end(c, pass);
}

const struct verb verbs_race[] = {
	{ .form = { .verb = "vm", .form = "skip TIME", .race = RACE_ALONE, .parse = skip_parse },
	    .start = skip_start,
	    .ended = lapse_ended },
	{ .form = { .verb = "race", .form = "BLOCK", .race = RACE_OPENS },
	    .start = race_start,
	    .ended = lapse_ended },
	{ .form = { .verb = "race", .form = "over", .race = RACE_CLOSES },
	    .start = calm_start,
	    .ended = lapse_ended },
	{ .form = { .verb = NULL } },
};
