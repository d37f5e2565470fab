/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/licences.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/plan/recipe.h"
#include "build/source/local.h"
#include "build/source/unpack.h"

#include <stdio.h>
#include <string.h>

/* what a version might pin that pins nothing: said where it is found */
static const char *const usual[] = { "COPYING", "COPYRIGHT", "LICENSE", "LICENSE.txt", "LICENCE" };

#define NUSUAL (sizeof usual / sizeof *usual)

struct checking {
	struct arena *a;
	struct licences *l;
	struct buf *told;
	struct local *local;
	unsigned most; /* MiB that a source may unpack to */
};

/* the version's source, in whatever form is here; NULL: it is not */
static const char *
source_of(struct checking *t, const struct version *v)
{
	for (size_t i = 0; i < v->nforms; i++) {
		const char *path = local_look(t->local, &v->forms[i]);

		if (path)
			return path;
	}
	return NULL;
}

static void
compare(struct checking *t, const struct recipe *r, const struct version *v,
    const struct unpack_look *is)
{
	for (size_t i = 0; i < v->nlicences; i++) {
		const struct licence_file *want = &v->licences[i];

		if (!strcmp(is[i].sha256, want->sha256)) {
			t->l->good++;
			continue;
		}
		t->l->findings++;
		if (!*is[i].sha256)
			buf_addf(t->told,
			    "%s %s: %s: not in its source; correct licence-file in "
			    "recipes/%s/recipe\n",
			    r->name, v->version, want->path, r->name);
		else
			buf_addf(t->told,
			    "%s %s: %s: sha256 is %s, pinned is %s; read the new text, then "
			    "correct licence and licence-file in recipes/%s/recipe\n",
			    r->name, v->version, want->path, is[i].sha256, want->sha256, r->name);
	}
}

static void
suggest(struct checking *t, const struct recipe *r, const struct version *v,
    const struct unpack_look *is)
{
	size_t i = 0;

	while (i < NUSUAL && !*is[i].sha256)
		i++;
	buf_addf(t->told,
	    "%s %s: pins no licence file; read it, and add to recipes/%s/recipe: licence-file %s "
	    "%s\n",
	    r->name, v->version, r->name, i < NUSUAL ? is[i].path : "PATH",
	    i < NUSUAL ? is[i].sha256 : "SHA256");
	t->l->findings++;
}

static int
check_version(struct checking *t, const struct recipe *r, const struct version *v, struct err *e)
{
	const char *source = source_of(t, v);
	size_t n = v->nlicences ? v->nlicences : NUSUAL;
	struct unpack_look *look = arena_array(t->a, n, sizeof *look);

	if (!source) {
		buf_addf(t->told, "%s %s: not checked: its source is not fetched\n", r->name,
		    v->version);
		t->l->unchecked++;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		look[i].path = v->nlicences ? v->licences[i].path : usual[i];
	if (unpack_look(source, 1, t->most, look, n, e) < 0)
		return wrap(e, "%s %s", r->name, v->version);
	if (v->nlicences)
		compare(t, r, v, look);
	else
		suggest(t, r, v, look);
	return 0;
}

int
licences_check(struct arena *a, const struct config *cfg, const struct recipes *r,
    struct licences *out, struct buf *told, struct err *e)
{
	struct checking t = { .a = a,
		.l = out,
		.told = told,
		.local = local_open(a, cfg),
		.most = cfg->unpack_limit };

	*out = (struct licences){ 0 };
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->v[i].nversions; k++)
			if (check_version(&t, &r->v[i], &r->v[i].versions[k], e) < 0)
				return -1;
	return 0;
}

int
licences_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct recipes recipes;
	struct licences l;
	struct buf told = { 0 };
	int r;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, cfg.top, &recipes, e) < 0)
		return -1;
	r = licences_check(rq->a, &cfg, &recipes, &l, &told, e);
	if (told.n)
		log_stdout(told.p);
	buf_free(&told);
	if (r < 0)
		return -1;
	printf("%zu licence files as pinned, %zu findings, %zu versions not checked\n", l.good,
	    l.findings, l.unchecked);
	return l.findings ? fail(e, "licences: %zu findings", l.findings) : 0;
}
