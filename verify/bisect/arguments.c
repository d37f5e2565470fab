/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/arguments.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/bisect/odds.h"
#include "verify/bisect/program.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
version_compare(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *ea, *eb;
			unsigned long long x = strtoull(a, &ea, 10), y = strtoull(b, &eb, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = ea;
			b = eb;
		} else if (*a != *b) {
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		} else {
			a++;
			b++;
		}
	}
	return *a ? 1 : *b ? -1 : 0;
}

/* ---- what lh-build knows ---- */

struct package {
	const char *name, *version, *override;
};

struct known {
	const char *checkout, *triple, *profile, *set, *output;
	unsigned long uid, gid;
	struct package *packages, *pins; /* pins: name and version */
	size_t npackages, npins;
	struct minimum {
		const char *package, *version, *on, *least;
	} * minimums;
	size_t nminimums;
};

/* more packages than this are named by what they lack to the bad end */
#define FEW 4

#define NFIELDS 6

static size_t
cut(char *line, char **fields)
{
	size_t n = 0;
	char *tab;

	for (;; line = tab + 1) {
		fields[n++] = line;
		tab = strchr(line, '\t');
		if (!tab || n == NFIELDS)
			return n;
		*tab = '\0';
	}
}

static void
take_row(struct arena *a, char **c, size_t n, struct known *k)
{
	const char **const texts[] = { &k->checkout, &k->triple, &k->profile, &k->set, &k->output };
	static const char *const names[] = { "checkout", "triple", "profile", "set", "output" };

	for (size_t i = 0; n == 2 && i < sizeof names / sizeof *names; i++)
		if (!strcmp(c[0], names[i]))
			*texts[i] = c[1];
	if (n == 3 && !strcmp(c[0], "owner")) {
		k->uid = strtoul(c[1], NULL, 10);
		k->gid = strtoul(c[2], NULL, 10);
	} else if (n >= 3 && !strcmp(c[0], "package")) {
		k->packages = arena_more(a, k->packages, k->npackages, sizeof *k->packages);
		k->packages[k->npackages++] = (struct package){ c[1], c[2], n > 3 ? c[3] : NULL };
	} else if (n == 3 && !strcmp(c[0], "version")) {
		k->pins = arena_more(a, k->pins, k->npins, sizeof *k->pins);
		k->pins[k->npins++] = (struct package){ c[1], c[2], NULL };
	} else if (n == 5 && !strcmp(c[0], "minimum")) {
		k->minimums = arena_more(a, k->minimums, k->nminimums, sizeof *k->minimums);
		k->minimums[k->nminimums++] = (struct minimum){ c[1], c[2], c[3], c[4] };
	}
}

/* the last line of what a program said, which tells why it failed */
static const char *
last_line(struct arena *a, const struct buf *said)
{
	size_t n = said->n;
	char *text, *line;

	while (n && said->p[n - 1] == '\n')
		n--;
	if (!n)
		return "no output";
	text = arena_strndup(a, said->p, n);
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return !strncmp(line, "lh-build: fatal: ", 17) ? line + 17 : line;
}

static int
ask_build(struct arena *a, const char *lh_build, char *const *args, char *const *more,
    struct known *k, struct err *e)
{
	struct argv v = { .a = a };
	struct buf said = { 0 };
	struct lines l;
	char *line;
	int status;

	*k = (struct known){ .uid = (unsigned long)-1 };
	argv_pushv(&v, lh_build, "versions", NULL);
	for (; *args; args++)
		argv_push(&v, *args);
	for (; *more; more++)
		argv_push(&v, *more);
	if (program_run(v.v, NULL, &said, &status, e) < 0)
		return -1;
	if (status) {
		fail_usage(e, "%s", last_line(a, &said));
	} else {
		lines_text(a, "versions", said.p ? said.p : "", &l);
		while ((line = lines_next(&l))) {
			char *fields[NFIELDS];

			take_row(a, fields, cut(line, fields), k);
		}
	}
	buf_free(&said);
	if (!status && (!k->checkout || !k->triple || !k->profile || !k->set || !k->output))
		return fail_usage(e,
		    "%s versions: incomplete answer; lh-build and lh-bisect have to be built "
		    "together",
		    lh_build);
	return status ? -1 : 0;
}

