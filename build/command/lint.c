/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/lint.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/command/versions.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/image/listen.h"
#include "build/image/tree.h"
#include "build/plan/patch.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct linting {
	struct arena *a;
	const struct config *cfg;
	struct recipes r;
	struct buf *out;
	int found;
};

static void found(struct linting *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
found(struct linting *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addf(t->out, "%s\n", arena_vprintf(t->a, fmt, ap));
	va_end(ap);
	t->found++;
}

/* names in top/rel without those that begin with a dot, sorted; an absent folder is empty */
static char **
names(struct linting *t, const char *rel)
{
	struct err ignored;
	char **out;

	if (file_names(t->a, arena_printf(t->a, "%s/%s", t->cfg->top, rel), false, &out, NULL,
		&ignored) < 0)
		out = arena_array(t->a, 1, sizeof *out);
	return out;
}

/* ---- sets and profiles ---- */

static bool
is_pinned(const struct recipe *r, const char *version)
{
	for (size_t i = 0; i < r->nversions; i++)
		if (!strcmp(r->versions[i].version, version))
			return true;
	return false;
}

static void
check_set(struct linting *t, const struct set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct recipe *r = recipe_find(&t->r, set->v[i].name);

		if (!r)
			found(t, "recipes/sets/%s: %s: no such recipe", set->name, set->v[i].name);
		else if (strcmp(set->v[i].version, "HEAD") && !is_pinned(r, set->v[i].version))
			found(t, "recipes/sets/%s: %s %s: the recipe does not pin this version",
			    set->name, set->v[i].name, set->v[i].version);
	}
}

/* what comes from a clone, whichever it is */
static void
with_heads(struct linting *t, const struct set *set, struct config *cfg)
{
	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->v[i].version, "HEAD"))
			config_set_override(t->a, cfg, set->v[i].name, "git:HEAD", "lint");
}

/* plans are made without what lh-config says of single packages */
static void
check_plans(struct linting *t)
{
	char **sets = names(t, "recipes/sets"), **profiles = names(t, "recipes/profiles");

	for (size_t i = 0; sets[i]; i++) {
		struct config bare = { .top = t->cfg->top, .cross_base = "" };
		struct set set;
		struct err e = { 0 };

		if (set_read(t->a, t->cfg->top, sets[i], &set, &e) < 0) {
			found(t, "%s", e.msg);
			continue;
		}
		check_set(t, &set);
		with_heads(t, &set, &bare);
		for (size_t j = 0; profiles[j]; j++) {
			struct plan p;

			if (plan_make(t->a, &bare, &t->r, &set, profiles[j], &p, &e) < 0)
				found(t, "profile %s of set %s: %s", profiles[j], set.name, e.msg);
		}
	}
}

/* a root told twice is built once all the same, and shows that somebody lost the overview */
static void
check_profiles(struct linting *t)
{
	for (char **v = names(t, "recipes/profiles"); *v; v++) {
		char *line, **roots = NULL;
		struct lines l;
		struct err e;
		size_t n = 0;

		if (lines_open(t->a, arena_printf(t->a, "%s/recipes/profiles/%s", t->cfg->top, *v),
			&l, &e) < 0)
			continue; /* its plan says so */
		while ((line = lines_next_datum(&l))) {
			for (size_t i = 0; i < n; i++)
				if (!strcmp(roots[i], line))
					found(t, "recipes/profiles/%s:%u: %s: duplicate", *v, l.no,
					    line);
			roots = arena_more(t->a, roots, n, sizeof *roots);
			roots[n++] = line;
		}
	}
}

/* ---- recipes ---- */

/* a node of all that could be planned */
struct visited {
	const struct recipe *recipe;
	enum variant variant;
	const char *profile;	    /* the only one that has this way to it; NULL: all have */
	const struct visited *from; /* who needs it */
};

