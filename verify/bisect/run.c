/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/run.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/log.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/lock.h"
#include "build/files/manifest.h"
#include "verify/bisect/metric.h"
#include "verify/bisect/named.h"
#include "verify/bisect/program.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- folders ---- */

/* a source that this checkout's builds have fetched is not fetched again */
static int
share_sources(struct bisect *bis, struct err *e)
{
	const char *ours = arena_printf(bis->a, "%s/build/sources", bis->dir),
		   *theirs = arena_printf(bis->a, "%s/sources", bis->args.output);

	return file_exists(ours) || !file_isdir(theirs) ? 0 : file_symlink(theirs, ours, e);
}

/* what we write there and somebody may have, too; steps/ comes before all of it */
static int
check_folder(struct bisect *bis, struct err *e)
{
	static const char *const names[] = { "report.html", "verdicts" };

	if (file_isdir(arena_printf(bis->a, "%s/steps", bis->dir)))
		return 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (file_exists(arena_printf(bis->a, "%s/%s", bis->dir, names[i])))
			return fail_usage(e, "%s: holds %s, and no bisection; name another with -o",
			    bis->dir, names[i]);
	return 0;
}

static int
make_folders(struct bisect *bis, struct err *e)
{
	if (check_folder(bis, e) < 0 ||
	    file_mkdirs(arena_printf(bis->a, "%s/steps", bis->dir), 0755, e) < 0 ||
	    file_mkdirs(arena_printf(bis->a, "%s/build", bis->dir), 0755, e) < 0)
		return -1;
	if (lock_take(arena_printf(bis->a, "%s/steps/lock", bis->dir), &bis->lock, e) < 0)
		return -1;
	if (bis->lock < 0)
		return fail(e, "%s: in use by another lh-bisect; wait for it, or give another -o",
		    bis->dir);
	return share_sources(bis, e);
}

/* how each image is played: what lh-verify is told beside folders, and what to keep in them */
static void
push_conditions(const struct bisect_opts *o, struct argv *v)
{
	argv_pushv(v, "--accel", o->accel, NULL);
	if (o->scale > 0)
		argv_pushf(v, "--scale=%g", o->scale);
	if (o->jobs)
		argv_pushf(v, "--jobs=%u", o->jobs);
	if (o->cold)
		argv_push(v, "--cold");
	for (const char **s = o->only; *s; s++)
		argv_pushv(v, "-s", *s, NULL);
}

/* of everything but the image that decides a verdict */
static int
digest_scenarios(struct bisect *bis, struct err *e)
{
	struct argv how = { .a = bis->a };
	struct digest *d = digest_new();
	char hex[DIGEST_HEX];
	int r = digest_tree(bis->opts->scenarios, hex, e);

	digest_add(d, hex, DIGEST_HEX);
	for (size_t i = 0; i < bis->opts->also.n && r == 0; i++) {
		r = digest_tree(bis->opts->also.v[i], hex, e);
		digest_add(d, hex, DIGEST_HEX);
	}
	if (r == 0)
		r = digest_file(bis->opts->lh_verify, hex, e);
	digest_add(d, hex, DIGEST_HEX);
	push_conditions(bis->opts, &how);
	for (size_t i = 0; i < how.n; i++)
		digest_add(d, how.v[i], strlen(how.v[i]) + 1);
	if (bis->args.metric)
		digest_add(d, bis->args.metric, strlen(bis->args.metric) + 1);
	digest_end(d, bis->scenario);
	return r;
}

int
bisect_open(struct arena *a, const struct bisect_opts *o, char *const *words, size_t n,
    struct bisect *bis, struct err *e)
{
	const struct named named = { o->scenarios, &o->also, o->only };
	int same;

	*bis = (struct bisect){ .a = a, .opts = o, .lock = -1 };
	if (!file_isdir(o->scenarios))
		return fail_usage(
		    e, "%s: no such folder of scenarios; name one with --scenarios", o->scenarios);
	same = arguments_read(a, o->lh_build, words, n, &bis->args, e);
	if (same < 0 || named_check(a, o->lh_verify, &named, e) < 0)
		return -1;
	if (same)
		return same;
	bis->expected = search_expected(a, &bis->args.space);
	bis->dir = o->out ? o->out : arena_printf(a, "%s/bisect", bis->args.output);
	bis->manifest = arena_printf(a, "%s/build/%s/manifest", bis->dir, bis->args.triple);
	if (digest_scenarios(bis, e) < 0)
		return -1;
	if ((!bis->args.dry && make_folders(bis, e) < 0) ||
	    trials_open(a, arena_printf(a, "%s/verdicts", bis->dir), &bis->trials, e) < 0) {
		bisect_close(bis);
		return -1;
	}
	return 0;
}

