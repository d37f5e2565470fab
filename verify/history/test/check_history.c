/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/history/changes.h"
#include "verify/history/gather.h"
#include "verify/history/judge.h"
#include "verify/history/measure.h"
#include "verify/history/past.h"
#include "verify/history/quarantine.h"
#include "verify/history/store.h"
#include "verify/history/words.h"
#include "verify/test/nights.h"
#include "verify/test/suites.h"

#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- nights and names ---- */

static const struct {
	const char *began, *night;
} moments[] = {
	{ "2026-11-26T11:59:59Z", "2026-11-25" },
	{ "2026-11-26T12:00:00Z", "2026-11-26" },
	{ "2026-11-26T23:59:59Z", "2026-11-26" },
	{ "2027-01-01T03:00:00Z", "2026-12-31" },
	{ "2026-11-26", NULL },
	{ "today", NULL },
	{ "2026-11-26T12:00:00Z ", NULL },
};

START_TEST(night_of_a_moment)
{
	char night[11] = "";

	ck_assert(past_night(moments[_i].began, night) == (moments[_i].night != NULL));
	if (moments[_i].night)
		ck_assert_str_eq(night, moments[_i].night);
}
END_TEST

static const struct {
	const char *name;
	bool is;
} names[] = { { "ssh", true }, { "sh", false }, { "x/dhcp", true }, { "x/dhc", false },
	{ "set/ssh", true }, { "et/ssh", false }, { "x/dhcp/s6/set/ssh", true }, { "s6", false },
	{ "x/dhcp/s6/set/ssh/y", false } };

START_TEST(name_of_a_case)
{
	struct arena *a = arena_new();
	struct past_case c = past_case_of(a, "x/dhcp/s6/set/ssh");

	ck_assert_str_eq(c.place, "x/dhcp/s6/set");
	ck_assert_str_eq(c.set, "set");
	ck_assert(past_case_is(&c, names[_i].name) == names[_i].is);
	arena_free(a);
}
END_TEST

static const struct {
	const char *date, *tonight;
	int is; /* which, or -1 */
} asked[] = {
	{ NULL, "2026-01-02", 1 },
	{ NULL, "2026-06-01", 2 },
	{ NULL, "2025-12-31", -1 },
	{ "2026-01-03", "2026-01-02", 2 },
	{ "2026-01-01", "2026-01-02", 0 },
	{ "2026-01-09", "2026-01-02", -1 },
};

START_TEST(which_night)
{
	const char *nights[] = { "2026-01-01", "2026-01-02", "2026-01-03" };
	struct past p = { .nights = nights, .nnights = 3 };
	size_t night;
	bool found = past_find_night(&p, asked[_i].date, asked[_i].tonight, &night);

	ck_assert_int_eq(found ? (int)night : -1, asked[_i].is);
}
END_TEST

/* ---- how a case stands ---- */

/*
 * A case's tries, nights between blanks, of one image but behind an `x`, from where on it is
 * another; what is to come out for the last night.
 */
static const struct {
	const char *tries, *letters;
	bool red, flaky;
	size_t since;
	size_t good;
	unsigned fails, runs, bad;
} stands[] = {
	{ "P P P", "PPP", false, false, 2, PAST_NONE, 0, 3, 0 },
	{ "P P xFFFF", "PPF", true, false, 2, 1, 4, 2, 0 },
	{ "P P xFFFF F", "PPFF", true, false, 2, 1, 4, 2, 0 },
	/* what could not be judged neither ends nor begins it */
	{ "P xF I F", "PFIF", true, false, 1, 0, 1, 1, 0 },
	{ "P S I", "PSI", false, false, 2, PAST_NONE, 0, 1, 0 },
	{ "F F", "FF", true, false, 0, PAST_NONE, 1, 0, 0 },
	/* a flake, whose failure is one of four */
	{ "P FPP P", "PBP", false, true, 2, PAST_NONE, 0, 5, 1 },
	/* flaky, and fails once more: not surely red; four times: surely */
	{ "P FPP P P P P F", "PBPPPPF", false, true, 6, 5, 1, 8, 1 },
	{ "PPPPPPPPPPPPPPPPPPPPP FPP P xFFFF", "PBPF", true, true, 3, 2, 4, 25, 1 },
	/* another image failed and the next passed: mended, not flaky; three failures are no flake
	 */
	{ "P xFFF xP P", "PFPP", false, false, 3, PAST_NONE, 0, 3, 0 },
	/* four failures behind a pass of the same night are no flake */
	{ "P P PFFFF", "PPF", true, false, 2, 1, 4, 2, 0 },
	{ "P - F", "P-F", true, false, 2, 0, 1, 1, 0 },
};