static const struct package *
package_find(const struct known *k, const char *name)
{
	for (size_t i = 0; i < k->npackages; i++)
		if (!strcmp(k->packages[i].name, name))
			return &k->packages[i];
	return NULL;
}

/* ---- the search space ---- */

static char *
variable(struct arena *a, const char *kind, const char *package, const char *value)
{
	char *text = arena_printf(a, "%s_%s=%s", kind, package, value);

	for (char *p = text; *p != '='; p++)
		if (*p == '-')
			*p = '_';
	return text;
}

static size_t
add_package(struct arena *a, struct arguments *args, const char *name)
{
	size_t p = args->space.npackages;

	args->choices = arena_more(a, args->choices, p, sizeof *args->choices);
	args->choices[p] = NULL;
	args->space.packages = arena_more(a, args->space.packages, p, sizeof *args->space.packages);
	args->space.packages[args->space.npackages++] = (struct search_package){ .name = name };
	return p;
}

/* args may hold NULLs at its end */
static void
add_choice(struct arena *a, struct arguments *args, size_t p, const char *version,
    const char *title, char *one, char *two)
{
	struct search_package *pkg = &args->space.packages[p];
	struct choice c = { .title = title, .args = arena_array(a, 3, sizeof *c.args) };

	c.args[0] = one;
	c.args[1] = two;
	args->choices[p] = arena_more(a, args->choices[p], pkg->nversions, sizeof c);
	args->choices[p][pkg->nversions] = c;
	pkg->versions = arena_more(a, pkg->versions, pkg->nversions, sizeof *pkg->versions);
	pkg->versions[pkg->nversions++] = version;
}

/* pinned versions between two, from the one to the other, neither of them included */
static void
add_between(struct arena *a, struct arguments *args, size_t p, const struct known *k,
    const char *from, const char *to)
{
	const char *name = args->space.packages[p].name, *at = from;
	int way = version_compare(to, from);

	for (;;) {
		const char *next = NULL;

		for (size_t i = 0; i < k->npins; i++) {
			const char *v = k->pins[i].version;

			if (strcmp(k->pins[i].name, name) || version_compare(v, at) * way <= 0 ||
			    version_compare(to, v) * way <= 0)
				continue;
			if (!next || version_compare(next, v) * way > 0)
				next = v;
		}
		if (!next)
			return;
		add_choice(a, args, p, next, NULL, variable(a, "VERSION", name, next), NULL);
		at = next;
	}
}

/* the versions that satisfy a minimum, as a range; false: all of them do */
static bool
find_range(const struct arguments *args, const struct known *k, const struct minimum *m,
    struct search_need *n)
{
	for (size_t p = 0; p < args->space.npackages; p++) {
		const struct search_package *on = &args->space.packages[p];
		size_t last = on->nversions - 1;

		if (strcmp(on->name, m->on))
			continue;
		n->on = p;
		for (n->from = 0;
		     n->from <= last && version_compare(on->versions[n->from], m->least) < 0;
		     n->from++)
			;
		for (n->to = last; n->to > 0 && version_compare(on->versions[n->to], m->least) < 0;
		     n->to--)
			;
		return n->from > 0 || n->to < last;
	}
	/* the same version at both ends: satisfied always or never */
	n->on = n->package;
	n->from = 1;
	n->to = 0;
	return package_find(k, m->on) &&
	       version_compare(package_find(k, m->on)->version, m->least) < 0;
}