/* plans find the cycles of what profiles have; this is for the other recipes.  true: told */
static bool
check_cycle(struct linting *t, const struct visited *v)
{
	for (const struct visited *up = v->from; up; up = up->from)
		if (up->recipe == v->recipe && up->variant == v->variant) {
			const char *path =
			    arena_printf(t->a, "%s/%s", variant_names[v->variant], v->recipe->name);

			for (const struct visited *w = v->from; w != up->from; w = w->from)
				path = arena_printf(t->a, "%s/%s -> %s", variant_names[w->variant],
				    w->recipe->name, path);
			/* each of its members would tell it: the first by name does */
			for (const struct visited *w = v->from; w != up->from; w = w->from)
				if (strcmp(w->recipe->name, v->recipe->name) < 0)
					return true;
			if (!up->from)
				found(t, "recipes/%s/recipe: dependency cycle: %s", v->recipe->name,
				    path);
			return true;
		}
	for (size_t i = 0; i < v->recipe->nneeds; i++) {
		const struct need *need = &v->recipe->needs[i];
		struct visited next = { .recipe = recipe_find(&t->r, need->name),
			.profile = v->profile ? v->profile : need->profile,
			.from = v };

		if (need_applies(need, v->variant, &next.variant) &&
		    (!v->profile || need_in_profile(need, v->profile)) && check_cycle(t, &next))
			return true;
	}
	return false;
}

static void
check_cycles(struct linting *t)
{
	for (size_t i = 0; i < t->r.n; i++)
		for (enum variant v = 0; v < NVARIANTS; v++)
			if (t->r.v[i].variants[v] &&
			    check_cycle(t, &(struct visited){ .recipe = &t->r.v[i], .variant = v }))
				break;
}

