/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/run.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/lines.h"
#include "build/base/log.h"
#include "build/base/manifest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- folders ---- */

/* made for the one who builds: as root, what is new becomes NORMALUSER's */
static int
make_folder(const struct bisect *h, const char *path, struct err *e)
{
	bool there = file_exists(path);

	if (file_mkdirs(path, 0755, e) < 0)
		return -1;
	if (!there && geteuid() == 0 && chown(path, h->q.uid, h->q.gid) < 0)
		return fail_errno(e, "%s", path);
	return 0;
}

/* sources are looked for where a build of this checkout has put them */
static int
share_sources(struct bisect *h, struct err *e)
{
	const char *ours = arena_printf(h->a, "%s/build/sources", h->dir),
		   *theirs = arena_printf(h->a, "%s/sources", h->q.output);

	return file_exists(ours) || !file_isdir(theirs) ? 0 : file_symlink(theirs, ours, e);
}

static int
make_folders(struct bisect *h, struct err *e)
{
	if (!h->opts->out && make_folder(h, h->q.output, e) < 0)
		return -1;
	if (make_folder(h, h->dir, e) < 0 ||
	    make_folder(h, arena_printf(h->a, "%s/steps", h->dir), e) < 0)
		return -1;
	if (make_folder(h, arena_printf(h->a, "%s/build", h->dir), e) < 0)
		return -1;
	return share_sources(h, e);
}

/* whatever of the scenarios decides a verdict */
static int
digest_scenarios(struct bisect *h, struct err *e)
{
	struct digest *d = digest_new();
	char hex[DIGEST_HEX];
	int r = digest_tree(h->opts->scenarios, hex, e);

	digest_add(d, hex, DIGEST_HEX);
	if (r == 0)
		r = digest_file(h->opts->lh_verify, hex, e);
	digest_add(d, hex, DIGEST_HEX);
	for (const char **s = h->opts->only; *s; s++)
		digest_add(d, *s, strlen(*s) + 1);
	digest_end(d, h->scenario);
	return r;
}

int
bisect_open(struct arena *a, const struct bisect_opts *o, char *const *words, size_t n,
    struct bisect *h, struct err *e)
{
	*h = (struct bisect){ .a = a, .opts = o };
	if (arguments_read(a, o->lh_build, words, n, &h->q, e) < 0)
		return -1;
	h->expected = search_expected(a, &h->q.w);
	h->dir = o->out ? o->out : arena_printf(a, "%s/bisect", h->q.output);
	h->manifest = arena_printf(a, "%s/build/%s/manifest", h->dir, h->q.triple);
	if (digest_scenarios(h, e) < 0)
		return -1;
	if (!h->q.dry && make_folders(h, e) < 0)
		return -1;
	return trials_open(a, arena_printf(a, "%s/verdicts", h->dir), &h->trials, e);
}

/* ---- building ---- */

static int
run_logged(struct bisect *h, const struct argv *v, const char *log, int *status, struct err *e)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), r;

	(void)h;
	if (fd < 0)
		return fail_errno(e, "%s", log);
	r = child_run(v->v, &(struct child_opts){ .out = fd }, NULL, status, e);
	close(fd);
	return r;
}

static const char *
reason_in(struct arena *a, const char *log)
{
	static const char fatal[] = ": fatal: ";
	struct err ignored;
	char *text, *at;

	if (file_read(a, log, &text, NULL, &ignored) < 0)
		return "unknown";
	at = strstr(text, fatal);
	if (!at)
		return "unknown";
	at += strlen(fatal);
	at[strcspn(at, ";\n")] = '\0'; /* behind a semicolon there are paths */
	return at;
}

