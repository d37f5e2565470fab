/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A year of made-up nights of 600 cases: how long a night takes to be remembered, and the pages and
 * the message to be made; how large pages and database are.  A line a figure, as bench has them:
 *
 *	NAME OURS UNIT PEER THEIRS RATIO GOAL met|short
 *
 *     bench-history [NIGHTS [SITE]]     365; SITE: where the pages are left
 */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/history/gather.h"
#include "verify/history/measure.h"
#include "verify/history/message.h"
#include "verify/history/night.h"
#include "verify/history/site.h"
#include "verify/history/store.h"
#include "verify/test/nights.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PLACES 10
#define SCENARIOS 60

static const struct planted planted[] = {
	{ 40, "dropbear", "2024-10", "scenario03", NULL, NULL, NULL, NULL },
	{ 200, "s6", "HEAD", "scenario05", NULL, NULL, NULL, NULL },
	{ 300, "busybox", "2026-07", NULL, NULL, "udhcpc", NULL, NULL },
};

static void
row(const char *name, double ours, const char *unit, double goal)
{
	printf("%s\t%.2f\t%s\t-\t-\t-\t< %g\t%s\n", name, ours, unit, goal,
	    ours < goal ? "met" : "short");
	fflush(stdout);
}

static double
since(nstime began)
{
	return (double)(clock_now() - began) / (double)NS_PER_S;
}

/* one night's runs; *took: what only remembering took */
static int
remember(struct nights *made, struct store *s, double *took, struct err *e)
{
	for (size_t i = 0; i < made->nruns; i++) {
		struct arena *a = arena_new();
		nstime began = clock_now();
		struct past run;
		int r = gather_run(a, made->runs[i], &run, e) < 0 ? -1 : store_add(s, &run, e);

		*took += since(began);
		arena_free(a);
		if (r < 0)
			return -1;
	}
	return file_remove(made->dir, e);
}

static int
play(const char *dir, const char *db, size_t nights, double *took, struct err *e)
{
	struct arena *a = arena_new();
	struct nights made;
	struct store *s;
	int r = store_open(a, db, true, &s, e);

	nights_begin(a, dir, 1, PLACES, SCENARIOS, &made);
	made.planted = planted;
	made.nplanted = sizeof planted / sizeof *planted;
	made.flaky = "scenario08";
	made.rate = 0.05;
	for (size_t i = 0; i < nights && r == 0; i++) {
		struct arena *one = arena_new();

		made.a = one;
		nights_play(&made);
		r = remember(&made, s, took, e);
		arena_free(one);
	}
	store_close(s);
	arena_free(a);
	return r;
}

struct largest {
	const char *dir;
	off_t bytes;
	size_t n;
};

static int
look(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct largest *l = arg;

	(void)rel;
	(void)e;
	l->n++;
	if (st->st_size > l->bytes)
		l->bytes = st->st_size;
	return 0;
}

static int
tell(struct arena *a, const char *db, const char *site, struct err *e)
{
	struct largest l = { .dir = site };
	nstime began = clock_now();
	struct buf text = { 0 };
	struct measures m;
	struct store *s;
	struct night n;
	struct past p;

	if (store_open(a, db, false, &s, e) < 0 || store_load(a, s, &p, e) < 0)
		return -1;
	store_close(s);
	measure_all(a, &p, &m);
	night_decide(a, &p, &m, NULL, 0, p.nnights - 1, &n);
	message_text(a, &p, &n, &text);
	row("history-message", since(began), "s", 10);
	buf_free(&text);
	began = clock_now();
	if (store_open(a, db, false, &s, e) < 0 || store_load(a, s, &p, e) < 0)
		return -1;
	store_close(s);
	measure_all(a, &p, &m);
	if (site_write(a, &p, &m, NULL, 0, site, e) < 0)
		return -1;
	row("history-site", since(began), "s", 10);
	if (file_walk(site, look, &l, e) < 0)
		return -1;
	row("history-page", (double)l.bytes / 1024, "KiB", 1000);
	row("history-pages", (double)l.n, "pages", 10000);
	return 0;
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new();
	char folder[] = "/tmp/lh-bench.XXXXXX";
	size_t nights = argc > 1 ? strtoul(argv[1], NULL, 10) : 365;
	const char *dir = mkdtemp(folder), *db, *site;
	struct err e = { 0 };
	double took = 0;
	struct stat st;
	int status = 0;

	log_program("bench-history");
	db = arena_printf(a, "%s/db", dir ? dir : "");
	site = argc > 2 ? argv[2] : arena_printf(a, "%s/site", dir ? dir : "");
	if (!dir || play(arena_printf(a, "%s/runs", dir), db, nights, &took, &e) < 0) {
		status = log_fatal(&e);
	} else {
		row("history-add", took / (double)nights * 1000, "ms", 1000);
		if (stat(db, &st) == 0)
			row("history-database", (double)st.st_size / (1 << 20), "MiB", 200);
		if (tell(a, db, site, &e) < 0)
			status = log_fatal(&e);
	}
	if (dir)
		file_remove(dir, &e);
	arena_free(a);
	return status;
}