static void
add_need(struct arena *a, struct arguments *args, const struct known *k, const struct minimum *m)
{
	for (size_t p = 0; p < args->space.npackages; p++) {
		const struct search_package *pkg = &args->space.packages[p];

		for (size_t v = 0; v < pkg->nversions; v++) {
			struct search_need n = { .package = p, .version = v };
			bool first, last;

			if (strcmp(pkg->name, m->package) || strcmp(pkg->versions[v], m->version) ||
			    !find_range(args, k, m, &n))
				continue;
			/* the ends exist: what they do cannot be ruled out */
			first = v == 0 && (n.from > 0 || n.from > n.to);
			last = v == pkg->nversions - 1 &&
			       (n.from > n.to || n.to < args->space.packages[n.on].nversions - 1);
			if (first || last)
				continue;
			args->space.needs =
			    arena_more(a, args->space.needs, args->space.nneeds, sizeof n);
			args->space.needs[args->space.nneeds++] = n;
		}
	}
}

static void
add_needs(struct arena *a, struct arguments *args, const struct known *k)
{
	for (size_t i = 0; i < k->nminimums; i++)
		add_need(a, args, k, &k->minimums[i]);
}

static void
take_known(struct arguments *args, const struct known *k)
{
	args->set = k->set;
	args->triple = k->triple;
	args->profile = k->profile;
	args->checkout = k->checkout;
	args->output = k->output;
}

/* ---- between two sets ---- */

/* "SET VERSION_a=1 OVERRIDE_b=tree" -> SET=..., and the others; *name: the set */
static int
read_end(struct arena *a, const char *var, const char *text, char ***vars, const char **name,
    struct err *e)
{
	struct argv v = { .a = a };
	char *rest = arena_strdup(a, text), *w = word_next(&rest);

	if (!w)
		return fail_usage(e, "%s is empty: name a set", var);
	*name = w;
	argv_pushf(&v, "SET=%s", w);
	while ((w = word_next(&rest))) {
		if ((strncmp(w, "VERSION_", 8) && strncmp(w, "OVERRIDE_", 9)) || !strchr(w, '='))
			return fail_usage(e,
			    "%s: %s: after a set there may be VERSION_name=V and "
			    "OVERRIDE_name=TREE only; give other variables separately",
			    var, w);
		argv_push(&v, w);
	}
	*vars = v.v;
	return 0;
}

