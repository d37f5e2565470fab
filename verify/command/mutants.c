/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutants MANIFEST: manifest -> derived -> drawn -> played -> score
 */
#include "verify/command/command.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/command/suite.h"
#include "verify/image/image.h"
#include "verify/image/inject.h"
#include "verify/mutants/derive.h"
#include "verify/mutants/draw.h"
#include "verify/mutants/equivalent.h"
#include "verify/mutants/progress.h"
#include "verify/mutants/schedule.h"
#include "verify/mutants/score.h"
#include "verify/mutants/tally.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/play/matrix.h"
#include "verify/scenario/scenario.h"
#include "verify/trust.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct scoring {
	struct arena *a;
	const struct options *o;
	struct image image;
	struct suite suite;
	struct derived *all;
	size_t nall;
	struct equivalent *equivalents;
	size_t nequivalents;
	struct turn *turns;
	size_t nturns;
	struct outcome *v;
	size_t n;
	struct tally_head head;
	struct progress progress;
	const char *lost; /* why the file of progress has no more; NULL: it has */
};

/* ---- before anything is played ---- */

/* a line of `equivalent` that no mutant needs is wrong, whatever was drawn */
static int
check_equivalents(const struct scoring *s, struct err *e)
{
	for (size_t i = 0; i < s->nequivalents; i++) {
		const struct equivalent *q = &s->equivalents[i];

		if (derive_find(s->all, s->nall, q->class, q->target) == SIZE_MAX)
			return fail_usage(e,
			    "%s:%u: %s %s: this image has no such mutant; remove the line, or "
			    "limit "
			    "it with `requires`",
			    q->path, q->line, q->class, q->target);
	}
	return 0;
}

static int
derive(struct scoring *s, struct err *e)
{
	const char *path = arena_printf(s->a, "%s/equivalent", s->o->scenarios);
	const struct draw draw = {
		.only = s->o->classes, .sample = s->o->sample, .seed = s->o->seed
	};
	size_t *numbers;

	if (derive_image(s->a, &s->image, &s->all, &s->nall, e) < 0 ||
	    equivalent_read(s->a, path, &s->image, &s->equivalents, &s->nequivalents, e) < 0 ||
	    check_equivalents(s, e) < 0 ||
	    draw_mutants(s->a, s->all, s->nall, &draw, &numbers, &s->n, e) < 0)
		return -1;
	s->v = arena_array(s->a, s->n + 1, sizeof *s->v);
	for (size_t i = 0; i < s->n; i++) {
		const struct derived *m = &s->all[numbers[i]];

		s->v[i] = (struct outcome){ .mutant = m,
			.equivalent =
			    equivalent_find(s->equivalents, s->nequivalents, m->class, m->target) };
	}
	return 0;
}

static int
schedule(struct scoring *s, struct err *e)
{
	const char **offline, **played;
	struct matrix m;
	size_t n = 0;

	if (matrix_make(s->a, &s->image, 1, s->suite.v, s->suite.n,
		&(struct matrix_choice){ s->o->only.v, s->o->lanes.v }, &m, e) < 0)
		return -1;
	s->nturns = schedule_make(
	    s->a, &m, s->o->cold ? NULL : s->suite.booted, inject_fits(&s->image.m), &s->turns);
	offline = arena_array(s->a, s->nturns + 1, sizeof *offline);
	played = arena_array(s->a, s->nturns + 1, sizeof *played);
	for (size_t i = 0; i < s->nturns; i++) {
		played[i] = s->turns[i].scenario->name;
		if (s->turns[i].kind == TURN_OFFLINE)
			offline[n++] = played[i];
	}
	s->head.offline = offline;
	s->head.played = played;
	return s->nturns ? 0 : fail_usage(e, "no scenario is for this image");
}

