/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/gather.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/command/audit.h"
#include "build/command/cli.h"
#include "build/command/session.h"
#include "build/config/triples.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/source/fetch.h"
#include "build/source/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* value of NAME on the command line, the last one; NULL */
static const char *
given(const struct request *rq, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = rq->nvars; i-- > 0;)
		if (!strncmp(rq->vars[i], name, n) && rq->vars[i][n] == '=')
			return rq->vars[i] + n + 1;
	return NULL;
}

static void
add_file(struct arena *a, struct gathered *g, const struct want *w)
{
	const char *name = w->got->file;

	for (size_t i = 0; i < g->n; i++) {
		if (!strcmp(g->v[i].sha256, w->got->sha256))
			return;
		if (!strcmp(g->v[i].name, name)) /* another's, with the same name */
			name = arena_printf(a, "%s-%s", w->got->sha256, name);
	}
	g->v = arena_more(a, g->v, g->n, sizeof *g->v);
	g->v[g->n++] =
	    (struct gathered_file){ .name = name, .path = w->path, .sha256 = w->got->sha256 };
}

/* all triples, one set; NULL: the configured one */
static int
gather_set(
    const struct request *rq, const char *set, struct gathered *g, size_t *lacking, struct err *e)
{
	char **vars = arena_array(rq->a, rq->nvars + 1, sizeof *vars);
	size_t nvars = rq->nvars, n;
	const struct plan **plans;
	struct triples t;
	struct session *v;
	struct want *wants;
	int r = -1;

	if (nvars)
		memcpy(vars, rq->vars, nvars * sizeof *vars);
	if (set)
		vars[nvars++] = arena_printf(rq->a, "SET=%s", set);
	if (triples_read(rq->a, rq->top, vars, nvars, &t, e) < 0)
		return -1;
	v = arena_array(rq->a, t.n, sizeof *v);
	plans = arena_array(rq->a, t.n, sizeof *plans);
	if (session_open(rq->a, t.v, t.n, true, v, e) < 0)
		return -1;
	for (size_t i = 0; i < t.n; i++)
		plans[i] = &v[i].plan;
	profile_wants(rq->a, plans, t.n, &wants, &n);
	if (fetch_all(rq->a, &v->cfg, wants, n, e) < 0)
		goto close_sessions;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got) {
			add_file(rq->a, g, &wants[i]);
			continue;
		}
		fetch_lack(&v->cfg, &wants[i], &lack);
		log_warn("%s", lack.msg);
		++*lacking;
	}
	g->output = v->cfg.output;
	g->cache = v->cfg.cache;
	g->epoch = config_get(&v->cfg, "EPOCH");
	r = 0;

close_sessions:
	session_close(v, t.n);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(
	    ((const struct gathered_file *)a)->name, ((const struct gathered_file *)b)->name);
}

int
gather_sources(const struct request *rq, struct gathered *out, struct err *e)
{
	const char *sets = given(rq, "SETS");
	char *rest = sets ? arena_strdup(rq->a, sets) : NULL, *set = rest ? word_next(&rest) : NULL;
	size_t lacking = 0;

	*out = (struct gathered){ 0 };
	do
		if (gather_set(rq, set, out, &lacking, e) < 0)
			return -1;
	while (set && (set = word_next(&rest)));
	if (lacking)
		return fail(e,
		    "%zu sources could not be fetched; MIRRORS, GIT_MIRROR and OVERRIDE_name can "
		    "name "
		    "other places",
		    lacking);
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return 0;
}

/* what the other of the two kinds of fetch would use */
static int
fits(const struct request *rq, struct err *e)
{
	static const char *const lists[] = { "TRIPLES", "SETS" };

	if (rq->bytes && !rq->audit)
		return fail_usage(e, "--bytes: goes with --audit");
	for (size_t i = 0; rq->audit && i < sizeof lists / sizeof *lists; i++)
		if (given(rq, lists[i]))
			return fail_usage(e,
			    "%s: not with --audit, which asks for every version of every recipe",
			    lists[i]);
	return 0;
}

int
gather_command(const struct request *rq, struct err *e)
{
	struct gathered g;

	if (fits(rq, e) < 0)
		return -1;
	if (rq->audit)
		return audit_command(rq, e);
	if (gather_sources(rq, &g, e) < 0)
		return -1;
	log_info("%zu sources in %s/sources", g.n, g.output);
	return 0;
}