/* the word that sets a variable, or NULL */
static char *
word_of(char *const *vars, const char *word)
{
	size_t n = strcspn(word, "=") + 1;

	for (; *vars; vars++)
		if (!strncmp(*vars, word, n))
			return *vars;
	return NULL;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* git:/home/me/src/s6@REV -> s6@REV */
static const char *
brief_tree(const char *override)
{
	const char *slash = override ? strrchr(override, '/') : NULL,
		   *at = override ? strrchr(override, '@') : NULL;

	/* a revision may have slashes, too */
	while (slash && at && at < slash && slash > override)
		slash = memrchr(override, '/', (size_t)(at - override));
	return slash ? slash + 1 : override;
}

static void
add_difference(struct arena *a, struct arguments *args, const struct known *good,
    const struct package *g, const struct package *b, char *const *good_vars)
{
	size_t p = add_package(a, args, g->name);
	char *version = word_of(good_vars, variable(a, "VERSION", g->name, "")),
	     *override = word_of(good_vars, variable(a, "OVERRIDE", g->name, ""));

	add_choice(
	    a, args, p, g->version, NULL, version ? version : override, version ? override : NULL);
	add_between(a, args, p, good, g->version, b->version);
	add_choice(a, args, p, b->version, NULL, variable(a, "VERSION", b->name, b->version),
	    b->override ? variable(a, "OVERRIDE", b->name, b->override) : NULL);
	if (same_text(g->version, b->version)) {
		args->choices[p][0].tree = brief_tree(g->override);
		args->choices[p][args->space.packages[p].nversions - 1].tree =
		    brief_tree(b->override);
	}
}

/* ---- a set as an image was made of it ---- */

/* a file, not a set: a manifest, which an image left behind */
static bool
is_manifest(const char *end)
{
	return file_exists(end) && !file_isdir(end);
}

/* 1: *word says what the image had where the set has something else */
static int
word_for(struct arena *a, const struct known *set, const struct man_package *p, const char *var,
    char **word, struct err *e)
{
	const struct package *s = package_find(set, p->name);
	const char *at;

	if (!s) /* it has its version from another recipe */
		return 0;
	if (p->modified && !p->commit)
		return fail_usage(e,
		    "%s: %s was built from a changed tree, which the manifest cannot name; commit "
		    "the change, and build again",
		    var, p->name);
	if (!p->commit) {
		*word = variable(a, "VERSION", p->name, p->version);
		return strcmp(p->version, s->version) != 0 || s->override;
	}
	at = s->override ? strrchr(s->override, '@') : NULL;
	if (!at || strncmp(s->override, "git:", 4) != 0)
		return fail_usage(e,
		    "%s: %s was built from commit %.12s of a clone, and set %s has none; bisect "
		    "with PACKAGE=%s REPO=",
		    var, p->name, p->commit, set->set, p->name);
	*word = variable(a, "OVERRIDE", p->name,
	    arena_printf(a, "%.*s@%s", (int)(at - s->override), s->override, p->commit));
	return strcmp(at + 1, p->commit) != 0;
}

/* the same words that somebody would write behind the set */
static int
read_made(struct arena *a, const char *lh_build, const struct arguments *args, const char *var,
    const struct manifest *m, char ***vars, struct err *e)
{
	struct argv v = { .a = a }, set = { .a = a };
	struct known k;

	argv_pushf(&set, "SET=%s", m->set);
	argv_pushf(&v, "SET=%s", m->set);
	if (ask_build(a, lh_build, args->words, set.v, &k, e) < 0)
		return wrap(e, "%s", var);
	for (size_t i = 0; i < m->npackages; i++) {
		char *word = NULL;
		int differs = word_for(a, &k, &m->packages[i], var, &word, e);

		if (differs < 0)
			return -1;
		if (differs)
			argv_push(&v, word);
	}
	*vars = v.v;
	return 0;
}

static int
open_made(struct arena *a, const char *var, const char *path, struct manifest *m, struct err *e)
{
	if (manifest_read(a, path, m, e) < 0)
		return wrap(e, "%s", var);
	if (!m->set || !m->profile)
		return fail_usage(e,
		    "%s: %s names no set, or no profile: name one of an image that lh-build made",
		    var, path);
	return 0;
}

/* what the image was built for, unless the command line says something else */
static void
take_target(struct arena *a, struct arguments *args, const struct manifest *m)
{
	const char *const wanted[] = { arena_printf(a, "TRIPLE=%s", m->triple),
		arena_printf(a, "PROFILE=%s", m->profile),
		m->net && !strcmp(m->net, "static") ? "USE_DHCP=false" : "USE_DHCP=true" };
	struct argv v = { .a = a };

	for (char **w = args->words; *w; w++)
		argv_push(&v, *w);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!word_of(args->words, wanted[i]))
			argv_push(&v, wanted[i]);
	args->words = v.v;
}

static int
read_manifests(struct arena *a, const char *lh_build, struct arguments *args, char ***good_vars,
    char ***bad_vars, struct err *e)
{
	struct manifest good, bad;

	if (!is_manifest(args->good) || !is_manifest(args->bad))
		return fail_usage(e,
		    "GOOD=%s BAD=%s: one is a manifest, the other a set; give two "
		    "manifests",
		    args->good, args->bad);
	if (open_made(a, "GOOD", args->good, &good, e) < 0 ||
	    open_made(a, "BAD", args->bad, &bad, e) < 0)
		return -1;
	if (strcmp(good.triple, bad.triple) != 0 || strcmp(good.profile, bad.profile) != 0)
		return fail_usage(e,
		    "GOOD is %s, profile %s, and BAD %s, profile %s: they have to "
		    "be the same",
		    good.triple, good.profile, bad.triple, bad.profile);
	take_target(a, args, &bad);
	return read_made(a, lh_build, args, "GOOD", &good, good_vars, e) < 0
		   ? -1
		   : read_made(a, lh_build, args, "BAD", &bad, bad_vars, e);
}