static void
fill_head(struct scoring *s)
{
	const struct manifest *m = &s->image.m;
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	s->head.version = LH_VERSION;
	s->head.date = arena_strdup(s->a, date);
	s->head.image = m->image_digest;
	s->head.kernel = m->kernel_sha256;
	s->head.arch = m->arch;
	s->head.profile = m->profile ? m->profile : "-";
	s->head.set = m->set ? m->set : "-";
	s->head.net = m->net;
	s->head.only = s->o->classes;
	s->head.derived = s->nall;
	s->head.sample = s->o->sample;
	s->head.seed = s->o->seed;
	s->head.all_scenarios = s->o->all;
	s->head.function = s->o->function;
}

static int
resume(struct scoring *s, struct err *e)
{
	const char *played = arena_printf(s->a, "%s %s%s",
		       s->o->all	? "all"
		       : s->o->function ? "function"
					: "first",
		       s->o->accel, s->o->cold ? " cold" : ""),
		   *key;

	for (size_t i = 0; i < s->nturns; i++)
		played = arena_printf(s->a, "%s %s", played, s->head.played[i]);
	if (progress_key(s->a, &s->image, s->o->scenarios, played, &key, e) < 0)
		return -1;
	for (size_t i = 0; i < s->o->also.n; i++)
		if (progress_key(s->a, &s->image, s->o->also.v[i], key, &key, e) < 0)
			return -1;
	return progress_open(
	    s->a, arena_printf(s->a, "%s/mutants", s->o->out), key, s->v, s->n, &s->progress, e);
}

/* ---- and then ---- */

static void
on_outcome(void *arg, const struct outcome *o)
{
	struct scoring *s = arg;
	struct err e;

	tally_line(stdout, (size_t)(o - s->v) + 1, o);
	fflush(stdout);
	if (!s->lost && progress_add(&s->progress, o, &e) < 0) {
		s->lost = "cannot be resumed";
		log_warn("%s: this run %s", e.msg, s->lost);
	}
}

static int
play(struct scoring *s, struct err *e)
{
	const struct options *o = s->o;
	const struct score_opts how = { .out = o->out,
		.jobs = o->jobs,
		.scale = o->scale,
		.accel = o->accel,
		.keep = o->keep,
		.all = o->all,
		.function = o->function,
		.told = on_outcome,
		.arg = s };
	const char *untrue, *stopped;
	struct tally t;

	tally_start(stdout, s->n, &s->head);
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].resumed)
			tally_line(stdout, i + 1, &s->v[i]);
	fflush(stdout);
	if (score_play(
		s->a, &s->image, s->turns, s->nturns, s->v, s->n, &how, &untrue, &stopped, e) < 0)
		return -1;
	if (untrue)
		log_warn("%s: what it killed is inconclusive", untrue);
	if (stopped)
		log_warn("%s: the same command goes on where this one was", stopped);
	tally_end(stdout, s->v, s->n, &s->head);
	if (tally_files(s->a, o->out, s->v, s->n, &s->head, e) < 0)
		return -1;
	tally_count(s->v, s->n, &s->head, &t);
	return stopped ? EXIT_NOJUDGE : tally_status(&t);
}

static int
list(const struct scoring *s)
{
	for (size_t i = 0; i < s->n; i++)
		printf("%s %s\n", s->v[i].mutant->class, s->v[i].mutant->target);
	return 0;
}

int
command_mutants(struct arena *a, struct options *o, struct err *e)
{
	struct scoring s = { .a = a, .o = o, .progress = { .fd = -1 } };
	int locked, r;

	if (suite_read(a, o, &s.suite, e) < 0 ||
	    image_open(a, o->words[0], o->list ? "" : o->out, trust_asked(o), &s.image, e) < 0 ||
	    trust_needed(&s.image.m, o->words[0], "mutants", e) < 0 || derive(&s, e) < 0)
		return -1;
	if (o->list)
		return list(&s);
	if (schedule(&s, e) < 0 || outdir_make(o->out, e) < 0)
		return -1;
	locked = outdir_lock(a, o->out, e);
	if (locked < 0)
		return -1;
	fill_head(&s);
	r = resume(&s, e) < 0 ? -1 : play(&s, e);
	progress_close(&s.progress);
	close(locked);
	return r;
}
