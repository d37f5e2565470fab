/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/test/nights.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/report/report.h"
#include "verify/report/results.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(v) (sizeof(v) / sizeof *(v))
#define BEGAN 1767312000 /* 2026-01-02, midnight: in the night of the 1st */
#define A_DAY 86400
#define HOST 0.05
#define TEST 0.015
#define PHASE 0.01
#define WORK 0.001
#define AGAIN 3

static const struct {
	const char *triple, *arch;
} archs[] = { { "one-linux-musl", "one" }, { "two-linux-musl", "two" },
	{ "three-linux-musl", "three" }, { "four-linux-musl", "four" },
	{ "five-linux-musl", "five" } };
static const char *const nets[] = { "dhcp", "static" };
static const char *const sets[] = { "2024-10", "2026-07", "HEAD" };
static const char *const packages[] = { "linux", "musl", "skalibs", "busybox", "dropbear",
	"execline", "s6", "s6-rc", "s6-linux-init", "s6-networking", "mdevd", "utmps" };
/* services, and how long each takes to be ready, in ms */
static const struct {
	const char *name;
	double took;
} services[] = { { "syslogd", 60 }, { "klogd", 45 }, { "udhcpc", 310 }, { "sshd", 120 },
	{ "utmpd", 30 }, { "mdevd", 150 }, { "ntpd", 90 } };

struct place {
	size_t arch, net, set;
	const char *dir;
	char image[DIGEST_HEX];
};

/* ---- chance ---- */

/* splitmix64: Steele, Lea and Flood, OOPSLA 2014 */
static double
draw(struct nights *n)
{
	uint64_t z = n->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

/* a factor around 1 with this standard deviation (Box and Muller) */
static double
noise(struct nights *n, double deviation)
{
	double u = 1 - draw(n), v = draw(n);

	return exp(deviation * sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

static void
must(int r, const struct err *e)
{
	if (r == 0)
		return;
	fprintf(stderr, "nights: %s\n", e->msg);
	abort();
}

/* ---- versions ---- */

static size_t
index_of(const char *const *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i], name))
			return i;
	abort();
}

static bool
is_planted(const struct nights *n, size_t set)
{
	for (size_t i = 0; i < n->nplanted; i++)
		if (n->planted[i].night == n->night && !strcmp(n->planted[i].set, sets[set]))
			return true;
	return false;
}

/* what is to change in all sets alike has one version in all of them */
static bool
is_also(const struct nights *n, size_t package)
{
	for (size_t i = 0; i < n->nplanted; i++)
		if (n->planted[i].also && !strcmp(n->planted[i].also, packages[package]))
			return true;
	return false;
}

/* a set on a planted night has what is planted, and nothing by chance */
static void
bump(struct nights *n)
{
	static const double odds[COUNT(sets)] = { 0.01, 0.04, 0.12 };

	for (size_t s = 0; s < COUNT(sets); s++)
		for (size_t p = 0; p < COUNT(packages); p++)
			if (draw(n) < odds[s] && !is_planted(n, s) && !is_also(n, p))
				n->versions[s][p]++;
	for (size_t i = 0; i < n->nplanted; i++) {
		const struct planted *t = &n->planted[i];
		size_t also = t->also ? index_of(packages, COUNT(packages), t->also) : 0;

		if (t->night != n->night)
			continue;
		n->versions[index_of(sets, COUNT(sets), t->set)]
			   [index_of(packages, COUNT(packages), t->package)]++;
		for (size_t s = 0; t->also && s < COUNT(sets); s++)
			n->versions[s][also]++;
	}
}

/* ---- what a run leaves ---- */