static int
read_sets(struct arena *a, const char *lh_build, struct arguments *args, struct err *e)
{
	char **good_vars, **bad_vars;
	struct known good, bad;
	struct argv words = { .a = a };
	bool made = is_manifest(args->good) || is_manifest(args->bad);

	if (made) {
		if (read_manifests(a, lh_build, args, &good_vars, &bad_vars, e) < 0)
			return -1;
	} else if (read_end(a, "GOOD", args->good, &good_vars, &args->good, e) < 0 ||
		   read_end(a, "BAD", args->bad, &bad_vars, &args->bad, e) < 0) {
		return -1;
	}
	if (ask_build(a, lh_build, args->words, good_vars, &good, e) < 0)
		return wrap(e, "GOOD");
	if (ask_build(a, lh_build, args->words, bad_vars, &bad, e) < 0)
		return wrap(e, "BAD");
	if (strcmp(good.profile, bad.profile))
		return fail_usage(e,
		    "GOOD is built with profile %s, BAD with profile %s: choose one with PROFILE=",
		    good.profile, bad.profile);
	for (size_t i = 0; i < good.npackages; i++) {
		const struct package *g = &good.packages[i], *b = package_find(&bad, g->name);

		if (b && !(g->override && same_text(g->override, b->override)) &&
		    !(same_text(g->version, b->version) && same_text(g->override, b->override)))
			add_difference(a, args, &good, g, b, good_vars);
	}
	if (!args->space.npackages)
		args->same = arena_printf(a, "GOOD and BAD name the same versions of everything%s",
		    made ? ": recipes or layout changed, which git bisect run finds" : "");
	add_needs(a, args, &good);
	for (char **p = args->words; *p; p++)
		argv_push(&words, *p);
	argv_push(&words, good_vars[0]);
	args->words = words.v;
	take_known(args, &good);
	return 0;
}

/* ---- inside a package ---- */

static int
check_pinned(
    const struct known *k, const char *package, const char *var, const char *version, struct err *e)
{
	for (size_t i = 0; i < k->npins; i++)
		if (!strcmp(k->pins[i].name, package) && !strcmp(k->pins[i].version, version))
			return 0;
	return fail_usage(e, "%s=%s: the recipe %s pins no such version", var, version, package);
}

static int
read_versions(struct arena *a, const struct known *k, struct arguments *args, struct err *e)
{
	size_t p = add_package(a, args, args->package);

	if (check_pinned(k, args->package, "GOOD", args->good, e) < 0 ||
	    check_pinned(k, args->package, "BAD", args->bad, e) < 0)
		return -1;
	if (!strcmp(args->good, args->bad))
		args->same = "GOOD and BAD are one version";
	add_choice(
	    a, args, p, args->good, NULL, variable(a, "VERSION", args->package, args->good), NULL);
	add_between(a, args, p, k, args->good, args->bad);
	add_choice(
	    a, args, p, args->bad, NULL, variable(a, "VERSION", args->package, args->bad), NULL);
	return 0;
}

static void
add_commit(struct arena *a, struct arguments *args, size_t p, char *line)
{
	char *subject = strchr(line, ' ');

	if (subject)
		*subject++ = '\0';
	add_choice(a, args, p, arena_strndup(a, line, 12), subject,
	    variable(a, "OVERRIDE", args->package, arena_printf(a, "git:%s@%s", args->repo, line)),
	    NULL);
}

