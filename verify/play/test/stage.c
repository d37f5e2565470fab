/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/test/stage.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/test/harness.h"
#include "verify/loop.h"
#include "verify/play/facts.h"
#include "verify/scenario/load.h"
#include "verify/test/fake.h"
#include "verify/verbs/verbs.h"

#include <string.h>

void
stage_over(void *arg)
{
	((struct stage *)arg)->over = true;
}

void
set_stage(struct stage *t, const char *script, const char *steps, bool agent)
{
	const char *path, *text;
	struct err e;

	*t = (struct stage){ .a = arena_new(), .l = loop_new() };
	fake_script(script);
	fake_manifest(&t->image.m);
	path = arena_printf(t->a, "%s/test.scn", test_dir());
	text = arena_printf(t->a,
	    "# SPDX-License-Identifier: GPL-2.0-or-later\nscenario test \"a test\"\n%stimeout "
	    "5s\nlimit 20s\nwatch fail panic /Kernel panic.*/\nwatch warn odd /odd: .*/\n%s",
	    agent ? "" : "image pristine\n", steps);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(
	    scenario_read(t->a, path, NULL, verb_forms(t->a), facts_known(t->a), &t->s, &e) == 0,
	    "%s", e.msg);
	t->s.path = "test.scn"; /* for exact texts */
	t->job = (struct testcase_job){ .image = &t->image,
		.scenario = &t->s,
		.dir = arena_printf(t->a, "%s/cell", test_dir()),
		.agent = agent,
		.scale = 1 };
}

void
once(struct stage *t)
{
	struct err e;

	ck_assert_msg(loop_once(t->l, &e) == 0, "%s", e.msg);
}

void
play(struct stage *t)
{
	t->c = testcase_start(t->a, t->l, &t->job, &t->r, stage_over, t);
	while (!t->over)
		once(t);
}

void
strike(struct stage *t)
{
	testcase_free(t->c);
	loop_free(t->l);
	arena_free(t->a);
}