static void
write_image(struct nights *n, struct place *p)
{
	struct man_package *v = arena_array(n->a, COUNT(packages), sizeof *v);
	struct manifest m = { .triple = archs[p->arch].triple,
		.arch = archs[p->arch].arch,
		.profile = "s6",
		.set = sets[p->set],
		.net = nets[p->net],
		.qemu = "qemu-system-none",
		.machine = "none",
		.console = "ttyS0",
		.memory = 8,
		.image = "image",
		.packages = v,
		.npackages = COUNT(packages) };
	struct buf sizes = { 0 }, id = { 0 };
	struct err e;

	buf_addf(&id, "%zu %zu %zu", p->arch, p->net, p->set);
	buf_adds(&sizes, "lh-sizes 1\n");
	for (size_t i = 0; i < COUNT(packages); i++) {
		unsigned version = n->versions[p->set][i];
		char *key = arena_alloc(n->a, DIGEST_HEX), *commit = arena_alloc(n->a, DIGEST_HEX);
		const char *text = arena_printf(n->a, "%s %u %zu", packages[i], version, p->arch);

		digest_bytes(text, strlen(text), key);
		v[i] = (struct man_package){ .name = packages[i], .key = key };
		if (p->set == 2) {
			v[i].version = "HEAD";
			v[i].modified = true;
			digest_bytes(text, strlen(text) - 2, commit); /* of all architectures */
			v[i].commit = commit;
		} else {
			v[i].version = arena_printf(n->a, "1.%u", version);
		}
		buf_addf(&id, " %u", version);
		buf_addf(
		    &sizes, "%s %zu\n", packages[i], 400000 + 10000 * i + 1000 * (version % 5));
	}
	digest_bytes(id.p, id.n, p->image);
	m.image_digest = p->image;
	must(file_mkdirs(p->dir, 0755, &e), &e);
	must(manifest_write(&m, arena_printf(n->a, "%s/manifest", p->dir), &e), &e);
	must(file_write(arena_printf(n->a, "%s/sizes", p->dir), sizes.p, sizes.n, 0644, &e), &e);
	buf_free(&sizes);
	buf_free(&id);
}

/* since when a planted one of them holds here; NULL: it does not, yet */
static const struct planted *
planted_at(const struct nights *n, const struct place *p, const char *scenario, const char *phase)
{
	for (size_t i = 0; i < n->nplanted; i++) {
		const struct planted *t = &n->planted[i];
		const char *mine = scenario ? t->scenario : t->phase;

		if (mine && !strcmp(mine, scenario ? scenario : phase) && t->night <= n->night &&
		    !strcmp(t->set, sets[p->set]) &&
		    (!t->arch || !strcmp(t->arch, archs[p->arch].arch)))
			return t;
	}
	return NULL;
}

static void
add_label(struct buf *b, double seconds)
{
	double whole = floor(seconds);

	buf_addf(b, "@40000000%08x%08x", 0x60000000u + (unsigned)whole,
	    (unsigned)((seconds - whole) * 1e9));
}

/* each service begins when the one before is ready */
static const char *
chart_of(struct nights *n, const struct place *p, double host)
{
	double at = 1.1 * host * noise(n, PHASE);
	struct buf b = { 0 };
	const char *text;

	buf_adds(&b, "moment ");
	add_label(&b, 10);
	buf_adds(&b, " 10\n");
	for (size_t i = 0; i < COUNT(services); i++) {
		double slow = planted_at(n, p, NULL, services[i].name) ? 1.08 : 1;

		buf_addf(&b, "%s ", services[i].name);
		add_label(&b, at);
		at += services[i].took / 1000 * slow * host * noise(n, PHASE);
		buf_adds(&b, " ");
		add_label(&b, at);
		buf_adds(&b, "\n");
	}
	text = arena_strdup(n->a, b.p);
	buf_free(&b);
	return text;
}

/* on a clock that counts instructions; ticks of 10 ms, but for the sum */
static const char *
work_of(struct nights *n, const struct place *p)
{
	double all = 2.5 * noise(n, WORK);
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < COUNT(services); i++) {
		bool slow = false;
		double more;

		for (size_t k = 0; k < n->nplanted; k++) {
			const struct planted *t = &n->planted[k];

			slow |= t->work && !strcmp(t->work, services[i].name) &&
				t->night <= n->night && !strcmp(t->set, sets[p->set]);
		}
		more = slow ? 0.03 * 2.5 : 0;
		all += more;
		buf_addf(&b, "work %s %.2f\n", services[i].name,
		    services[i].took / 5000 + more + 0.01 * floor(2 * draw(n)));
	}
	buf_addf(&b, "work all %.6f\n", all);
	text = arena_strdup(n->a, b.p);
	buf_free(&b);
	return text;
}

static bool
fails(struct nights *n, const struct place *p, size_t place, const char *scenario)
{
	bool flake = n->flaky && place == 0 && !strcmp(scenario, n->flaky) && draw(n) < n->rate;

	n->flaked |= flake;
	return flake || planted_at(n, p, scenario, NULL) != NULL;
}