static int
read_commits(struct arena *a, struct arguments *args, struct err *e)
{
	size_t p = add_package(a, args, args->package);
	struct lines l;
	char *text, *line;

	if (git_commits(a, args->repo, args->good, args->bad, &text, e) < 0) {
		if (e->code == EXIT_WORK)
			e->code = EXIT_USAGE;
		return wrap(e, "REPO");
	}
	lines_text(a, "commits", text, &l);
	while ((line = lines_next(&l)))
		add_commit(a, args, p, line);
	if (args->space.packages[p].nversions == 1)
		args->same = arena_printf(
		    a, "REPO %s: %s and %s are one commit", args->repo, args->good, args->bad);
	return 0;
}

static int
read_package(struct arena *a, const char *lh_build, struct arguments *args, struct err *e)
{
	char *none[] = { NULL };
	struct known k;

	if (ask_build(a, lh_build, args->words, none, &k, e) < 0)
		return -1;
	if (!package_find(&k, args->package))
		return fail_usage(
		    e, "PACKAGE %s: profile %s has no such package", args->package, k.profile);
	if ((args->repo ? read_commits(a, args, e) : read_versions(a, &k, args, e)) < 0)
		return -1;
	if (!args->repo)
		add_needs(a, args, &k);
	take_known(args, &k);
	return 0;
}

/* ---- the words ---- */

static int
take_good(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	(void)a;
	(void)e;
	args->good = value;
	return 0;
}

static int
take_bad(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	(void)a;
	(void)e;
	args->bad = value;
	return 0;
}

static int
take_package(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	(void)a;
	(void)e;
	args->package = *value ? value : NULL;
	return 0;
}

static int
take_repo(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	char full[PATH_MAX];

	if (!realpath(value, full))
		return fail_usage(e, "REPO %s: no such folder", value);
	args->repo = arena_strdup(a, full);
	return 0;
}

static int
take_dry_run(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	static const char *const values[] = { "0", "1", "false", "true", "" };

	(void)a;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (!strcmp(value, values[i])) {
			args->dry = i % 2;
			return 0;
		}
	return fail_usage(e, "DRY_RUN=%s: 1 or true, 0 or false", value);
}

static int
take_repeat(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	char *end;

	(void)a;
	args->repeat = (unsigned)strtoul(value, &end, 10);
	if (*end || !args->repeat || args->repeat > ODDS_MOST)
		return fail_usage(e, "REPEAT=%s: a number from 1 to %d", value, ODDS_MOST);
	return 0;
}

static int
take_failure(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	(void)a;
	args->same_failure = !strcmp(value, "same");
	if (!args->same_failure && strcmp(value, "any"))
		return fail_usage(e, "FAILURE=%s: same or any", value);
	return 0;
}

static int
take_metric(struct arena *a, struct arguments *args, const char *value, struct err *e)
{
	(void)a;
	args->metric = value;
	return *value ? 0 : fail_usage(e, "METRIC: empty; such as booted, or 'work all'");
}

const struct argument arguments_all[] = {
	{ "GOOD", "END", "where it passes: a set, a manifest, a version, or a revision",
	    take_good },
	{ "BAD", "END", "where it fails", take_bad },
	{ "PACKAGE", "NAME", "search the versions, or commits, of this package alone",
	    take_package },
	{ "REPO", "DIR", "the clone whose commits are searched", take_repo },
	{ "DRY_RUN", "1", "only print what differs and how many steps to expect", take_dry_run },
	{ "REPEAT", "N", "how often the ends are tested while no verdict flips (3)", take_repeat },
	{ "FAILURE", "any|same", "same: skip a failure at another step than the bad end's",
	    take_failure },
	{ "METRIC", "NAME", "not whether it passes, but how long this took: booted, 'work all'",
	    take_metric },
	{ NULL, NULL, NULL, NULL },
};

static int
take_word(
    struct arena *a, struct arguments *args, const char *word, struct argv *rest, struct err *e)
{
	const char *value = strchr(word, '=');

