/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/versions.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/command/session.h"
#include "build/files/lines.h"

#include <stdio.h>
#include <string.h>

#define MOST_WORDS 32

static int
read_row(struct arena *a, const struct lines *l, char *line, const struct recipes *r,
    struct minimum **out, size_t *n, struct err *e)
{
	char *w[MOST_WORDS];
	size_t count = words(line, w, MOST_WORDS);

	if (count < 4 || count > MOST_WORDS || count % 2)
		return lines_fail(l, e, "expected PACKAGE VERSION, then pairs NEED MINIMUM");
	for (size_t i = 0; i < count; i += 2)
		if (!recipe_find(r, w[i]))
			return lines_fail(l, e, "%s: no such recipe", w[i]);
	for (size_t i = 2; i < count; i += 2) {
		*out = arena_more(a, *out, *n, sizeof **out);
		(*out)[(*n)++] = (struct minimum){ w[0], w[1], w[i], w[i + 1] };
	}
	return 0;
}

int
minimums_read(struct arena *a, const char *top, const struct recipes *r, struct minimum **out,
    size_t *n, struct err *e)
{
	const char *path = arena_printf(a, "%s/recipes/minimums", top);
	struct lines l;
	char *line;

	*out = NULL;
	*n = 0;
	if (lines_open_if_there(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l)))
		if (read_row(a, &l, line, r, out, n, e) < 0)
			return -1;
	return 0;
}

/* a recipe may be there in several variants, and lend its versions to others: it is told once */
static const struct node *
first_of(const struct plan *p, const struct recipe *origin)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].origin == origin && p->v[i].version)
			return &p->v[i];
	return NULL;
}

int
versions_text(const struct session *s, struct buf *out, struct err *e)
{
	struct minimum *m;
	size_t n;

	if (minimums_read(s->a, s->cfg.top, &s->recipes, &m, &n, e) < 0)
		return -1;
	buf_addf(out,
	    "checkout\t%s\ntriple\t%s\nprofile\t%s\nset\t%s\noutput\t%s\nowner\t%lu\t%lu\n",
	    s->cfg.top, s->cfg.triple, s->plan.profile, s->cfg.set, s->cfg.output,
	    (unsigned long)s->cfg.uid, (unsigned long)s->cfg.gid);
	for (size_t i = 0; i < s->recipes.n; i++) {
		const struct recipe *r = &s->recipes.v[i];
		const struct node *chosen = first_of(&s->plan, r);

		if (!chosen)
			continue;
		buf_addf(out, "package\t%s\t%s", r->name, chosen->version->version);
		if (chosen->override)
			buf_addf(out, "\t%s", chosen->override);
		buf_adds(out, "\n");
		for (size_t j = 0; j < r->nversions; j++)
			buf_addf(out, "version\t%s\t%s\n", r->name, r->versions[j].version);
		for (size_t j = 0; j < n; j++)
			if (!strcmp(m[j].package, r->name))
				buf_addf(out, "minimum\t%s\t%s\t%s\t%s\n", r->name, m[j].version,
				    m[j].on, m[j].least);
	}
	return 0;
}

int
versions_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct session s;
	struct buf out = { 0 };
	int r;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    (rq->make_folders && config_drop_root(&cfg, true, e) < 0) ||
	    session_open(rq->a, &cfg, 1, false, &s, e) < 0)
		return -1;
	r = versions_text(&s, &out, e);
	if (r == 0)
		log_stdout(out.p);
	buf_free(&out);
	return r;
}
