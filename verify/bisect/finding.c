/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/finding.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/bisect/metric.h"
#include "verify/bisect/run.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what broke it ---- */

static const char *
change(const struct finding *f, size_t p, size_t from, size_t to)
{
	const struct arguments *args = &f->bis->args;
	const struct search_package *pkg = &args->space.packages[p];
	const char *title = args->choices[p][to].title;

	if (title && to > from + 1)
		return arena_printf(f->a, "one of %s's %zu commits from %s \"%s\" to %s \"%s\"",
		    pkg->name, to - from, pkg->versions[from + 1], args->choices[p][from + 1].title,
		    pkg->versions[to], title);
	if (title && to == from + 1)
		return arena_printf(
		    f->a, "%s commit %s \"%s\"", pkg->name, pkg->versions[to], title);
	return arena_printf(f->a, "%s %s -> %s", pkg->name, arguments_version(args, p, from),
	    arguments_version(args, p, to));
}

/* "a", "a and b", "a, b and c" of the packages in a role; *n: how many */
static const char *
list_role(const struct finding *f, enum search_role role, size_t *n)
{
	const struct search_answer *r = &f->bis->answer;
	struct buf b = { 0 };
	size_t total = 0;
	const char *text;

	*n = 0;
	for (size_t p = 0; p < f->bis->args.space.npackages; p++)
		total += r->role[p] == role;
	for (size_t p = 0; p < f->bis->args.space.npackages; p++) {
		if (r->role[p] != role)
			continue;
		buf_addf(&b, "%s%s",
		    !*n		      ? ""
		    : *n + 1 == total ? " and "
				      : ", ",
		    change(f, p, r->low[p], r->bad[p]));
		++*n;
	}
	text = arena_strdup(f->a, b.n ? b.p : "");
	buf_free(&b);
	return text;
}

/* versions between the good and the bad one, all of which were skipped; or NULL */
static const char *
unjudged(const struct finding *f)
{
	const struct bisect *bis = f->bis;
	struct buf b = { 0 };
	const char *text;

	for (size_t p = 0; p < bis->args.space.npackages; p++)
		for (size_t v = bis->answer.low[p] + 1;
		     bis->answer.role[p] == ROLE_CAUSE && v < bis->answer.bad[p]; v++)
			buf_addf(&b, "%s%s %s%s%s%s", b.n ? ", " : "",
			    bis->args.space.packages[p].name,
			    bis->args.space.packages[p].versions[v],
			    bis->args.choices[p][v].title ? " \"" : "",
			    bis->args.choices[p][v].title ? bis->args.choices[p][v].title : "",
			    bis->args.choices[p][v].title ? "\"" : "");
	text = b.n ? arena_strdup(f->a, b.p) : NULL;
	buf_free(&b);
	return text;
}

static const char *
first_reason(const struct finding *f)
{
	for (size_t i = 0; i < f->bis->nversion_sets; i++)
		if (f->bis->version_sets[i].cannot)
			return arena_printf(f->a, " (%s)", f->bis->version_sets[i].cannot);
	return "";
}

static bool
all_joined(const struct finding *f)
{
	const struct search_answer *r = &f->bis->answer;
	bool all = true;

	for (size_t p = 0; p < f->bis->args.space.npackages; p++)
		all &= r->role[p] != ROLE_CAUSE || r->joined[p];
	return all;
}

/* METRIC: the medians of the two sides */
static const char *
name_change(const struct finding *f)
{
	const struct bisect *bis = f->bis;
	double at[2];

	for (int bad = 0; bad < 2; bad++) {
		const struct version_set *m = f->bis->answer.state == BISECT_SAME
						  ? &bis->version_sets[bad]
						  : finding_side(f, bad);

		if (!m || m->cannot || !metric_median(&bis->trials, m->subject, &at[bad]))
			return bis->args.metric;
	}
	return arena_printf(f->a, "%s %s -> %s, %+.1f %%", bis->args.metric,
	    metric_text(f->a, at[0]), metric_text(f->a, at[1]), 100 * (at[1] / at[0] - 1));
}

static void
name_found(struct finding *f)
{
	size_t n, with;
	const char *cause = list_role(f, ROLE_CAUSE, &n),
		   *needed = list_role(f, ROLE_NEEDED, &with), *how = "";

	if (n > 1)
		how = all_joined(f) ? ": they need each other"
				    : " together: without any one of them it passes";
	f->headline = f->bis->args.metric
			  ? arena_printf(f->a, "%s%s: %s", cause, how, name_change(f))
			  : arena_printf(f->a, "%s broke it%s", cause, how);
	if (n > 1 && all_joined(f))
		f->note = "if the recipe of one of them pinned a version in between, it could "
			  "be tested alone";
	else if (with)
		f->note = arena_printf(
		    f->a, "it needs %s, which alone %s", needed, with > 1 ? "pass" : "passes");
}