	if (!value)
		return fail_usage(e, "%s: only NAME=VALUE words are known", word);
	for (const struct argument *w = arguments_all; w->name; w++)
		if (strlen(w->name) == (size_t)(value - word) &&
		    !strncmp(w->name, word, strlen(w->name)))
			return w->take(a, args, value + 1, e);
	argv_push(rest, word);
	return 0;
}

/* what the words say, without asking anybody */
static int
take_words(struct arena *a, char *const *words, size_t n, struct arguments *out, struct err *e)
{
	struct argv rest = { .a = a };
	static char *none[] = { NULL };

	*out = (struct arguments){ .repeat = ODDS_SAME, .words = none };
	for (size_t i = 0; i < n; i++)
		if (take_word(a, out, words[i], &rest, e) < 0)
			return -1;
	if (!out->good || !*out->good || !out->bad || !*out->bad)
		return fail_usage(e, "name both ends with GOOD= and BAD=");
	if (out->repo && !out->package)
		return fail_usage(e, "REPO needs PACKAGE=, the recipe that is built from it");
	if (rest.n)
		out->words = rest.v;
	return 0;
}

int
arguments_builder(struct arena *a, const char *lh_build, char *const *words, size_t n,
    struct user *out, struct err *e)
{
	char make[] = "--make-folders", *more[] = { make, NULL };
	struct arguments args;
	struct known k;

	*out = (struct user){ 0 };
	if (geteuid() != 0)
		return 0;
	if (take_words(a, words, n, &args, e) < 0 ||
	    ask_build(a, lh_build, args.words, args.dry ? more + 1 : more, &k, e) < 0)
		return -1;
	*out = (struct user){ (uid_t)k.uid, (gid_t)k.gid };
	return 0;
}

int
arguments_read(struct arena *a, const char *lh_build, char *const *words, size_t n,
    struct arguments *out, struct err *e)
{
	if (take_words(a, words, n, out, e) < 0)
		return -1;
	if ((out->package ? read_package(a, lh_build, out, e) : read_sets(a, lh_build, out, e)) < 0)
		return -1;
	return out->same != NULL;
}

/* ---- telling ---- */

const char *
arguments_version(const struct arguments *args, size_t package, size_t version)
{
	const char *tree = args->choices[package][version].tree;

	return tree ? tree : args->space.packages[package].versions[version];
}

/* "a 1, b 2" of those that are not at that end */
static const char *
list_others(
    struct arena *a, const struct arguments *args, const size_t *version_set, bool bad, size_t *n)
{
	struct buf b = { 0 };
	const char *text;

	*n = 0;
	for (size_t p = 0; p < args->space.npackages; p++) {
		const struct search_package *pkg = &args->space.packages[p];

		const char *title = args->choices[p][version_set[p]].title;

		if (version_set[p] != (bad ? pkg->nversions - 1 : 0))
			buf_addf(&b, "%s%s %s%s%s%s", (*n)++ ? ", " : "", pkg->name,
			    arguments_version(args, p, version_set[p]), title ? " \"" : "",
			    title ? title : "", title ? "\"" : "");
	}
	text = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return text;
}

const char *
arguments_version_set(struct arena *a, const struct arguments *args, const size_t *version_set)
{
	size_t fromgood, frombad;
	const char *changed = list_others(a, args, version_set, false, &fromgood),
		   *kept = list_others(a, args, version_set, true, &frombad);

	if (!fromgood || !frombad)
		return arena_printf(
		    a, "%s end %s", fromgood ? "bad" : "good", fromgood ? args->bad : args->good);
	if (fromgood > FEW && frombad < fromgood)
		return arena_printf(a, "bad end %s but for %s", args->bad, kept);
	return changed;
}

void
arguments_args(const struct arguments *args, const size_t *version_set, struct argv *out)
{
	for (char **w = args->words; *w; w++)
		argv_push(out, *w);
	for (size_t p = 0; p < args->space.npackages; p++)
		for (char **w = args->choices[p][version_set[p]].args; *w; w++)
			argv_push(out, *w);
}