static void
take_tries(struct arena *a, const char *tries, struct past *p)
{
	size_t image = 0;

	for (const char *t = tries; *t; t++) {
		struct past_result r = { .run = p->nruns - 1 };

		if (t == tries || *t == ' ') {
			p->runs = arena_more(a, p->runs, p->nruns, sizeof *p->runs);
			p->runs[p->nruns] = (struct past_run){ .night = arena_printf(a,
								   "2026-01-%02zu", p->nruns + 1),
				.began = arena_printf(a, "2026-01-%02zuT13:00:00Z", p->nruns + 1) };
			r.run = p->nruns++;
		}
		image += *t == 'x';
		if (!strchr("PFSI", *t))
			continue;
		r.image = image;
		r.verdict = *t == 'P'	? VERDICT_PASS
			    : *t == 'F' ? VERDICT_FAIL
			    : *t == 'S' ? VERDICT_SKIP
					: VERDICT_INCONCLUSIVE;
		p->results = arena_more(a, p->results, p->nresults, sizeof r);
		p->results[p->nresults++] = r;
	}
}

static struct past
past_of(struct arena *a, const char *tries)
{
	static const char *const digests[] = { "0", "1", "2", "3" };
	struct past p = { .images = arena_array(a, 4, sizeof *p.images),
		.nimages = 4,
		.cases = arena_array(a, 1, sizeof *p.cases),
		.ncases = 1 };

	for (size_t i = 0; i < 4; i++)
		p.images[i] = (struct past_image){ .digest = digests[i], .image = digests[i] };
	*p.cases = past_case_of(a, "x/dhcp/s6/set/ssh");
	take_tries(a, tries, &p);
	past_index(a, &p);
	return p;
}

START_TEST(stands_so)
{
	struct arena *a = arena_new();
	struct past p = past_of(a, stands[_i].tries);
	char letters[40] = "";
	struct standing s;

	for (size_t n = 0; n < p.nnights; n++)
		letters[n] = past_letter(&p, 0, n);
	ck_assert_str_eq(letters, stands[_i].letters);
	judge_case(&p, 0, p.nnights - 1, &s);
	ck_assert_int_eq(s.red, stands[_i].red);
	ck_assert_int_eq(s.flaky, stands[_i].flaky);
	ck_assert_uint_eq(s.since, stands[_i].since);
	ck_assert_uint_eq(s.good, stands[_i].good);
	ck_assert_uint_eq(s.fails, stands[_i].fails);
	ck_assert_uint_eq(s.runs, stands[_i].runs);
	ck_assert_uint_eq(s.bad, stands[_i].bad);
	arena_free(a);
}
END_TEST

/* by hand: 1/12 x 2/13; nothing is known of what never ran */
START_TEST(odds_of_failures)
{
	ck_assert(fabs(judge_rate(0, 0) - 0.5) < 1e-12);
	ck_assert(fabs(judge_rate(1, 18) - 0.1) < 1e-12);
	ck_assert(fabs(judge_chance(0, 10, 0) - 1) < 1e-12);
	ck_assert(fabs(judge_chance(0, 10, 2) - 2.0 / 156) < 1e-12);
	ck_assert(fabs(judge_chance(1, 10, 1) - judge_rate(1, 10)) < 1e-12);
}
END_TEST

