/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/legal.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/cache/pack.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/publish/given.h"
#include "build/publish/sums.h"
#include "build/source/fetch.h"
#include "build/source/unpack.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* ---- writing ---- */

struct writing {
	struct arena *a;
	const struct release *r;
	const char *to;
	struct buf index;
	const char *ours; /* sources/ file with the checkout */
};

/* recipes that share a source are told by the one that has it */
static const char *
source_name(const struct release *r, const char *package)
{
	const struct recipe *is = recipe_find(r->recipes, package);

	return is && is->source_of ? is->source_of : package;
}

static const struct want *
want_of(const struct release *r, const char *package, const char *version)
{
	const char *name = source_name(r, package);

	for (size_t i = 0; i < r->nsources; i++)
		if (!strcmp(source_name(r, r->sources[i].name), name) &&
		    !strcmp(r->sources[i].version, version))
			return &r->sources[i];
	return NULL;
}

static const struct version *
version_of(const struct recipe *r, const char *version)
{
	for (size_t i = 0; r && i < r->nversions; i++)
		if (!strcmp(r->versions[i].version, version))
			return &r->versions[i];
	return NULL;
}

/* two sources may be called the same, and are told apart as in OUTPUT/sources */
static const char *
file_of(struct writing *w, const struct want *want)
{
	for (size_t i = 0; i < w->r->nsources; i++)
		if (!strcmp(w->r->sources[i].got->file, want->got->file) &&
		    strcmp(w->r->sources[i].got->sha256, want->got->sha256) != 0)
			return arena_printf(
			    w->a, "sources/%s-%s", want->got->sha256, want->got->file);
	return arena_printf(w->a, "sources/%s", want->got->file);
}

/* the texts of a source, as the recipe pins them */
static int
copy_texts(struct writing *w, const struct want *want, const struct version *v, const char *dir,
    struct err *e)
{
	struct unpack_look *look = arena_array(w->a, v->nlicences, sizeof *look);
	struct buf *texts = arena_array(w->a, v->nlicences, sizeof *texts);
	int r = 0;

	for (size_t i = 0; i < v->nlicences; i++) {
		look[i].path = v->licences[i].path;
		look[i].text = &texts[i];
	}
	if (unpack_look(want->path, 1, w->r->unpack_limit, look, v->nlicences, e) < 0)
		r = wrap(e, "release: %s %s", want->name, want->version);
	for (size_t i = 0; i < v->nlicences; i++) {
		const char *file = arena_printf(w->a, "%s/%s/%s", w->to, dir, look[i].path);

		if (r == 0 && strcmp(look[i].sha256, v->licences[i].sha256) != 0)
			r = fail(e, "release: %s %s: %s is not as the recipe pins it", want->name,
			    want->version, look[i].path);
		if (r == 0)
			r = file_mkparent(file, e) < 0 ||
				    file_write(file, texts[i].p, texts[i].n, 0644, e) < 0
				? -1
				: 0;
		buf_free(&texts[i]);
	}
	return r;
}

static int
add_texts(struct writing *w, const char *name, const struct want *want, struct err *e)
{
	const struct recipe *recipe = recipe_find(w->r->recipes, source_name(w->r, want->name));
	const struct version *v = version_of(recipe, want->version);
	const char *dir =
	    arena_printf(w->a, "legal/%s-%s", recipe ? recipe->name : want->name, want->version);

	if (!v || !v->nlicences)
		return fail(e, "release: %s %s: its recipe pins no licence file", want->name,
		    want->version);
	for (size_t i = 0; i < v->nlicences; i++)
		buf_addf(
		    &w->index, "text %s %s %s/%s\n", name, want->version, dir, v->licences[i].path);
	/* of another package, too */
	return file_exists(arena_printf(w->a, "%s/%s", w->to, dir))
		   ? 0
		   : copy_texts(w, want, v, dir, e);
}

static int
add_package(struct writing *w, const char *name, const char *version, struct err *e)
{
	const struct recipe *recipe = recipe_find(w->r->recipes, name);
	const struct want *want = want_of(w->r, name, version);

	if (!recipe)
		return fail(e, "release: %s: has no recipe", name);
	buf_addf(&w->index, "package %s %s %s\n", name, version, recipe->licence);
	if (!want) {
		buf_addf(&w->index, "text %s %s legal/COPYING\nsource %s %s %s\n", name, version,
		    name, version, w->ours);
		return 0;
	}
	buf_addf(&w->index, "source %s %s %s\n", name, version, file_of(w, want));
	return add_texts(w, name, want, e);
}