static void
name_stuck(struct finding *f)
{
	size_t n, suspects;
	const char *cause = list_role(f, ROLE_CAUSE, &n),
		   *suspected = list_role(f, ROLE_SUSPECT, &suspects), *between = unjudged(f);

	f->status = EXIT_NOJUDGE;
	if (suspects)
		f->headline =
		    arena_printf(f->a, "could not be narrowed further: one or more of %s%s%s",
			suspected, n ? ", together with " : "", n ? cause : "");
	else
		f->headline =
		    arena_printf(f->a, "%s broke it, and it could not be narrowed further", cause);
	if (between)
		f->note =
		    arena_printf(f->a, "skipped between the two: %s%s", between, first_reason(f));
	else
		f->note =
		    arena_printf(f->a, "all versions in between were skipped%s", first_reason(f));
}

static void
name_untestable(struct finding *f)
{
	const struct version_set *m = bisect_find(f->bis, f->bis->answer.probe);
	const struct trial *t =
	    m && !m->cannot ? trials_last(&f->bis->trials, m->subject, BISECT_SKIP) : NULL;

	f->status = EXIT_NOJUDGE;
	f->headline = arena_printf(f->a, "the %s could not be tested: %s",
	    arguments_version_set(f->a, &f->bis->args, f->bis->answer.probe),
	    m && m->cannot  ? m->cannot
	    : f->bis->flaky ? "its verdict flips, and it fails as often as the other end"
	    : t && *t->got  ? t->got
			    : "see its log");
	if (m && m->dir)
		f->note = arena_printf(f->a, "see %s.log", m->dir);
}

static void
name_it(struct finding *f)
{
	switch (f->bis->answer.state) {
	case BISECT_FOUND:
		name_found(f);
		break;
	case BISECT_SAME:
		f->status = EXIT_WORK;
		f->headline = f->bis->args.metric
				  ? arena_printf(f->a, "the ends do not differ: %s", name_change(f))
			      : f->bis->answer.end == BISECT_GOOD
				  ? "both ends pass: there is nothing to look for"
				  : "both ends fail: what breaks it is older than the good end, or "
				    "lies elsewhere";
		break;
	case BISECT_UNTESTABLE:
		name_untestable(f);
		break;
	default:
		name_stuck(f);
	}
}

/* ---- the failing step ---- */

/* the statement at "path:line" */
static const char *
statement_at(struct arena *a, const char *where)
{
	const char *colon = strrchr(where, ':');
	struct err ignored;
	struct lines l;
	char *line;

	if (!colon ||
	    lines_open(a, arena_strndup(a, where, (size_t)(colon - where)), &l, &ignored) < 0)
		return NULL;
	while ((line = lines_next(&l)))
		if (l.no == strtoul(colon + 1, NULL, 10))
			return trim(line);
	return NULL;
}

const struct version_set *
finding_side(const struct finding *f, bool bad)
{
	const size_t *versions = bad ? f->bis->answer.bad : f->bis->answer.good;

	return versions ? bisect_find(f->bis, versions) : NULL;
}

/* what the step at the failing line has said in the last run of the good side */
static void
find_there(struct finding *f)
{
	const struct version_set *good = finding_side(f, false);
	const char *colon = strrchr(f->where, ':');
	struct testcase_result *testcases;
	struct report_head head;
	struct err ignored;
	size_t n;

	if (!good || good->cannot || !colon ||
	    results_read(f->a, good->dir, &testcases, &n, &head, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < testcases[i].nsteps; p++) {
			const char *path = testcases[i].scenario_path;

			if (path && !strncmp(f->where, path, (size_t)(colon - f->where)) &&
			    !path[colon - f->where] &&
			    testcases[i].steps[p].line == strtoul(colon + 1, NULL, 10))
				f->there = testcases[i].steps[p].said;
		}
}

static void
find_step(struct finding *f)
{
	const struct version_set *bad = finding_side(f, true);
	const struct trial *t;

	if (f->bis->answer.state == BISECT_SAME && f->bis->answer.end == BISECT_BAD)
		bad = &f->bis->version_sets[1];
	t = bad && !bad->cannot ? trials_last(&f->bis->trials, bad->subject, BISECT_BAD) : NULL;
	if (!t)
		return;
	f->where = t->where;
	f->statement = statement_at(f->a, t->where);
	f->expected = t->expected;
	f->got = t->got;
	find_there(f);
}

/* ---- what differs in the image ---- */

struct listing {
	struct arena *a;
	const char *dir, *name; /* of the folder, in the listing */
	struct listed {
		const char *path;
		char hex[DIGEST_HEX];
	} * v;
	size_t n;
};

static int
list_one(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct listing *l = arg;
	const char *path = arena_printf(l->a, "%s/%s", l->dir, rel);
	struct listed one = { .path = arena_printf(l->a, "%s%s", l->name, rel) };

	(void)e;
	if (!S_ISREG(st->st_mode) || access(path, R_OK) < 0)
		return 0;
	if (digest_file(path, one.hex, e) < 0)
		return -1;
	l->v = arena_more(l->a, l->v, l->n, sizeof one);
	l->v[l->n++] = one;
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->path, ((const struct listed *)b)->path);
}