/* ---- what changed ---- */

/* a text of NAME VERSION KEY triples */
static struct past_image *
image_of(struct arena *a, const char *text)
{
	struct past_image *im = arena_alloc(a, sizeof *im);
	char *rest = arena_strdup(a, text), *save = NULL;

	im->packages = arena_array(a, 8, sizeof *im->packages);
	im->image = text;
	for (char *w = strtok_r(rest, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		struct past_package *p = &im->packages[im->npackages++];

		p->name = w;
		p->version = strtok_r(NULL, " ", &save);
		p->key = strtok_r(NULL, " ", &save);
	}
	return im;
}

/* two images that turned, one that did not, before and after; what is suspected: LIKELY; REST */
static const struct {
	const char *turned[2][2], *steady[2], *likely, *rest;
} blames[] = {
	{ { { "a 1 k b 1 k", "a 2 l b 1 k" } }, { NULL }, "a 1 -> 2", "" },
	{ { { "a 1 k", "a 1 l" } }, { NULL }, "a 1 rebuilt", "" },
	/* a rebuild is named when there is nothing else */
	{ { { "a 1 k b 1 k", "a 1 l b 2 k" } }, { NULL }, "b 1 -> 2", "" },
	{ { { "a 1 k b 1 k", "a 2 k b 2 k" }, { "a 1 k b 1 k", "a 2 k b 1 k" } }, { NULL },
	    "a 1 -> 2", "" },
	{ { { "a 1 k b 1 k", "a 2 k b 2 k" } }, { "a 1 k", "a 2 k" }, "b 1 -> 2", "a 1 -> 2" },
	/* from another version it may have been harmless */
	{ { { "a 1 k", "a 2 k" } }, { "a 0 k", "a 2 k" }, "a 1 -> 2", "" },
	/* harmless elsewhere, and yet there is nobody else */
	{ { { "a 1 k", "a 2 k" } }, { "a 1 k", "a 2 k" }, "a 1 -> 2", "" },
	{ { { "a 1 k", "b 1 k" } }, { NULL }, "b 1 is new, a 1 is gone", "" },
	{ { { "a 1 k", "a 1 k" } }, { NULL }, "", "" },
};

START_TEST(blamed)
{
	struct arena *a = arena_new();
	struct turn turned[2], steady;
	struct suspects s;
	size_t n = 0;

	for (; n < 2 && blames[_i].turned[n][0]; n++)
		turned[n] = (struct turn){ .was = image_of(a, blames[_i].turned[n][0]),
			.is = image_of(a, blames[_i].turned[n][1]) };
	if (blames[_i].steady[0])
		steady = (struct turn){ .was = image_of(a, blames[_i].steady[0]),
			.is = image_of(a, blames[_i].steady[1]) };
	suspects_find(a, turned, n, &steady, blames[_i].steady[0] != NULL, &s);
	ck_assert_str_eq(words_changes(a, s.v, s.likely), blames[_i].likely);
	ck_assert_str_eq(words_changes(a, s.v + s.likely, s.n - s.likely), blames[_i].rest);
	ck_assert_int_eq(s.same_image, !strcmp(blames[_i].turned[0][0], blames[_i].turned[0][1]));
	arena_free(a);
}
END_TEST

static const struct {
	double part;
	const char *text;
} parts[] = { { 0.5, "50 %" }, { 0.05, "5 %" }, { 0.004, "0.4 %" }, { 0.9993, "99.93 %" },
	{ 1 - 1e-9, "99.9999 %" } };

START_TEST(percent)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(words_percent(a, parts[_i].part), parts[_i].text);
	arena_free(a);
}
END_TEST

/* ---- what moved ---- */

/*
 * nights of one phase, in ms, and enough steady ones beside it; the nights that are news; since
 * when, if it was not seen at once
 */