/* is path, below the recipe's folder, a declared file or in a declared folder */
static bool
declared(const struct recipe *r, const char *path)
{
	if (!strcmp(path, "recipe"))
		return true;
	for (size_t i = 0; i < r->nfiles; i++) {
		size_t n = strlen(r->files[i]);

		if (!strncmp(path, r->files[i], n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

struct walking {
	struct linting *t;
	const struct recipe *r;
};

static int
visit(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct walking *w = arg;

	(void)e;
	if (!S_ISDIR(st->st_mode) && !declared(w->r, rel))
		found(w->t,
		    "recipes/%s/%s: not declared as a file of the recipe, so changing it would "
		    "rebuild nothing",
		    w->r->name, rel);
	return 0;
}

/* does sh take it; with the kit before it, as when it is run */
static int
check_shell(struct linting *t, const struct recipe *r, int section, struct err *e)
{
	struct argv v = { .a = t->a };
	struct buf said = { 0 };
	int status, result;

	argv_pushv(&v, "sh", "-n", "-c", r->sections[section],
	    arena_printf(t->a, "recipes/%s/recipe, [%s]", r->name, section_names[section]), NULL);
	result = child_run(v.v, NULL, &said, &status, e);
	if (result == 0 && status != 0)
		found(t, "%.*s", said.n ? (int)strcspn(said.p, "\n") : 0, said.n ? said.p : "");
	buf_free(&said);
	return result;
}

static int
check_recipe(struct linting *t, const struct recipe *r, struct err *e)
{
	for (int s = 0; s < NSECTIONS; s++)
		if (r->sections[s] && check_shell(t, r, s, e) < 0)
			return -1;
	for (size_t i = 0; i < r->nfiles; i++) {
		const char *name =
		    strrchr(r->files[i], '/') ? strrchr(r->files[i], '/') + 1 : r->files[i];
		bool named = false;

		/* in a section, a kit, or another of its files: at least its name is said */
		for (int s = 0; s < NSECTIONS; s++)
			named |= r->sections[s] && strstr(r->sections[s], name);
		if (!named)
			found(t, "recipes/%s/recipe: file %s: no section mentions it", r->name,
			    r->files[i]);
	}
	return file_walk(r->dir, visit, &(struct walking){ t, r }, e);
}

static bool
has_kit(const struct recipes *all, const char *kit)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].kit && !strcmp(all->v[i].kit, kit))
			return true;
	return false;
}

static void
check_strays(struct linting *t)
{
	char **kits = names(t, "recipes/kits"), **patched = names(t, "patches"), **v;

	for (v = kits; *v; v++) {
		const char *end = strrchr(*v, '.');

		if (!end || strcmp(end, ".sh") != 0 ||
		    !has_kit(&t->r, arena_strndup(t->a, *v, (size_t)(end - *v))))
			found(t, "recipes/kits/%s: no recipe uses this kit", *v);
	}
	for (v = patched; *v; v++) {
		char *dir = arena_printf(t->a, "patches/%s", *v), **files;

		if (!file_isdir(arena_printf(t->a, "%s/%s", t->cfg->top, dir)))
			continue;
		if (!recipe_find(&t->r, *v))
			found(t, "%s: no such recipe: %s", dir, *v);
		else if (!recipe_find(&t->r, *v)->nversions)
			found(t, "%s: %s has no source of its own%s%s", dir, *v,
			    recipe_find(&t->r, *v)->source_of ? "; patches are for " : "",
			    recipe_find(&t->r, *v)->source_of ? recipe_find(&t->r, *v)->source_of
							      : "");
		for (files = names(t, dir); *files; files++) {
			size_t n = strlen(*files);

			if (n < 11 || strspn(*files, "0123456789") != 4 || (*files)[4] != '-' ||
			    !patch_is(*files))
				found(t, "%s/%s: not named NNNN-WHAT.patch, so it %s", dir, *files,
				    patch_is(*files)
					? "is applied where its name falls among the others"
					: "is not applied");
		}
	}
}

/* ---- sysdeps ---- */

/* by us, or by a recipe */
static bool
is_used(const struct linting *t, const struct fact *f)
{
	if (fact_is_ours(f))
		return true;
	for (size_t i = 0; i < t->r.n; i++)
		if (fact_builds(f) && recipe_mentions(&t->r.v[i], fact_variable(t->a, f)))
			return true;
	return false;
}

static void
check_sysdeps(struct linting *t)
{
	char *rest = sysdeps_supported(t->a, t->cfg->top), *triple;
	char **folders = names(t, "sysdeps");
	const struct sysdeps *first = NULL;

	for (; *folders; folders++)
		if (file_isdir(arena_printf(t->a, "%s/sysdeps/%s", t->cfg->top, *folders)) &&
		    !file_exists(arena_printf(t->a, "%s/sysdeps/%s/facts", t->cfg->top, *folders)))
			found(t, "sysdeps/%s: has no facts", *folders);
	while ((triple = strsep(&rest, " ")) && *triple) {
		struct sysdeps *sd = arena_alloc(t->a, sizeof *sd);
		struct err e = { 0 };

		if (sysdeps_read(t->a, t->cfg->top, triple, sd, &e) < 0) {
			found(t, "%s", e.msg);
			continue;
		}
		/* what one triple tells, all tell: a recipe works for all or none */
		for (size_t i = 0; first && i < first->nfacts; i++)
			if (!sysdeps_get(sd, first->facts[i].key))
				found(t, "sysdeps/%s/facts: missing key %s, which %s has", triple,
				    first->facts[i].key, first->triple);
		for (size_t i = 0; first && i < sd->nfacts; i++)
			if (!sysdeps_get(first, sd->facts[i].key))
				found(t, "sysdeps/%s/facts: has key %s, which %s lacks", triple,
				    sd->facts[i].key, first->triple);
		if (!first)
			first = sd;
	}
	for (size_t i = 0; first && i < first->nfacts; i++)
		if (!is_used(t, &first->facts[i]))
			found(t, "sysdeps/%s/facts: %s: nothing uses it", first->triple,
			    first->facts[i].key);
}

static void
check_minimums(struct linting *t)
{
	struct minimum *v;
	struct err e = { 0 };
	size_t n;

	if (minimums_read(t->a, t->cfg->top, &t->r, &v, &n, &e) < 0) {
		found(t, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || strcmp(v[i].package, v[i - 1].package) != 0 ||
			     strcmp(v[i].version, v[i - 1].version) != 0;

		if (first && !is_pinned(recipe_find(&t->r, v[i].package), v[i].version))
			found(t, "recipes/minimums: %s %s: the recipe does not pin this version",
			    v[i].package, v[i].version);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(v[i].package, v[k].package) &&
			    !strcmp(v[i].version, v[k].version) && !strcmp(v[i].on, v[k].on))
				found(t, "recipes/minimums: %s %s: %s: duplicate", v[i].package,
				    v[i].version, v[i].on);
	}
}

/* ---- layout ---- */

struct folder {
	struct linting *t;
	const char *last; /* the folder that was visited last and has had nothing in it yet */
};

/* a folder comes before what it holds: it is empty when what comes next is elsewhere */
static int
visit_layout(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct folder *f = arg;
	size_t n = f->last ? strlen(f->last) : 0;

	(void)e;
	if (f->last && (strncmp(rel, f->last, n) != 0 || rel[n] != '/'))
		found(f->t,
		    "layout/%s: is empty; git keeps no empty folders, so other checkouts lack it",
		    f->last);
	f->last = S_ISDIR(st->st_mode) ? arena_strdup(f->t->a, rel) : NULL;
	return 0;
}

static void
owner_found(void *arg, const char *what)
{
	found(arg, "%s", what);
}

/* what a line of layout/listen names has to be a service where there are such */
static void
check_listen(struct linting *t, const char *profile)
{
	const char *path = arena_printf(t->a, "%s/layout/listen", t->cfg->top);
	struct man_listen *v;
	struct err e = { 0 };
	size_t n;

	if (listen_read(t->a, path, profile, &v, &n, &e) < 0) {
		found(t, "%s", e.msg);
		return;
	}
	for (size_t i = 0; i < n && !strcmp(profile, "s6"); i++)
		if (!file_isdir(
			arena_printf(t->a, "%s/layout/s6-rc/%s", t->cfg->top, v[i].service)))
			found(
			    t, "layout/listen: %s: no such service in layout/s6-rc", v[i].service);
}

static int
check_layout(struct linting *t, struct err *e)
{
	char *dir = arena_printf(t->a, "%s/layout", t->cfg->top);
	struct folder f = { .t = t };

	if (!file_isdir(dir))
		return 0;
	if (file_walk(dir, visit_layout, &f, e) < 0)
		return -1;
	if (f.last)
		found(t,
		    "layout/%s: is empty; git keeps no empty folders, so other checkouts lack it",
		    f.last);
	check_listen(t, "s6");
	return owners_lint(t->a, dir, owner_found, t, e);
}

int
lint_all(struct arena *a, const struct config *cfg, struct buf *out, struct err *e)
{
	struct linting t = { .a = a, .cfg = cfg, .out = out };

	if (recipe_read_all(a, cfg->top, &t.r, e) < 0)
		return -1;
	for (size_t i = 0; i < t.r.n; i++)
		if (check_recipe(&t, &t.r.v[i], e) < 0)
			return -1;
	check_cycles(&t);
	check_plans(&t);
	check_profiles(&t);
	check_minimums(&t);
	check_strays(&t);
	check_sysdeps(&t);
	if (check_layout(&t, e) < 0)
		return -1;
	return t.found;
}

int
lint_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct buf out = { 0 };
	int found;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0)
		return -1;
	found = lint_all(rq->a, &cfg, &out, e);
	if (out.n)
		log_stdout(out.p);
	buf_free(&out);
	return found > 0 ? fail(e, "lint: %d findings", found) : found;
}
