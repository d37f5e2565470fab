/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/gather.h"

#include "build/audit.h"
#include "build/base/arena.h"
#include "build/base/file.h"
#include "build/base/lines.h"
#include "build/base/log.h"
#include "build/cli.h"
#include "build/fetch.h"
#include "build/profile.h"
#include "build/session.h"

#include <dirent.h>
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

/* "all": the folders of sysdeps/ with facts */
static const char *
all_triples(const struct request *rq)
{
	struct dirent **v = NULL;
	char *list = arena_strdup(rq->a, "");
	int n = scandir(arena_printf(rq->a, "%s/sysdeps", rq->top), &v, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (*v[i]->d_name != '.' && file_exists(arena_printf(rq->a, "%s/sysdeps/%s/facts", rq->top, v[i]->d_name)))
			list = arena_printf(rq->a, "%s %s", list, v[i]->d_name);
		free(v[i]);
	}
	free(v);
	return list;
}

static void
add_file(struct arena *a, struct gathered *g, const struct want *w)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->v[i].name, w->got->file))
			return;
	g->v = arena_more(a, g->v, g->n, sizeof *g->v);
	g->v[g->n++] = (struct gathered_file){ .name = w->got->file, .path = w->path };
}

/* one triple, one set; NULL: the configured one */
static int
gather_one(const struct request *rq, const char *triple, const char *set, struct gathered *g, size_t *lacking, struct err *e)
{
	char **vars = arena_array(rq->a, rq->nvars + 2, sizeof *vars);
	struct session s;
	struct want *wants;
	size_t nvars = rq->nvars, n;
	int r = -1;

	if (nvars)
		memcpy(vars, rq->vars, nvars * sizeof *vars);
	if (triple)
		vars[nvars++] = arena_printf(rq->a, "TRIPLE=%s", triple);
	if (set)
		vars[nvars++] = arena_printf(rq->a, "SET=%s", set);
	if (session_open(rq->a, rq->top, vars, nvars, true, &s, e) < 0)
		return -1;
	profile_wants(rq->a, &s.plan, &wants, &n);
	if (fetch_all(rq->a, &s.cfg, wants, n, e) < 0)
		goto close_session;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got) {
			add_file(rq->a, g, &wants[i]);
			continue;
		}
		fetch_lack(&s.cfg, &wants[i], &lack);
		log_warn("%s", lack.msg);
		++*lacking;
	}
	g->output = s.cfg.output;
	g->cache = s.cfg.cache;
	g->epoch = config_get(&s.cfg, "EPOCH");
	r = 0;

close_session:
	session_close(&s);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct gathered_file *)a)->name, ((const struct gathered_file *)b)->name);
}

int
gather_sources(const struct request *rq, struct gathered *out, struct err *e)
{
	const char *triples = given(rq, "TRIPLES"), *sets = given(rq, "SETS");
	size_t lacking = 0;
	char *left, *triple;

	*out = (struct gathered){ 0 };
	if (triples && !strcmp(triples, "all"))
		triples = all_triples(rq);
	left = triples ? arena_strdup(rq->a, triples) : NULL;
	triple = left ? word_next(&left) : NULL;
	do {
		char *rest = sets ? arena_strdup(rq->a, sets) : NULL, *set = rest ? word_next(&rest) : NULL;

		do {
			if (gather_one(rq, triple, set, out, &lacking, e) < 0)
				return -1;
		} while (set && (set = word_next(&rest)));
	} while (triple && (triple = word_next(&left)));
	if (lacking)
		return fail(e, "%zu sources could not be had; MIRRORS, GIT_MIRROR and OVERRIDE_name can name other places", lacking);
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return 0;
}

int
gather_command(const struct request *rq, struct err *e)
{
	struct gathered g;

	if (rq->audit)
		return audit_command(rq, e);
	if (gather_sources(rq, &g, e) < 0)
		return -1;
	log_info("%zu sources in %s/sources", g.n, g.output);
	return 0;
}