static const struct {
	double ms[16];
	const char *news;
	size_t since;
} series[] = {
	/* steady; then 8 % more, and so it stays */
	{ { 100, 101, 99, 100, 101, 99, 100, 108, 109, 108 }, ".......*..", 0 },
	/* within the noise */
	{ { 100, 104, 96, 100, 104, 96, 100, 108, 100, 100 }, "..........", 0 },
	/* too few nights to say */
	{ { 100, 100, 100, 100, 100, 100, 120 }, ".......", 0 },
	/* faster, and back */
	{ { 100, 101, 99, 100, 101, 99, 100, 80, 100, 100 }, ".......*..", 0 },
	/* it wavers about the limit: one piece of news */
	{ { 100, 101, 99, 100, 101, 99, 100, 109, 107, 109 }, ".......*..", 0 },
	/* far beyond the noise, and yet too little to matter */
	{ { 100, 100, 100, 100, 100, 100, 100, 104 }, "........", 0 },
	/* too little for one night's noise, but not for that of several; one more may be its own */
	{ { 98, 102, 98, 102, 98, 102, 98, 102, 100, 112, 111, 112, 113, 112, 112 },
	    "...........*...", 8 },
	/* two nights of many are no step, however far */
	{ { 98, 102, 98, 102, 98, 102, 98, 102, 100, 111, 100, 98, 111, 102, 98 },
	    "...............", 0 },
};

static struct past
past_of_phases(struct arena *a, const double *ms)
{
	struct past p = { .images = arena_array(a, 1, sizeof *p.images), .nimages = 1 };

	*p.images = (struct past_image){ "d", "x", "x-y", "dhcp", "s6", "set", "i", NULL, NULL, 0,
		NULL, 0 };
	for (; p.nruns < 16 && ms[p.nruns] > 0; p.nruns++) {
		p.runs = arena_more(a, p.runs, p.nruns, sizeof *p.runs);
		p.runs[p.nruns] =
		    (struct past_run){ .night = arena_printf(a, "2026-01-%02zu", p.nruns + 1) };
		p.runs[p.nruns].began = p.runs[p.nruns].night;
		for (size_t i = 0; i < 16; i++) {
			p.phases = arena_more(a, p.phases, p.nphases, sizeof *p.phases);
			p.phases[p.nphases++] = (struct past_phase){ p.nruns, 0,
				arena_printf(a, "%02zu", i),
				(nstime)((i ? 100 + (double)(i * p.nruns % 2) / 100 : ms[p.nruns]) *
					 1e6) };
		}
	}
	past_index(a, &p);
	return p;
}

START_TEST(moved)
{
	struct arena *a = arena_new();
	struct past p = past_of_phases(a, series[_i].ms);
	struct measures m;
	char news[17] = "";

	measure_all(a, &p, &m);
	ck_assert_uint_eq(m.n, 16);
	ck_assert_str_eq(m.v[0].name, "00");
	for (size_t n = 0; n < p.nnights; n++)
		news[n] = m.v[0].nights[n].is_news ? '*' : '.';
	ck_assert_str_eq(news, series[_i].news);
	for (size_t n = 0; n < p.nnights && series[_i].since; n++)
		if (m.v[0].nights[n].is_news)
			ck_assert_uint_eq(m.v[0].nights[n].since, series[_i].since);
	arena_free(a);
}
END_TEST