void
bisect_close(struct bisect *bis)
{
	if (bis->lock >= 0)
		close(bis->lock);
	bis->lock = -1;
}

/* ---- building ---- */

static int
run_logged(const struct argv *v, const char *log, int *status, struct err *e)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644), r;

	if (fd < 0)
		return fail_errno(e, "%s", log);
	r = program_run(v->v, &(struct child_opts){ .out = fd }, NULL, status, e);
	close(fd);
	return r;
}

static const char *
reason_in(struct arena *a, const char *log)
{
	struct err ignored;
	char *text;

	return file_read(a, log, &text, NULL, &ignored) < 0 ? "unknown" : program_reason(text);
}

/* 1: it cannot be built, *why */
static int
build(struct bisect *bis, const size_t *versions, const char *log, const char **why, struct err *e)
{
	struct argv v = { .a = bis->a };
	int status;

	argv_pushv(&v, bis->opts->lh_build, "-C", bis->args.checkout, "build", NULL);
	arguments_args(&bis->args, versions, &v);
	/* PROFILE=auto could choose another one at another step */
	argv_pushf(&v, "PROFILE=%s", bis->args.profile);
	argv_pushf(&v, "OUTPUT=%s/build", bis->dir);
	if (run_logged(&v, log, &status, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	*why = reason_in(bis->a, log);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SYSTEM) {
		fail(e, "%s", *why);
		e->code = EXIT_SYSTEM;
		return -1;
	}
	if (!WIFEXITED(status))
		return fail(e, "%s: %s", argv_quoted(&v), child_status_text(bis->a, status));
	return 1;
}

/* all that its manifest says, but what it was made from: equal images share their verdicts */
static void
add_image(const struct manifest *m, struct digest *d)
{
	struct manifest image = *m;
	struct buf b = { 0 };

	image.key = image.why = NULL;
	image.npackages = image.ncached = image.nsboms = image.nforms = 0;
	manifest_format(&image, &b);
	digest_add(d, b.p, b.n);
	buf_free(&b);
}

static int
find_subject(struct bisect *bis, struct version_set *m, struct err *e)
{
	struct manifest man;
	struct digest *d;

	if (manifest_read(bis->a, bis->manifest, &man, e) < 0)
		return -1;
	d = digest_new();
	digest_add(d, bis->scenario, DIGEST_HEX);
	add_image(&man, d);
	digest_end(d, m->subject);
	m->dir = arena_printf(bis->a, "%s/steps/%.12s", bis->dir, m->subject);
	bis->net = man.net ? man.net : man.address ? "static" : "dhcp";
	m->testcases = arena_printf(bis->a, "%s/%s/%s", m->dir,
	    man.arch ? man.arch : arena_strndup(bis->a, man.triple, strcspn(man.triple, "-")),
	    bis->net);
	return 0;
}

/* a verdict is of the image that was played, and not of one that somebody has put there */
static int
is_still(struct bisect *bis, const struct version_set *m, struct err *e)
{
	struct version_set now = { 0 };

	if (find_subject(bis, &now, e) < 0)
		return -1;
	return strcmp(now.subject, m->subject) == 0
		   ? 0
		   : fail(e,
			 "%s/build: has another image than was built there; is another lh-build at "
			 "work in it?",
			 bis->dir);
}

static struct version_set *
find(const struct bisect *bis, const size_t *versions)
{
	for (size_t i = 0; i < bis->nversion_sets; i++)
		if (!memcmp(bis->version_sets[i].versions, versions,
			bis->args.space.npackages * sizeof *versions))
			return &bis->version_sets[i];
	return NULL;
}

const struct version_set *
bisect_find(const struct bisect *bis, const size_t *versions)
{
	return find(bis, versions);
}

int
bisect_build(struct bisect *bis, const size_t *versions, const char **tree, struct err *e)
{
	const char *why;
	int r = build(bis, versions, arena_printf(bis->a, "%s/steps/look.log", bis->dir), &why, e);

	if (r > 0)
		return fail(e, "%s", why);
	*tree = arena_printf(bis->a, "%s/build/%s", bis->dir, bis->args.triple);
	return r;
}

/* ---- judging ---- */

static bool
is_end(const struct bisect *bis, const size_t *versions, int *end)
{
	for (*end = 0; *end < 2; ++*end) {
		bool all = true;

		for (size_t p = 0; p < bis->args.space.npackages; p++)
			all &=
			    versions[p] == (*end ? bis->args.space.packages[p].nversions - 1 : 0);
		if (all)
			return true;
	}
	return false;
}

static const struct version_set *
end_version_set(const struct bisect *bis, int end)
{
	for (size_t i = 0; i < bis->nversion_sets; i++) {
		int which;

		if (is_end(bis, bis->version_sets[i].versions, &which) && which == end)
			return &bis->version_sets[i];
	}
	return NULL;
}

/* FAILURE=same: the step at which the bad end fails; else NULL */
static const char *
wanted_place(const struct bisect *bis)
{
	const struct version_set *bad = bis->args.same_failure ? end_version_set(bis, 1) : NULL;
	const struct trial *t =
	    bad && !bad->cannot ? trials_last(&bis->trials, bad->subject, BISECT_BAD) : NULL;

	return t ? t->where : NULL;
}

struct tally
bisect_tally(const struct bisect *bis, const struct version_set *m)
{
	struct tally none = { 0, 0, 0 };
	const char *ends[2];

	if (!m || m->cannot)
		return none;
	if (!bis->args.metric)
		return trials_tally(&bis->trials, m->subject, wanted_place(bis));
	for (int end = 0; end < 2; end++) {
		const struct version_set *at = end_version_set(bis, end);

		ends[end] = at && !at->cannot ? at->subject : NULL;
	}
	return metric_tally(&bis->trials, m->subject, ends);
}

static struct odds
odds_now(const struct bisect *bis)
{
	struct odds o = { .same = bis->args.repeat,
		.risk = ODDS_RISK / (double)(2 * bis->expected) };

	for (int end = 0; end < 2; end++)
		o.ends[end] = bisect_tally(bis, end_version_set(bis, end));
	for (size_t i = 0; i < bis->nversion_sets; i++) {
		struct tally t = bisect_tally(bis, &bis->version_sets[i]);

		o.flaky |= tally_flips(&t);
	}
	return o;
}

static enum search_verdict
verdict_of(const struct bisect *bis, const struct version_set *m, double *error)
{
	struct odds o = odds_now(bis);
	struct tally t = bisect_tally(bis, m);
	const struct version_set *ends[2] = { end_version_set(bis, 0), end_version_set(bis, 1) };
	int end;

	*error = 0;
	if (m->cannot)
		return BISECT_SKIP;
	if (is_end(bis, m->versions, &end))
		return odds_end(&o, end, error);
	/* the image of an end has that end's verdict */
	for (end = 0; end < 2; end++)
		if (ends[end] && !ends[end]->cannot && !strcmp(ends[end]->subject, m->subject))
			return odds_end(&o, end, error);
	return odds_verdict(&o, &t, error);
}

static enum search_verdict
tester(void *arg, const size_t *versions)
{
	const struct bisect *bis = arg;
	const struct version_set *m = find(bis, versions);
	double error;

	return m ? verdict_of(bis, m, &error) : BISECT_UNKNOWN;
}

/* "where      scenarios/x.scn:3" of a test case's verdict file */
static const char *
row_of(struct arena *a, const char *path, const char *name)
{
	struct err ignored;
	struct lines l;
	char *line;

	if (lines_open(a, path, &l, &ignored) < 0)
		return NULL;
	while ((line = lines_next(&l))) {
		char *word = word_next(&line);

		if (word && !strcmp(word, name))
			return line;
	}
	return NULL;
}

static void
read_failure(struct bisect *bis, const struct version_set *m, struct trial *t)
{
	for (const char **s = bis->opts->only; *s && !t->where; s++) {
		const char *path = arena_printf(bis->a, "%s/%s/verdict", m->testcases, *s);
		const char *what = row_of(bis->a, path, "what"),
			   *reason = row_of(bis->a, path, "reason");

		t->where = row_of(bis->a, path, "where");
		t->expected = row_of(bis->a, path, "expected");
		t->got = row_of(bis->a, path, "got");
		if (!t->got)
			t->got = what ? what : reason;
	}
}

/*
 * lh-verify passes what passes and skips the rest, but each that -s names was asked: where one was
 * not played, nobody knows
 */
static int
refuse_skips(struct bisect *bis, const struct version_set *m, struct trial *t, struct err *e)
{
	struct testcase_result *v;
	struct report_head head;
	size_t n;

	if (results_read(bis->a, m->dir, &v, &n, &head, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (v[i].verdict != VERDICT_SKIP)
			continue;
		t->verdict = BISECT_SKIP;
		t->got = arena_printf(bis->a, "%s is skipped there (%s); leave out -s %s",
		    v[i].scenario, v[i].reason ? v[i].reason : "?", v[i].scenario);
	}
	return 0;
}

/* a run that failed has measured nothing that could be compared */
static void
measure(struct bisect *bis, const struct version_set *m, struct trial *t)
{
	double seconds;

	if (t->verdict == BISECT_GOOD && metric_read(bis->a, m->dir, bis->args.metric, &seconds)) {
		t->got = metric_text(bis->a, seconds);
	} else {
		if (t->verdict == BISECT_GOOD)
			t->got = arena_printf(bis->a, "%s: not measured there", bis->args.metric);
		t->verdict = BISECT_SKIP;
	}
}

static int
judge(struct bisect *bis, struct version_set *m, struct trial *t, struct err *e)
{
	struct argv v = { .a = bis->a };
	int status;

	argv_pushv(&v, bis->opts->lh_verify, "run", "--trusted", "--scenarios",
	    bis->opts->scenarios, "-o", m->dir, NULL);
	push_conditions(bis->opts, &v);
	if (bis->opts->keep)
		argv_push(&v, "--keep");
	for (size_t i = 0; i < bis->opts->also.n; i++)
		argv_pushv(&v, "--also", bis->opts->also.v[i], NULL);
	argv_push(&v, bis->manifest);
	*t = (struct trial){ .verdict = BISECT_SKIP };
	memcpy(t->subject, m->subject, DIGEST_HEX);
	/* a run that ends early must not be told by what the one before has left */
	if (file_remove(m->dir, e) < 0)
		return -1;
	if (run_logged(&v, arena_printf(bis->a, "%s.log", m->dir), &status, e) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE)
		return fail_usage(
		    e, "%s", reason_in(bis->a, arena_printf(bis->a, "%s.log", m->dir)));
	if (WIFEXITED(status) && WEXITSTATUS(status) <= EXIT_WORK)
		t->verdict = WEXITSTATUS(status) ? BISECT_BAD : BISECT_GOOD;
	if (t->verdict != BISECT_GOOD)
		read_failure(bis, m, t);
	else if (refuse_skips(bis, m, t, e) < 0)
		return -1;
	if (bis->args.metric)
		measure(bis, m, t);
	return 0;
}

/* ---- a step ---- */

static const char *const verdict_words[] = { [BISECT_UNKNOWN] = "so far undecided",
	[BISECT_GOOD] = "pass",
	[BISECT_BAD] = "fail",
	[BISECT_SKIP] = "inconclusive" };

static void
log_step(struct bisect *bis, const struct version_set *m, const char *what, const struct trial *t,
    nstime took)
{
	const char *number = arena_printf(
	    bis->a, "%u/%zu", m->step, bis->expected > m->step ? bis->expected : m->step);
	const char *where = t && t->verdict == BISECT_BAD && t->where
				? arena_printf(bis->a, " at %s", t->where)
				: "";

	log_info("%6s  %s: %s%s  %.0f s", number,
	    arguments_version_set(bis->a, &bis->args, m->versions), what, where,
	    (double)took / 1e9);
}

/* built, and with the digest of its image */
static int
prepare(struct bisect *bis, const size_t *versions, struct version_set **out, struct err *e)
{
	nstime began = clock_now();
	struct version_set m = { .step = (unsigned)bis->nversion_sets + 1 };
	const char *log = arena_printf(bis->a, "%s/steps/%u-build.log", bis->dir, m.step);
	enum search_verdict v;
	double ignored;
	int r = build(bis, versions, log, &m.cannot, e);

	if (r < 0)
		return -1;
	m.versions = arena_array(bis->a, bis->args.space.npackages + 1, sizeof *m.versions);
	memcpy(m.versions, versions, bis->args.space.npackages * sizeof *versions);
	if (!m.cannot && find_subject(bis, &m, e) < 0)
		return -1;
	bis->version_sets = arena_more(bis->a, bis->version_sets, bis->nversion_sets, sizeof m);
	bis->version_sets[bis->nversion_sets] = m;
	*out = &bis->version_sets[bis->nversion_sets++];
	v = verdict_of(bis, *out, &ignored);
	if (m.cannot)
		log_step(bis, *out,
		    arena_printf(bis->a, "cannot be built, skipped (%s; see %s)", m.cannot, log),
		    NULL, clock_now() - began);
	else if (v != BISECT_UNKNOWN)
		log_step(bis, *out, arena_printf(bis->a, "%s (known)", verdict_words[v]),
		    trials_last(&bis->trials, m.subject, v), clock_now() - began);
	return 0;
}

/* one more run; built: its image is still the one in build/ */
static int
run_once(struct bisect *bis, struct version_set *m, bool built, struct err *e)
{
	nstime began = clock_now();
	const char *why;
	struct trial t;
	struct tally n;

	int r =
	    built ? 0
		  : build(bis, m->versions,
			arena_printf(bis->a, "%s/steps/%u-build.log", bis->dir, m->step), &why, e);

	if (r > 0)
		fail(e, "%s: could be built before and cannot be now: %s",
		    arguments_version_set(bis->a, &bis->args, m->versions), why);
	if (r != 0)
		return -1;
	if (is_still(bis, m, e) < 0 || judge(bis, m, &t, e) < 0 || is_still(bis, m, e) < 0 ||
	    trials_add(bis->a, &bis->trials, &t, e) < 0)
		return -1;
	bis->runs++;
	n = bisect_tally(bis, m);
	log_step(bis, m,
	    bis->args.metric && t.verdict == BISECT_GOOD ? t.got
	    : n.good + n.bad + n.none == 1
		? verdict_words[t.verdict]
		: arena_printf(bis->a, "%s (%u passed, %u failed%s)", verdict_words[t.verdict],
		      n.good, n.bad,
		      n.none ? arena_printf(bis->a, ", %u inconclusive", n.none) : ""),
	    &t, clock_now() - began);
	return 0;
}

/* the last good and the first bad version set are run as often as the ends, to notice flips */
static const size_t *
doubtful(const struct bisect *bis)
{
	const size_t *pair[] = { bis->answer.good, bis->answer.bad };
	struct odds o = odds_now(bis);

	if (o.flaky || bis->answer.state != BISECT_FOUND)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		struct tally t = bisect_tally(bis, find(bis, pair[i]));

		if (t.good + t.bad < bis->args.repeat)
			return pair[i];
	}
	return NULL;
}

static double
error_of_all(const struct bisect *bis)
{
	double sum = 0, error;

	for (size_t i = 0; i < bis->nversion_sets; i++) {
		verdict_of(bis, &bis->version_sets[i], &error);
		sum += error;
	}
	return sum;
}

int
bisect_run(struct bisect *bis, struct err *e)
{
	unsigned built = 0; /* the step that is in build/ */

	for (;;) {
		const size_t *at;
		struct version_set *m;

		search_next(bis->a, &bis->args.space, tester, bis, &bis->answer);
		at = bis->answer.state == BISECT_PROBE ? bis->answer.probe : doubtful(bis);
		if (!at)
			break;
		m = find(bis, at);
		if (!m) {
			if (prepare(bis, at, &m, e) < 0)
				return -1;
			built = m->step;
			if (tester(bis, at) != BISECT_UNKNOWN)
				continue;
		}
		if (run_once(bis, m, m->step == built, e) < 0)
			return -1;
		built = m->step;
	}
	bis->flaky = odds_now(bis).flaky;
	bis->error = error_of_all(bis);
	return 0;
}
