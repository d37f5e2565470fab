/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/schedule.h"

#include "build/base/arena.h"
#include "verify/play/matrix.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#define S(...) (&(const struct scenario){ __VA_ARGS__ })

static const struct scenario booted = { .name = "booted", .limit = 1000 };

/* names in the order played, kinds as letters: offline, boot, after, cold */
static const struct {
	bool booted, agent;
	const char *order;
} orders[] = {
	{ true, true, "o:audit o:fsck b:booted a:boot a:ports a:clock c:pristine c:kernel " },
	/* nobody can be asked inside: each of them boots itself, and nothing is saved */
	{ true, false, "o:audit o:fsck c:boot c:ports c:pristine c:clock c:kernel " },
	{ false, true, "o:audit o:fsck c:boot c:ports c:pristine c:clock c:kernel " },
};

START_TEST(makes)
{
	struct matrix_testcase cases[] = {
		{ .scenario = S(.name = "kernel", .limit = 900) },
		{ .scenario = S(.name = "clock", .limit = 500, .after = "booted") },
		{ .scenario = S(.name = "fsck", .limit = 2, .offline = true, .pristine = true) },
		{ .scenario = S(.name = "skipped", .limit = 1, .after = "booted"), .skip = "no" },
		{ .scenario = S(.name = "ports", .limit = 60, .after = "booted") },
		{ .scenario = S(.name = "audit", .limit = 1, .offline = true, .pristine = true) },
		{ .scenario = S(.name = "pristine", .limit = 100, .pristine = true) },
		{ .scenario = S(.name = "boot", .limit = 60, .after = "booted") },
	};
	const struct matrix m = { .v = cases, .n = sizeof cases / sizeof *cases };
	struct arena *a = arena_new();
	struct turn *turns;
	const char *order = "";
	size_t n =
	    schedule_make(a, &m, orders[_i].booted ? &booted : NULL, orders[_i].agent, &turns);

	for (size_t i = 0; i < n; i++)
		order = arena_printf(
		    a, "%s%c:%s ", order, "obac"[turns[i].kind], turns[i].scenario->name);
	ck_assert_str_eq(order, orders[_i].order);
	arena_free(a);
}
END_TEST

Suite *
schedule_suite(void)
{
	Suite *s = suite_create("schedule");

	tcase_add_loop_test(harness_case(s, "makes"), makes, 0, sizeof orders / sizeof *orders);
	return s;
}
