/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/lint.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/file.h"
#include "build/config.h"
#include "build/plan.h"
#include "build/recipe.h"
#include "build/sysdeps.h"
#include "build/versions.h"

#include <dirent.h>
#include <errno.h>
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
	struct dirent **v = NULL;
	int n = scandir(arena_printf(t->a, "%s/%s", t->cfg->top, rel), &v, NULL, alphasort);
	char **out = arena_array(t->a, n > 0 ? (size_t)n + 1 : 1, sizeof *out);
	size_t count = 0;

	for (int i = 0; i < n; i++) {
		if (v[i]->d_name[0] != '.')
			out[count++] = arena_strdup(t->a, v[i]->d_name);
		free(v[i]);
	}
	free(v);
	return out;
}

/* ---- sets and profiles ---- */

static void
check_set(struct linting *t, const struct set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct recipe *r = recipe_find(&t->r, set->v[i].name);
		bool pinned = false;

		for (size_t j = 0; r && j < r->nversions; j++)
			pinned |= !strcmp(r->versions[j].version, set->v[i].version);
		if (!r)
			found(t, "recipes/sets/%s: %s: there is no such recipe", set->name, set->v[i].name);
		else if (!pinned)
			found(t, "recipes/sets/%s: %s %s: the recipe does not pin it", set->name, set->v[i].name, set->v[i].version);
	}
}

/* plans are made without what lh-config says of single packages */
static void
check_plans(struct linting *t)
{
	struct config bare = { .top = t->cfg->top, .cross_base = "" };
	char **sets = names(t, "recipes/sets"), **profiles = names(t, "recipes/profiles");

	for (size_t i = 0; sets[i]; i++) {
		struct set set;
		struct err e = { 0 };

		if (set_read(t->a, t->cfg->top, sets[i], &set, &e) < 0) {
			found(t, "%s", e.msg);
			continue;
		}
		check_set(t, &set);
		for (size_t j = 0; profiles[j]; j++) {
			struct plan p;

			if (plan_make(t->a, &bare, &t->r, &set, profiles[j], &p, &e) < 0)
				found(t, "profile %s of set %s: %s", profiles[j], set.name, e.msg);
		}
	}
}

/* ---- recipes ---- */

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
		found(w->t, "recipes/%s/%s: is not declared as a file of the recipe, so that changing it changes nothing", w->r->name, rel);
	return 0;
}

/* does sh take it; with the kit before it, as when it is run */
static int
check_shell(struct linting *t, const struct recipe *r, int section, struct err *e)
{
	struct argv v = { .a = t->a };
	struct buf said = { 0 };
	int status, result;

	argv_pushv(&v, "sh", "-n", "-c", r->sections[section], arena_printf(t->a, "recipes/%s/recipe, [%s]", r->name, section_names[section]), NULL);
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
		const char *name = strrchr(r->files[i], '/') ? strrchr(r->files[i], '/') + 1 : r->files[i];
		bool named = false;

		/* in a section, a kit, or another of its files: at least its name is said */
		for (int s = 0; s < NSECTIONS; s++)
			named |= r->sections[s] && strstr(r->sections[s], name);
		if (!named)
			found(t, "recipes/%s/recipe: file %s: no section speaks of it", r->name, r->files[i]);
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
check_owners(struct linting *t)
{
	char **kits = names(t, "recipes/kits"), **patched = names(t, "patches"), **v;

	for (v = kits; *v; v++) {
		const char *end = strrchr(*v, '.');

		if (!end || strcmp(end, ".sh") != 0 || !has_kit(&t->r, arena_strndup(t->a, *v, (size_t)(end - *v))))
			found(t, "recipes/kits/%s: is the kit of no recipe", *v);
	}
	for (v = patched; *v; v++) {
		char *dir = arena_printf(t->a, "patches/%s", *v), **files;

		if (!file_isdir(arena_printf(t->a, "%s/%s", t->cfg->top, dir)))
			continue;
		if (!recipe_find(&t->r, *v))
			found(t, "%s: there is no recipe %s", dir, *v);
		for (files = names(t, dir); *files; files++) {
			size_t n = strlen(*files);

			if (n < 11 || strspn(*files, "0123456789") != 4 || (*files)[4] != '-' || strcmp(*files + n - 6, ".patch") != 0)
				found(t, "%s/%s: is not called NNNN-what.patch, and would not be applied", dir, *files);
		}
	}
}

/* ---- sysdeps ---- */

static void
check_sysdeps(struct linting *t)
{
	char *rest = sysdeps_supported(t->a, t->cfg->top), *triple;
	char **folders = names(t, "sysdeps");
	const struct sysdeps *first = NULL;

	for (; *folders; folders++)
		if (file_isdir(arena_printf(t->a, "%s/sysdeps/%s", t->cfg->top, *folders)) && !file_exists(arena_printf(t->a, "%s/sysdeps/%s/facts", t->cfg->top, *folders)))
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
				found(t, "sysdeps/%s/facts: tells no %s, as %s does", triple, first->facts[i].key, first->triple);
		for (size_t i = 0; first && i < sd->nfacts; i++)
			if (!sysdeps_get(first, sd->facts[i].key))
				found(t, "sysdeps/%s/facts: tells %s, as %s does not", triple, sd->facts[i].key, first->triple);
		if (!first)
			first = sd;
	}
}

static void
check_minimums(struct linting *t)
{
	struct minimum *v;
	struct err e = { 0 };
	size_t n;

	if (minimums_read(t->a, t->cfg->top, &t->r, &v, &n, &e) < 0)
		found(t, "%s", e.msg);
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
	check_plans(&t);
	check_minimums(&t);
	check_owners(&t);
	check_sysdeps(&t);
	return t.found;
}
