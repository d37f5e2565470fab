/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thirty made-up nights, with three regressions, a flake, a slow-down and more work: each has to be
 * found in its night, with the package that did it, and nothing else, whatever the seed.
 */
#include "verify/test/nights.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/history/gather.h"
#include "verify/history/message.h"
#include "verify/history/night.h"
#include "verify/history/store.h"
#include "verify/test/suites.h"

#include <string.h>

#define NIGHTS 30
/* two architectures, two networks, three sets */
#define PLACES 12
#define SCENARIOS 10

static const struct planted planted[] = {
	/* in one set */
	{ 9, "dropbear", "2024-10", "scenario03", NULL, NULL, NULL, NULL },
	/* a commit, of several places one architecture */
	{ 14, "s6", "HEAD", "scenario05", "two", NULL, NULL, NULL },
	/* beside another package, which is harmless where it changes alone */
	{ 19, "busybox", "2026-07", "scenario07", NULL, NULL, NULL, "linux" },
	/* no verdict changes, but udhcpc takes 8 % longer */
	{ 25, "s6-networking", "2026-07", NULL, NULL, "udhcpc", NULL, NULL },
	/* nor here, and the boot has 3 % more to do, in one service */
	{ 22, "skalibs", "2024-10", NULL, NULL, NULL, "ntpd", NULL },
};
#define FLAKY "scenario08"

static void
add_runs(const struct nights *made, struct store *s)
{
	struct err e = { 0 };

	for (size_t i = 0; i < made->nruns; i++) {
		struct arena *a = arena_new();
		struct past run;

		ck_assert_msg(gather_run(a, made->runs[i], &run, &e) == 0, "%s", e.msg);
		ck_assert_msg(store_add(s, &run, &e) == 1, "%s", e.msg);
		arena_free(a);
	}
}

static const struct planted *
due(size_t night)
{
	for (size_t i = 0; i < sizeof planted / sizeof *planted; i++)
		if (planted[i].night == night)
			return &planted[i];
	return NULL;
}

static void
blames(const struct suspects *s, const struct planted *t, const char *text)
{
	ck_assert_msg(s->likely == 1, "%zu are likely:\n%s", s->likely, text);
	ck_assert_str_eq(s->v[0].name, t->package);
	ck_assert_msg(s->n == (t->also ? 2 : 1), "%zu suspects:\n%s", s->n, text);
}

static void
check_reds(const struct past *p, const struct night *n, const struct planted *t, const char *text)
{
	size_t places = t && t->arch ? 2 : 4;

	ck_assert_msg(n->nreds == (t && t->scenario), "%zu red:\n%s", n->nreds, text);
	if (!n->nreds)
		return;
	ck_assert_msg(n->reds->n == places, "%zu places:\n%s", n->reds->n, text);
	for (size_t i = 0; i < n->reds->n; i++) {
		const struct past_case *c = &p->cases[n->reds->cases[i]];

		ck_assert_str_eq(c->scenario, t->scenario);
		ck_assert_str_eq(c->set, t->set);
		ck_assert(!t->arch || !strcmp(t->arch, c->arch));
	}
	ck_assert_msg(n->reds->chance < 0.01, "%s", text);
	blames(&n->reds->suspects, t, text);
}

static void
check_moves(const struct night *n, const struct planted *t, const char *text)
{
	double factor;

	ck_assert_msg(n->nmoves == (t && (t->phase || t->work)), "%zu moved:\n%s", n->nmoves, text);
	if (!n->nmoves)
		return;
	ck_assert_str_eq(n->moves->what, t->phase ? "phase udhcpc" : "work ntpd");
	for (size_t i = 0; i < n->moves->n; i++)
		ck_assert_ptr_nonnull(strstr(n->moves->places[i], t->set));
	factor = n->moves->after / n->moves->before;
	ck_assert(t->phase ? factor > 1.04 && factor < 1.12 : factor > 2);
	blames(&n->moves->suspects, t, text);
}

/* the flake, and that alone */
static void
check_flakes(
    const struct nights *made, const struct past *p, const struct night *n, const char *text)
{
	ck_assert_msg(n->nflakes == made->flaked, "%zu flaky:\n%s", n->nflakes, text);
	if (n->nflakes)
		ck_assert_str_eq(p->cases[*n->flakes].scenario, FLAKY);
	ck_assert_msg(!n->nmended && !n->nexpired && !n->nexcused, "%s", text);
}

static void
check_night(struct nights *made, struct store *s)
{
	struct arena *a = arena_new();
	const struct planted *t = due(made->night);
	struct buf text = { 0 };
	struct measures m;
	struct night n;
	struct past p;
	struct err e = { 0 };
	size_t lines = 0;

	ck_assert_msg(store_load(a, s, &p, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(p.nnights, made->night + 1);
	measure_all(a, &p, &m);
	night_decide(a, &p, &m, NULL, 0, made->night, &n);
	message_text(a, &p, &n, &text);
	check_reds(&p, &n, t, text.p);
	check_moves(&n, t, text.p);
	check_flakes(made, &p, &n, text.p);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	ck_assert_uint_le(lines, MESSAGE_LINES);
	buf_free(&text);
	arena_free(a);
}

START_TEST(found_in_their_nights)
{
	struct arena *a = arena_new();
	struct nights made;
	struct store *s;
	struct err e = { 0 };

	ck_assert_msg(
	    store_open(a, arena_printf(a, "%s/db", test_dir()), true, &s, &e) == 0, "%s", e.msg);
	nights_begin(
	    a, arena_printf(a, "%s/runs", test_dir()), (unsigned)_i + 1, PLACES, SCENARIOS, &made);
	made.planted = planted;
	made.nplanted = sizeof planted / sizeof *planted;
	made.flaky = FLAKY;
	made.rate = 0.05;
	for (size_t i = 0; i < NIGHTS; i++) {
		nights_play(&made);
		add_runs(&made, s);
		check_night(&made, s);
		ck_assert_int_eq(file_remove(made.dir, &e), 0);
	}
	store_close(s);
	arena_free(a);
}
END_TEST

Suite *
nights_suite(void)
{
	Suite *s = suite_create("nights");
	TCase *tc = harness_case(s, "simulated");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, found_in_their_nights, 0, 6);
	return s;
}