/* at each of three places too little for its noise, but not for that of all */
START_TEST(moved_everywhere)
{
	static const double ms[][9] = { { 100, 98, 102, 98, 102, 98, 102, 100, 109 },
		{ 98, 100, 98, 102, 98, 102, 100, 102, 109 },
		{ 102, 100, 98, 100, 102, 98, 102, 98, 109 } };
	struct arena *a = arena_new();
	struct past p = past_of_phases(a, (const double[16]){ 1, 1, 1, 1, 1, 1, 1, 1, 1 });
	static const char *const nets[] = { "one", "two", "three" };
	struct past_image *images = arena_array(a, 3, sizeof *images);
	struct measures m;
	size_t news = 0;

	for (size_t i = 0; i < 3; i++) {
		images[i] = *p.images;
		images[i].net = nets[i];
	}
	p.images = images;
	p.nimages = 3;
	for (size_t i = 0; i < p.nphases; i++) {
		p.phases[i].name = i % 16 < 3 ? "slow" : p.phases[i].name;
		p.phases[i].image = i % 16 < 3 ? i % 16 : 0;
		if (i % 16 < 3)
			p.phases[i].took = (nstime)(ms[i % 16][i / 16] * 1e6);
	}
	measure_all(a, &p, &m);
	for (size_t i = 0; i < m.n; i++) {
		for (size_t n = 0; n < 8; n++)
			ck_assert(!m.v[i].nights[n].is_news);
		news += m.v[i].nights[8].is_news && !strcmp(m.v[i].name, "slow");
	}
	ck_assert_uint_eq(news, 3);
	arena_free(a);
}
END_TEST

/* what failed is played again, alone and so in other times: nothing of that night is measured */
START_TEST(again_is_no_measure)
{
	struct arena *a = arena_new();
	struct past p = past_of(a, "P P P P P P P FPPP P");
	struct measures m;

	for (size_t i = 0; i < p.nresults; i++)
		p.results[i].took = (nstime)((i > 7 && i < 11 ? 2 : 7) * 1e9);
	for (size_t i = 0; i < p.nimages; i++)
		p.images[i].arch = p.images[i].net = p.images[i].profile = p.images[i].set = "x";
	measure_all(a, &p, &m);
	ck_assert_uint_eq(m.n, 1);
	ck_assert(m.v->nights[6].took == 7e9 && m.v->nights[7].took == 0);
	for (size_t n = 0; n < p.nnights; n++)
		ck_assert(!m.v->nights[n].is_news);
	arena_free(a);
}
END_TEST

/* what all have in common is the host's */
START_TEST(slow_host)
{
	struct arena *a = arena_new();
	static const double ms[16] = { 100, 101, 99, 100, 101, 99, 100, 100, 100 };
	struct past p = past_of_phases(a, ms);
	struct measures m;

	for (size_t i = 0; i < p.nphases; i++)
		if (p.phases[i].run == 8)
			p.phases[i].took = p.phases[i].took * 3 / 2;
	measure_all(a, &p, &m);
	ck_assert(fabs(m.host[8] - 1.5) < 0.02);
	for (size_t i = 0; i < m.n; i++)
		ck_assert(!m.v[i].nights[8].is_news);
	arena_free(a);
}
END_TEST

/* ---- quarantine ---- */

static const struct {
	const char *text, *message; /* behind the path */
} lines[] = {
	{ "# nothing\n\nssh 2026-11-26 why\n", NULL },
	{ "ssh\n", ":1: expected CASE UNTIL REASON, with UNTIL as 2026-11-26" },
	{ "ssh tomorrow why\n", ":1: expected CASE UNTIL REASON, with UNTIL as 2026-11-26" },
	{ "ssh 2026-13-26 why\n", ":1: expected CASE UNTIL REASON, with UNTIL as 2026-11-26" },
	{ "x\nssh 2026-11-26\n", ":1: expected CASE UNTIL REASON, with UNTIL as 2026-11-26" },
	{ "ssh 2026-11-26 \n", ":1: ssh: why?  Give a reason behind the date" },
};

START_TEST(quarantined)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/quarantine", test_dir());
	struct past_case c = past_case_of(a, "x/dhcp/s6/set/ssh");
	struct quarantine *v;
	struct err e = { 0 };
	size_t n;
	int r;

	ck_assert_int_eq(quarantine_read(a, path, &v, &n, &e), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(file_write(path, lines[_i].text, strlen(lines[_i].text), 0644, &e), 0);
	r = quarantine_read(a, path, &v, &n, &e);
	if (lines[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, lines[_i].message));
	} else {
		ck_assert_ptr_eq(quarantine_of(v, n, &c), v);
		ck_assert_str_eq(v->reason, "why");
		ck_assert(!quarantine_is_over(v, "2026-11-26"));
		ck_assert(quarantine_is_over(v, "2026-11-27"));
	}
	arena_free(a);
}
END_TEST