static int
list_tree(struct finding *f, const size_t *versions, struct listing *l, struct err *e)
{
	static const char *const folders[][2] = { { "rootfs", "/" }, { "rwfs", "/var/" },
		{ "userfs", "/home/" } };
	const char *tree;
	struct listed kernel = { .path = "the kernel" };

	*l = (struct listing){ .a = f->a };
	if (bisect_build(f->bis, versions, &tree, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		l->dir = arena_printf(f->a, "%s/%s", tree, folders[i][0]);
		l->name = folders[i][1];
		if (file_isdir(l->dir) && file_walk(l->dir, list_one, l, e) < 0)
			return -1;
	}
	if (file_exists(arena_printf(f->a, "%s/kernel", tree)) &&
	    digest_file(arena_printf(f->a, "%s/kernel", tree), kernel.hex, e) == 0) {
		l->v = arena_more(f->a, l->v, l->n, sizeof kernel);
		l->v[l->n++] = kernel;
	}
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, by_path);
	return 0;
}

static void
add_changed(struct finding *f, const char *path, const char *how)
{
	f->changed = arena_more(f->a, f->changed, f->nchanged, sizeof *f->changed);
	f->changed[f->nchanged++] = arena_printf(f->a, "%s%s", path, how);
}

static int
find_changed(struct finding *f, struct err *e)
{
	struct listing good, bad;

	if (!f->bis->answer.good || !f->bis->answer.bad)
		return 0;
	if (list_tree(f, f->bis->answer.good, &good, e) < 0 ||
	    list_tree(f, f->bis->answer.bad, &bad, e) < 0)
		return -1;
	for (size_t i = 0, j = 0; i < good.n || j < bad.n;) {
		int c = i == good.n ? 1 : j == bad.n ? -1 : strcmp(good.v[i].path, bad.v[j].path);

		if (c < 0)
			add_changed(f, good.v[i++].path, " (gone)");
		else if (c > 0)
			add_changed(f, bad.v[j++].path, " (new)");
		else if (strcmp(good.v[i++].hex, bad.v[j++].hex))
			add_changed(f, good.v[i - 1].path, "");
	}
	return 0;
}

/* ---- again, and how sure ---- */

static bool
is_given(const struct finding *f, const char *name)
{
	bool given = false;

	for (char **w = f->bis->args.words; *w; w++)
		given |= !strncmp(*w, name, strlen(name));
	return given;
}

static const char *
command(const struct finding *f, const size_t *versions)
{
	struct argv v = { .a = f->a };
	const char *names = NULL;

	argv_pushv(&v, "./make", "verify", NULL);
	arguments_args(&f->bis->args, versions, &v);
	if (!is_given(f, "TRIPLE="))
		argv_pushf(&v, "TRIPLE=%s", f->bis->args.triple);
	if (!is_given(f, "PROFILE="))
		argv_pushf(&v, "PROFILE=%s", f->bis->args.profile);
	argv_pushf(&v, "NETS=%s", f->bis->net);
	for (const char **s = f->bis->opts->only; *s; s++)
		names = names ? arena_printf(f->a, "%s %s", names, *s) : *s;
	argv_pushf(&v, "SCENARIO=%s", names);
	return argv_quoted(&v);
}

/* of all images that were tested, those of an earlier, interrupted bisection included */
static size_t
count_runs(const struct bisect *bis)
{
	size_t n = 0;

	for (size_t i = 0; i < bis->trials.n; i++)
		for (size_t m = 0; m < bis->nversion_sets; m++)
			if (!bis->version_sets[m].cannot &&
			    !strcmp(bis->version_sets[m].subject, bis->trials.v[i].subject)) {
				n++;
				break;
			}
	return n;
}

static const char *
certainty(const struct finding *f)
{
	const struct bisect *bis = f->bis;
	size_t runs = count_runs(bis);
	const char *steps = arena_printf(f->a, "%zu step%s (%zu expected), %zu run%s%s",
	    bis->nversion_sets, bis->nversion_sets == 1 ? "" : "s", bis->expected, runs,
	    runs == 1 ? "" : "s",
	    runs > bis->runs ? arena_printf(f->a, ", %zu of them earlier", runs - bis->runs) : "");

	if (!bis->flaky)
		return arena_printf(f->a, "%s; no verdict flipped", steps);
	return arena_printf(f->a, "%s; verdicts flip: the chance that this is wrong is %.2g %%",
	    steps, 100 * bis->error);
}

int
finding_make(struct bisect *bis, struct finding *out, struct err *e)
{
	*out = (struct finding){ .bis = bis, .a = bis->a };
	if (bis->answer.state == BISECT_SWAPPED)
		return fail_usage(
		    e, "GOOD=%s fails and BAD=%s passes: swap them", bis->args.good, bis->args.bad);
	name_it(out);
	find_step(out);
	if (find_changed(out, e) < 0)
		return -1;
	if (bis->answer.bad)
		out->again = command(out, bis->answer.bad);
	out->sure = certainty(out);
	return 0;
}