static struct testcase_result
play_case(struct nights *n, const struct place *p, size_t place, size_t scenario, double host)
{
	const char *name = arena_printf(n->a, "scenario%02zu", scenario);
	bool bad = fails(n, p, place, name);
	struct testcase_result c = { .arch = archs[p->arch].arch,
		.net = nets[p->net],
		.profile = "s6",
		.set = sets[p->set],
		.scenario = name,
		.image = p->image,
		.dir = p->dir,
		.verdict = bad ? VERDICT_FAIL : VERDICT_PASS,
		.took = (nstime)((1 + (double)scenario) * host * noise(n, TEST) * 1e9),
		.from = scenario % 2 ? "booted" : NULL };

	if (bad)
		c.failure = (struct failure){ .where = "s.scn:3", .what = "the service is down" };
	if (!c.from)
		c.booted = (nstime)(3 * host * noise(n, TEST) * 1e9);
	if (!scenario)
		c.chart = chart_of(n, p, host);
	if (scenario == 1)
		c.chart = work_of(n, p);
	return c;
}

static struct place
place_at(struct nights *n, size_t i, const char *run)
{
	struct place p = { .arch = i / COUNT(nets) % COUNT(archs), .net = i % COUNT(nets) };

	/* few places have all sets */
	if (n->nplaces <= COUNT(nets) * COUNT(sets) * 2) {
		p.set = i / COUNT(nets) % COUNT(sets);
		p.arch = i / (COUNT(nets) * COUNT(sets));
	} else {
		p.set = i / (COUNT(nets) * COUNT(archs));
	}
	p.dir = arena_printf(n->a, "%s/%s/%s", run, archs[p.arch].arch, nets[p.net]);
	return p;
}

/* one run of one set; only: those of it that failed, or NULL for all; marks which failed */
static void
play_run(struct nights *n, size_t set, unsigned again, const bool *only, bool *failed, double host)
{
	const char *run = arena_printf(n->a, "%s/%04zu-%s-%u", n->dir, n->night, sets[set], again);
	struct testcase_result *v = NULL;
	struct report_head h = { .version = "0.1 (made)",
		.set = sets[set],
		.profile = "s6",
		.accel = "tcg",
		.host = "host",
		.jobs = 2,
		.scale = 1 };
	time_t t = BEGAN + (time_t)n->night * A_DAY + (time_t)(set * 1000 + again * 60);
	size_t count = 0;
	char date[32];
	struct err e;

	for (size_t i = 0; i < n->nplaces; i++) {
		struct place *p = arena_alloc(n->a, sizeof *p);

		*p = place_at(n, i, run);
		if (p->set != set)
			continue;
		for (size_t s = 0; s < n->nscenarios; s++) {
			if (only && !only[i * n->nscenarios + s])
				continue;
			if (!*p->image)
				write_image(n, p);
			v = arena_more(n->a, v, count, sizeof *v);
			v[count] = play_case(n, p, i, s, host);
			h.took += v[count].took;
			if (!only)
				failed[i * n->nscenarios + s] = v[count].verdict == VERDICT_FAIL;
			count++;
		}
	}
	if (!count)
		return;
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
	h.date = date;
	must(results_write(n->a, run, v, count, &h, &e), &e);
	n->runs = arena_more(n->a, n->runs, n->nruns, sizeof *n->runs);
	n->runs[n->nruns++] = run;
}

void
nights_begin(struct arena *a, const char *dir, unsigned seed, size_t nplaces, size_t nscenarios,
    struct nights *out)
{
	*out = (struct nights){ .a = a,
		.dir = dir,
		.random = seed,
		.nplaces = nplaces,
		.nscenarios = nscenarios,
		.night = (size_t)-1,
		.versions = arena_array(a, COUNT(sets), sizeof *out->versions) };
	for (size_t s = 0; s < COUNT(sets); s++)
		for (size_t p = 0; p < COUNT(packages); p++)
			out->versions[s][p] = 10;
}

void
nights_play(struct nights *n)
{
	bool *failed = arena_array(n->a, n->nplaces * n->nscenarios, sizeof *failed);
	double host = noise(n, HOST);

	n->night++;
	n->runs = NULL;
	n->nruns = 0;
	n->flaked = false;
	bump(n);
	for (size_t s = 0; s < COUNT(sets); s++)
		play_run(n, s, 0, NULL, failed, host);
	for (unsigned again = 1; again <= AGAIN; again++)
		for (size_t s = 0; s < COUNT(sets); s++)
			play_run(n, s, again, failed, failed, host);
}