/* ---- the database ---- */

static const char *
db_path(struct arena *a)
{
	return arena_printf(a, "%s/db", test_dir());
}

static int
add_one(struct store *s, const char *dir)
{
	struct arena *a = arena_new();
	struct past run;
	struct err e = { 0 };
	int r;

	ck_assert_msg(gather_run(a, dir, &run, &e) == 0, "%s", e.msg);
	r = store_add(s, &run, &e);
	ck_assert_msg(r >= 0, "%s", e.msg);
	arena_free(a);
	return r;
}

static void
begin_nights(struct arena *a, unsigned seed, struct nights *out)
{
	nights_begin(a, arena_printf(a, "%s/%u", test_dir(), seed), seed, 6, 3, out);
	nights_play(out);
	ck_assert_uint_eq(out->nruns, 3);
}

START_TEST(same_run_twice)
{
	struct arena *a = arena_new();
	struct nights made;
	struct store *s;
	struct past p, again;
	struct err e = { 0 };

	begin_nights(a, 1, &made);
	ck_assert_msg(store_open(a, db_path(a), true, &s, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < made.nruns; i++)
		ck_assert_int_eq(add_one(s, made.runs[i]), 1);
	ck_assert_int_eq(store_load(a, s, &p, &e), 0);
	for (size_t i = 0; i < made.nruns; i++)
		ck_assert_int_eq(add_one(s, made.runs[i]), 0);
	store_close(s);
	ck_assert_int_eq(store_open(a, db_path(a), false, &s, &e), 0);
	ck_assert_int_eq(store_load(a, s, &again, &e), 0);
	store_close(s);
	ck_assert_uint_eq(p.nruns, 3);
	ck_assert_uint_eq(p.nresults, 18);
	ck_assert_uint_eq(p.nimages, 6);
	ck_assert_uint_eq(again.nruns, p.nruns);
	ck_assert_uint_eq(again.nresults, p.nresults);
	ck_assert_uint_eq(again.nimages, p.nimages);
	ck_assert_uint_eq(again.nphases, p.nphases);
	arena_free(a);
}
END_TEST

/* what comes out is what was put in */
START_TEST(comes_back)
{
	struct arena *a = arena_new();
	struct nights made;
	struct store *s;
	struct past was, is;
	struct err e = { 0 };

	begin_nights(a, 1, &made);
	ck_assert_int_eq(store_open(a, db_path(a), true, &s, &e), 0);
	ck_assert_int_eq(gather_run(a, made.runs[2], &was, &e), 0);
	ck_assert_int_eq(store_add(s, &was, &e), 1);
	past_index(a, &was);
	ck_assert_int_eq(store_load(a, s, &is, &e), 0);
	store_close(s);
	ck_assert_str_eq(is.runs->began, was.runs->began);
	ck_assert_str_eq(is.runs->night, "2026-01-01");
	ck_assert_str_eq(is.runs->program, "0.1 (made)");
	ck_assert_str_eq(is.runs->host, "host");
	ck_assert_str_eq(is.runs->dir, was.runs->dir);
	ck_assert_uint_eq(is.nphases, was.nphases);
	ck_assert_uint_eq(is.nphases, 2 * 17);
	for (size_t i = 0; i < is.nresults; i++) {
		ck_assert_str_eq(
		    is.cases[is.results[i].testcase].name, was.cases[was.results[i].testcase].name);
		ck_assert_int_eq(is.results[i].took, was.results[i].took);
		ck_assert_int_eq(is.results[i].booted, was.results[i].booted);
		ck_assert_str_eq(
		    is.images[is.results[i].image].digest, was.images[was.results[i].image].digest);
	}
	ck_assert_uint_eq(is.images->npackages, 12);
	ck_assert_str_eq(is.images->packages[3].name, "busybox");
	ck_assert_str_eq(is.images->packages[3].commit, was.images->packages[3].commit);
	ck_assert_uint_eq(is.images->nsizes, 12);
	arena_free(a);
}
END_TEST

START_TEST(two_writers)
{
	struct arena *a = arena_new();
	struct nights made[2];
	struct store *s;
	struct past p;
	struct err e = { 0 };
	pid_t pid[2];
	int status;

	for (unsigned i = 0; i < 2; i++)
		begin_nights(a, i + 1, &made[i]);
	for (unsigned i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (size_t k = 0; k < made[i].nruns; k++) {
			if (store_open(a, db_path(a), true, &s, &e) < 0)
				_exit(1);
			add_one(s, made[i].runs[k]);
			store_close(s);
		}
		_exit(0);
	}
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(store_open(a, db_path(a), false, &s, &e), 0);
	ck_assert_int_eq(store_load(a, s, &p, &e), 0);
	store_close(s);
	ck_assert_uint_eq(p.nruns, 6);
	ck_assert_uint_eq(p.nresults, 36);
	arena_free(a);
}
END_TEST

/* bytes in the middle are overwritten, or all of them: one line, and the file stays as it is */
static const struct {
	off_t from, n;
} damages[] = { { 0, 100 }, { 4096, 4096 }, { 8192, 20000 } };

START_TEST(damaged)
{
	struct arena *a = arena_new();
	static const char rubbish[20000] = { 'r' };
	struct nights made;
	struct store *s;
	char *before, *after;
	struct err e = { 0 };
	size_t n, m;
	int fd;

	begin_nights(a, 1, &made);
	ck_assert_int_eq(store_open(a, db_path(a), true, &s, &e), 0);
	for (size_t i = 0; i < made.nruns; i++)
		add_one(s, made.runs[i]);
	store_close(s);
	fd = open(db_path(a), O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(
	    pwrite(fd, rubbish, (size_t)damages[_i].n, damages[_i].from), damages[_i].n);
	close(fd);
	ck_assert_int_eq(file_read(a, db_path(a), &before, &n, &e), 0);
	ck_assert_int_eq(store_open(a, db_path(a), true, &s, &e), -1);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_msg(strstr(e.msg, "/db: damaged") && !strchr(e.msg, '\n'), "%s", e.msg);
	ck_assert_int_eq(file_read(a, db_path(a), &after, &m, &e), 0);
	ck_assert(n == m && !memcmp(before, after, n));
	arena_free(a);
}
END_TEST

/* what somebody else makes of a database that is good */
static const struct {
	const char *sql;
	const char *message;
} strange[] = {
	{ "UPDATE testcase SET id=-1 WHERE id=1", "damaged: a row" },
	{ "UPDATE testcase SET id=1<<40 WHERE id=1", "damaged: a row" },
	{ "UPDATE image SET id=9223372036854775807 WHERE id=1", "damaged: a row" },
	{ "UPDATE run SET id=4611686018427387904", "damaged: a row" },
	{ "UPDATE run SET night='<script>'", "damaged: a row" },
	{ "UPDATE run SET night='2026-02-01'", "damaged: a row" },
	{ "UPDATE run SET took=-1", "damaged: a row" },
	{ "UPDATE result SET took=9223372036854775807", "damaged: a row" },
	{ "UPDATE result SET run=77", "damaged: a row" },
	{ "UPDATE size SET bytes=-9223372036854775808", "damaged: a row" },
	{ "UPDATE testcase SET name='a/b/c/d/e' || char(10) || 'f' WHERE id=1", "damaged: a row" },
	{ "UPDATE package SET version=char(27) || '[2J'", "damaged: a row" },
	{ "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM result; END",
	    "damaged: its tables" },
	{ "DROP TABLE phase; CREATE VIEW phase AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
	  "SELECT x+1 FROM c) SELECT 1 AS run, 1 AS image, 'y' AS name, x AS took FROM c",
	    "damaged: its tables" },
	{ "DROP TABLE size; CREATE TABLE size(image, name, bytes, more)", "damaged: its tables" },
	{ "CREATE VIEW mine AS SELECT * FROM run; CREATE INDEX i ON result(run)", NULL },
};

START_TEST(made_strange)
{
	struct arena *a = arena_new();
	struct nights made;
	struct store *s;
	struct past p;
	sqlite3 *db;
	struct err e = { 0 };
	int r;

	begin_nights(a, 1, &made);
	ck_assert_int_eq(store_open(a, db_path(a), true, &s, &e), 0);
	add_one(s, made.runs[0]);
	store_close(s);
	ck_assert_int_eq(sqlite3_open(db_path(a), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, strange[_i].sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	r = store_open(a, db_path(a), false, &s, &e);
	if (r == 0) {
		r = store_load(a, s, &p, &e);
		store_close(s);
	}
	ck_assert_int_eq(r, strange[_i].message ? -1 : 0);
	if (strange[_i].message)
		ck_assert_msg(
		    strstr(e.msg, arena_printf(a, "/db: %s", strange[_i].message)), "%s", e.msg);
	arena_free(a);
}
END_TEST

START_TEST(fifo_is_no_database)
{
	struct arena *a = arena_new();
	struct store *s;
	struct err e = { 0 };

	ck_assert_int_eq(mkfifo(db_path(a), 0600), 0);
	ck_assert_int_eq(store_open(a, db_path(a), _i, &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: not a regular file", db_path(a)));
	arena_free(a);
}
END_TEST

/* a run whose manifest tells of another image, and one that was not finished, are not added */
START_TEST(not_gathered)
{
	struct arena *a = arena_new();
	struct nights made;
	struct past p;
	char *text, *at;
	const char *path;
	struct err e = { 0 };

	begin_nights(a, 1, &made);
	path = arena_printf(a, "%s/one/dhcp/manifest", made.runs[0]);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	at = strstr(text, "image-digest ");
	at[13] = at[13] == '0' ? '1' : '0';
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_int_eq(gather_run(a, made.runs[0], &p, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(
		a, "%s: of another image than the results beside it; verify that one again", path));
	path = arena_printf(a, "%s/results", made.runs[1]);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_int_eq(file_write(path, text, strlen(text) - 7, 0644, &e), 0);
	ck_assert_int_eq(gather_run(a, made.runs[1], &p, &e), -1);
	ck_assert_msg(strstr(e.msg, "no end: the run is incomplete"), "%s", e.msg);
	arena_free(a);
}
END_TEST

#define COUNT(v) ((int)(sizeof(v) / sizeof *(v)))

Suite *
history_suite(void)
{
	Suite *s = suite_create("history");
	TCase *tc = harness_case(s, "past");

	tcase_add_loop_test(tc, night_of_a_moment, 0, COUNT(moments));
	tcase_add_loop_test(tc, name_of_a_case, 0, COUNT(names));
	tcase_add_loop_test(tc, which_night, 0, COUNT(asked));
	tcase_add_loop_test(tc, stands_so, 0, COUNT(stands));
	tcase_add_test(tc, odds_of_failures);
	tcase_add_loop_test(tc, blamed, 0, COUNT(blames));
	tcase_add_loop_test(tc, percent, 0, COUNT(parts));
	tcase_add_loop_test(tc, moved, 0, COUNT(series));
	tcase_add_test(tc, moved_everywhere);
	tcase_add_test(tc, again_is_no_measure);
	tcase_add_test(tc, slow_host);
	tcase_add_loop_test(tc, quarantined, 0, COUNT(lines));
	tcase_add_test(tc, same_run_twice);
	tcase_add_test(tc, comes_back);
	tcase_add_test(tc, two_writers);
	tcase_add_loop_test(tc, damaged, 0, COUNT(damages));
	tcase_add_loop_test(tc, made_strange, 0, COUNT(strange));
	tcase_add_loop_test(tc, fifo_is_no_database, 0, 2);
	tcase_add_test(tc, not_gathered);
	return s;
}