/* 1: it cannot be built, *why */
static int
build(struct bisect *h, const size_t *versions, const char *log, const char **why, struct err *e)
{
	struct argv v = { .a = h->a };
	int status;

	argv_pushv(&v, h->opts->lh_build, "-C", h->q.checkout, "build", NULL);
	arguments_args(&h->q, versions, &v);
	/* what auto would choose may differ from step to step */
	argv_pushf(&v, "PROFILE=%s", h->q.profile);
	argv_pushf(&v, "OUTPUT=%s/build", h->dir);
	if (run_logged(h, &v, log, &status, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	*why = reason_in(h->a, log);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SYSTEM) {
		fail(e, "%s", *why);
		e->code = EXIT_SYSTEM;
		return -1;
	}
	if (!WIFEXITED(status))
		return fail(e, "%s: %s", argv_quoted(&v), child_status_text(h->a, status));
	return 1;
}

static int
find_subject(struct bisect *h, struct version_set *m, struct err *e)
{
	struct manifest man;
	struct digest *d;

	if (manifest_read(h->a, h->manifest, &man, e) < 0)
		return -1;
	const char *const parts[] = { h->scenario, man.image_digest, man.kernel_sha256, man.append,
		man.net, man.qemu, man.machine, man.cpu, man.disk_bus };
	d = digest_new();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		digest_add(d, parts[i] ? parts[i] : "", parts[i] ? strlen(parts[i]) + 1 : 1);
	digest_end(d, m->subject);
	m->dir = arena_printf(h->a, "%s/steps/%.12s", h->dir, m->subject);
	h->net = man.net ? man.net : man.address ? "static" : "dhcp";
	m->testcases = arena_printf(h->a, "%s/%s/%s", m->dir,
	    man.arch ? man.arch : arena_strndup(h->a, man.triple, strcspn(man.triple, "-")),
	    h->net);
	return 0;
}

static struct version_set *
find(const struct bisect *h, const size_t *versions)
{
	for (size_t i = 0; i < h->nversion_sets; i++)
		if (!memcmp(
			h->version_sets[i].versions, versions, h->q.w.npackages * sizeof *versions))
			return &h->version_sets[i];
	return NULL;
}

const struct version_set *
bisect_find(const struct bisect *h, const size_t *versions)
{
	return find(h, versions);
}

int
bisect_build(struct bisect *h, const size_t *versions, const char **tree, struct err *e)
{
	const char *why;
	int r = build(h, versions, arena_printf(h->a, "%s/steps/look.log", h->dir), &why, e);

	if (r > 0)
		return fail(e, "%s", why);
	*tree = arena_printf(h->a, "%s/build/%s", h->dir, h->q.triple);
	return r;
}

/* ---- judging ---- */

static bool
is_end(const struct bisect *h, const size_t *versions, int *end)
{
	for (*end = 0; *end < 2; ++*end) {
		bool all = true;

		for (size_t p = 0; p < h->q.w.npackages; p++)
			all &= versions[p] == (*end ? h->q.w.packages[p].nversions - 1 : 0);
		if (all)
			return true;
	}
	return false;
}

static const struct version_set *
end_version_set(const struct bisect *h, int end)
{
	for (size_t i = 0; i < h->nversion_sets; i++) {
		int which;

		if (is_end(h, h->version_sets[i].versions, &which) && which == end)
			return &h->version_sets[i];
	}
	return NULL;
}

/* where the bad end fails, when only that counts */
static const char *
wanted_place(const struct bisect *h)
{
	const struct version_set *bad = h->q.same_failure ? end_version_set(h, 1) : NULL;
	const struct trial *t =
	    bad && !bad->cannot ? trials_last(&h->trials, bad->subject, BISECT_BAD) : NULL;

	return t ? t->where : NULL;
}

static struct tally
tally_of(const struct bisect *h, const struct version_set *m)
{
	struct tally none = { 0, 0, 0 };

	return m && !m->cannot ? trials_tally(&h->trials, m->subject, wanted_place(h)) : none;
}

static struct odds
odds_now(const struct bisect *h)
{
	struct odds o = { .same = h->q.repeat, .risk = ODDS_RISK / (double)(2 * h->expected) };

	for (int end = 0; end < 2; end++)
		o.ends[end] = tally_of(h, end_version_set(h, end));
	for (size_t i = 0; i < h->nversion_sets; i++) {
		struct tally t = tally_of(h, &h->version_sets[i]);

		o.flaky |= tally_flips(&t);
	}
	return o;
}

static enum search_verdict
verdict_of(const struct bisect *h, const struct version_set *m, double *error)
{
	struct odds o = odds_now(h);
	struct tally t = tally_of(h, m);
	const struct version_set *ends[2] = { end_version_set(h, 0), end_version_set(h, 1) };
	int end;

	*error = 0;
	if (m->cannot)
		return BISECT_SKIP;
	if (is_end(h, m->versions, &end))
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
	const struct bisect *h = arg;
	const struct version_set *m = find(h, versions);
	double error;

	return m ? verdict_of(h, m, &error) : BISECT_UNKNOWN;
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
read_failure(struct bisect *h, const struct version_set *m, struct trial *t)
{
	for (const char **s = h->opts->only; *s && !t->where; s++) {
		const char *path = arena_printf(h->a, "%s/%s/verdict", m->testcases, *s);
		const char *what = row_of(h->a, path, "what"),
			   *reason = row_of(h->a, path, "reason");

		t->where = row_of(h->a, path, "where");
		t->expected = row_of(h->a, path, "expected");
		t->got = row_of(h->a, path, "got");
		if (!t->got)
			t->got = what ? what : reason;
	}
}

static int
judge(struct bisect *h, struct version_set *m, struct trial *t, struct err *e)
{
	struct argv v = { .a = h->a };
	int status;

	argv_pushv(&v, h->opts->lh_verify, "run", "--scenarios", h->opts->scenarios, "--accel",
	    h->opts->accel, "-o", m->dir, NULL);
	if (h->opts->scale > 0)
		argv_pushf(&v, "--scale=%g", h->opts->scale);
	for (const char **s = h->opts->only; *s; s++)
		argv_pushv(&v, "-s", *s, NULL);
	argv_push(&v, h->manifest);
	*t = (struct trial){ .verdict = BISECT_SKIP };
	memcpy(t->subject, m->subject, DIGEST_HEX);
	if (run_logged(h, &v, arena_printf(h->a, "%s.log", m->dir), &status, e) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_USAGE)
		return fail_usage(e, "%s", reason_in(h->a, arena_printf(h->a, "%s.log", m->dir)));
	if (WIFEXITED(status) && WEXITSTATUS(status) <= EXIT_WORK)
		t->verdict = WEXITSTATUS(status) ? BISECT_BAD : BISECT_GOOD;
	if (t->verdict != BISECT_GOOD)
		read_failure(h, m, t);
	return 0;
}

/* ---- a step ---- */

static const char *const verdict_words[] = { [BISECT_UNKNOWN] = "so far undecided",
	[BISECT_GOOD] = "pass",
	[BISECT_BAD] = "fail",
	[BISECT_SKIP] = "could not be judged" };

static void
tell_step(struct bisect *h, const struct version_set *m, const char *what, const struct trial *t,
    nstime took)
{
	const char *number =
	    arena_printf(h->a, "%u/%zu", m->step, h->expected > m->step ? h->expected : m->step);
	const char *where =
	    t && t->verdict == BISECT_BAD && t->where ? arena_printf(h->a, " at %s", t->where) : "";

	log_info("%6s  %s: %s%s  %.0f s", number, arguments_version_set(h->a, &h->q, m->versions),
	    what, where, (double)took / 1e9);
}

/* built, and with the digest of its image */
static int
prepare(struct bisect *h, const size_t *versions, struct version_set **out, struct err *e)
{
	nstime began = clock_now();
	struct version_set m = { .step = (unsigned)h->nversion_sets + 1 };
	const char *log = arena_printf(h->a, "%s/steps/%u-build.log", h->dir, m.step);
	enum search_verdict v;
	double ignored;
	int r = build(h, versions, log, &m.cannot, e);

	if (r < 0)
		return -1;
	m.versions = arena_array(h->a, h->q.w.npackages + 1, sizeof *m.versions);
	memcpy(m.versions, versions, h->q.w.npackages * sizeof *versions);
	if (!m.cannot && find_subject(h, &m, e) < 0)
		return -1;
	h->version_sets = arena_more(h->a, h->version_sets, h->nversion_sets, sizeof m);
	h->version_sets[h->nversion_sets] = m;
	*out = &h->version_sets[h->nversion_sets++];
	v = verdict_of(h, *out, &ignored);
	if (m.cannot)
		tell_step(h, *out,
		    arena_printf(h->a, "cannot be built, skipped (%s; see %s)", m.cannot, log),
		    NULL, clock_now() - began);
	else if (v != BISECT_UNKNOWN)
		tell_step(h, *out, arena_printf(h->a, "%s (known)", verdict_words[v]),
		    trials_last(&h->trials, m.subject, v), clock_now() - began);
	return 0;
}

/*
 * one run more of what is built already, or was: the image of another mixture may have come in
 * between
 */
static int
run_once(struct bisect *h, struct version_set *m, bool built, struct err *e)
{
	nstime began = clock_now();
	const char *why;
	struct trial t;
	struct tally n;

	int r = built ? 0
		      : build(h, m->versions,
			    arena_printf(h->a, "%s/steps/%u-build.log", h->dir, m->step), &why, e);

	if (r > 0)
		fail(e, "%s: could be built before, and cannot now: %s",
		    arguments_version_set(h->a, &h->q, m->versions), why);
	if (r != 0)
		return -1;
	if (judge(h, m, &t, e) < 0 || trials_add(h->a, &h->trials, &t, e) < 0)
		return -1;
	h->runs++;
	n = tally_of(h, m);
	tell_step(h, m,
	    n.good + n.bad + n.none == 1
		? verdict_words[t.verdict]
		: arena_printf(h->a, "%s (passes %u, fails %u%s)", verdict_words[t.verdict], n.good,
		      n.bad, n.none ? ", and some that judged nothing" : ""),
	    &t, clock_now() - began);
	return 0;
}

/*
 * the pair between which the answer lies is looked at as often as the ends are, to notice what
 * flips
 */
static const size_t *
doubtful(const struct bisect *h)
{
	const size_t *pair[] = { h->answer.good, h->answer.bad };
	struct odds o = odds_now(h);

	if (o.flaky || h->answer.state != BISECT_FOUND)
		return NULL;
	for (size_t i = 0; i < 2; i++) {
		struct tally t = tally_of(h, find(h, pair[i]));

		if (t.good + t.bad < h->q.repeat)
			return pair[i];
	}
	return NULL;
}

static double
error_of_all(const struct bisect *h)
{
	double sum = 0, error;

	for (size_t i = 0; i < h->nversion_sets; i++) {
		verdict_of(h, &h->version_sets[i], &error);
		sum += error;
	}
	return sum;
}

int
bisect_run(struct bisect *h, struct err *e)
{
	unsigned built = 0; /* the step that is in build/ */

	for (;;) {
		const size_t *at;
		struct version_set *m;

		search_next(h->a, &h->q.w, tester, h, &h->answer);
		at = h->answer.state == BISECT_PROBE ? h->answer.probe : doubtful(h);
		if (!at)
			break;
		m = find(h, at);
		if (!m) {
			if (prepare(h, at, &m, e) < 0)
				return -1;
			built = m->step;
			if (tester(h, at) != BISECT_UNKNOWN)
				continue;
		}
		if (run_once(h, m, m->step == built, e) < 0)
			return -1;
		built = m->step;
	}
	h->flaky = odds_now(h).flaky;
	h->error = error_of_all(h);
	return 0;
}