static bool
is_told(const struct writing *w, const struct manifest *upto, const struct man_package *p)
{
	for (const struct manifest *m = w->r->images; m <= upto; m++)
		for (size_t i = 0; i < m->npackages; i++) {
			if (&m->packages[i] == p)
				return false;
			if (!strcmp(m->packages[i].name, p->name) &&
			    !strcmp(m->packages[i].version, p->version))
				return true;
		}
	return false;
}

static int
add_checkout(struct writing *w, struct err *e)
{
	const char *tar = arena_printf(w->a, "%s/%.*s", w->to, (int)strlen(w->ours) - 4, w->ours);

	/* of the commit, not of its tree: files then have the commit's time, and not today's */
	if (git_export(w->a, w->r->top, w->r->commit, tar, 0, e) < 0 ||
	    pack_file(tar, arena_printf(w->a, "%s/%s", w->to, w->ours), e) < 0)
		return wrap(e, "release");
	return unlink(tar) < 0 ? fail_errno(e, "%s", tar)
			       : file_copy(arena_printf(w->a, "%s/COPYING", w->r->top),
				     arena_printf(w->a, "%s/legal/COPYING", w->to), 0644, e);
}

static int
add_all(struct writing *w, struct err *e)
{
	const struct release *r = w->r;

	for (size_t i = 0; i < r->nimages; i++)
		for (size_t k = 0; k < r->images[i].npackages; k++) {
			const struct man_package *p = &r->images[i].packages[k];

			if (!is_told(w, &r->images[i], p) &&
			    add_package(w, p->name, p->version, e) < 0)
				return -1;
		}
	for (size_t i = 0; i < r->nsources; i++)
		if (file_copy(r->sources[i].path,
			arena_printf(w->a, "%s/%s", w->to, file_of(w, &r->sources[i])), 0644,
			e) < 0)
			return -1;
	return add_checkout(w, e);
}

int
legal_write(struct arena *a, const struct release *r, const char *to, struct err *e)
{
	struct writing w = { .a = a,
		.r = r,
		.to = to,
		.ours = arena_printf(a, "sources/lh-bootstrap-%.12s.tar.zst", r->commit) };
	int done = -1;

	buf_adds(&w.index, "lh-legal 1\n");
	if (file_mkdirs(arena_printf(a, "%s/legal", to), 0755, e) == 0 &&
	    file_mkdirs(arena_printf(a, "%s/sources", to), 0755, e) == 0 && add_all(&w, e) == 0)
		done = file_write(
		    arena_printf(a, "%s/" LEGAL_INDEX, to), w.index.p, w.index.n, 0644, e);
	buf_free(&w.index);
	return done;
}

/* ---- reading ---- */

int
legal_parse(struct arena *a, const char *text, struct legal *out, struct err *e)
{
	static const char *const keys[] = { "package", "text", "source" };
	struct lines l;
	char *line;

	*out = (struct legal){ 0 };
	lines_text(a, LEGAL_INDEX, text, &l);
	line = lines_next(&l);
	if (!line || strcmp(line, "lh-legal 1") != 0)
		return fail(e, "%s: does not begin with `lh-legal 1`", LEGAL_INDEX);
	while ((line = lines_next(&l))) {
		struct legal_line in = { .key = word_next(&line),
			.name = word_next(&line),
			.version = word_next(&line),
			.value = line };
		bool known = false;

		for (size_t i = 0; in.key && i < sizeof keys / sizeof *keys; i++)
			known |= !strcmp(in.key, keys[i]);
		if (!known || !in.version || !*in.value)
			return fail(e, "%s:%u: expected `package|text|source NAME VERSION ..`",
			    LEGAL_INDEX, l.no);
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] = in;
	}
	return 0;
}

/* how many lines of that key it has; each file of them is in the release */
static int
count(const struct legal *l, const char *key, const struct man_package *p, const struct sums *s,
    size_t *n, struct err *e)
{
	*n = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct legal_line *in = &l->v[i];

		if (strcmp(in->key, key) != 0 || strcmp(in->name, p->name) != 0 ||
		    strcmp(in->version, p->version) != 0)
			continue;
		++*n;
		if (strcmp(key, "package") != 0 && !sums_find(s, in->value))
			return fail(e, "%s: %s %s: its %s %s is not in the release", LEGAL_INDEX,
			    p->name, p->version, key, in->value);
	}
	return *n ? 0
		  : fail(e, "%s: has no `%s` of %s %s, which is in an image", LEGAL_INDEX, key,
			p->name, p->version);
}

int
legal_covers(const struct legal *l, const struct manifest *m, const struct sums *s, struct err *e)
{
	size_t n;

	for (size_t i = 0; i < m->npackages; i++)
		if (count(l, "package", &m->packages[i], s, &n, e) < 0 ||
		    count(l, "text", &m->packages[i], s, &n, e) < 0 ||
		    count(l, "source", &m->packages[i], s, &n, e) < 0)
			return -1;
	return 0;
}
