/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/show.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/confine.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/command/cli.h"
#include "build/command/graph.h"
#include "build/command/session.h"
#include "build/config/output.h"
#include "build/config/triples.h"
#include "build/diff/compare.h"
#include "build/engine/why.h"

#include <stdio.h>
#include <string.h>

int
show_why(const struct request *rq, struct err *e)
{
	struct session s;
	struct why w = { .cfg = &s.cfg, .sd = &s.sd, .plan = &s.plan };
	struct job job;
	struct buf out = { 0 };
	int r;

	if (!rq->nwords)
		return fail_usage(e, "why: name a package, such as s6 or host/s6");
	if (session_look(rq, &s, e) < 0 || session_look_up(&s, &job, e) < 0)
		return -1;
	w.dir = job.dir;
	r = why_text(s.a, &w, rq->words[0], &out, e);
	if (r == 0)
		log_stdout(out.p);
	buf_free(&out);
	return r;
}

int
show_difference(const struct request *rq, struct err *e)
{
	const char *const paths[2] = { rq->words[0], rq->words[1] };
	struct verdict v;

	if (rq->nwords < 2)
		return fail_usage(
		    e, "compare: name two manifests, folders with one, or disk images");
	/* they may be anybody's, and libext2fs was not written with an enemy in mind */
	if (confine_reader(e) < 0 || compare(rq->a, paths, &v, e) < 0) {
		if (e->code == EXIT_WORK) /* which says that they differ */
			e->code = EXIT_SYSTEM;
		return wrap(e, "compare");
	}
	log_stdout(v.told);
	return v.differences ? fail(e, "compare: %s and %s differ", paths[0], paths[1]) : 0;
}

static int
show_services(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct services s;
	struct buf out = { 0 };

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    services_read(rq->a, arena_printf(rq->a, "%s/layout/s6-rc", cfg.top), &s, e) < 0)
		return -1;
	services_graph(&s, &out);
	log_stdout(out.p);
	buf_free(&out);
	return 0;
}

int
show_graph(const struct request *rq, struct err *e)
{
	struct session s;

	if (rq->services)
		return show_services(rq, e);
	if (session_look(rq, &s, e) < 0)
		return -1;
	printf("digraph \"%s %s %s\" {\n\trankdir=LR;\n", s.cfg.triple, s.plan.profile, s.cfg.set);
	for (size_t i = 0; i < s.plan.n; i++) {
		const struct node *n = &s.plan.v[i];

		printf("\t\"%s\" [label=\"%s\\n%s\"];\n", n->id, n->id,
		    n->override	 ? "override"
		    : n->version ? n->version->version
				 : "");
		for (size_t j = 0; j < n->nneeds; j++)
			printf("\t\"%s\" -> \"%s\";\n", n->id, s.plan.v[n->needs[j]].id);
	}
	puts("}");
	return 0;
}

/* a value as sh would take it, and secrets only when asked for by name */
static const char *
shown(struct arena *a, const struct config_var *v)
{
	const char *value = v->value;

	if (config_secret(v->name) && *v->value)
		return "...";
	value = url_shown(a, value);
	return *value ? sh_quoted(a, value) : "";
}

int
show_config(const struct request *rq, struct err *e)
{
	struct config cfg;
	bool found = false;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	for (size_t i = 0; i < cfg.nvars; i++) {
		const struct config_var *v = &cfg.vars[i];

		if (rq->nwords && !strcmp(rq->words[0], v->name)) {
			puts(v->value);
			found = true;
		} else if (!rq->nwords && strcmp(v->name, "KERNEL_CONFIG_TEXT") != 0) {
			printf("%-40s # %s\n",
			    arena_printf(rq->a, "%s=%s", v->name, shown(rq->a, v)), v->from);
		}
	}
	if (rq->nwords && !found)
		return fail_usage(
		    e, "config %s: no such variable; lh-build config prints all", rq->words[0]);
	return 0;
}

int
show_manifests(const struct request *rq, struct err *e)
{
	struct triples t;

	if (triples_read(rq->a, rq->top, rq->vars, rq->nvars, &t, e) < 0)
		return -1;
	for (const struct config *cfg = t.v; cfg < t.v + t.n; cfg++)
		for (int i = 0; i < 2; i++) {
			bool dhcp = (i == 0) == cfg->use_dhcp;

			if (cli_wants_net(rq, cfg->use_dhcp, dhcp))
				printf("%s/manifest\n", output_dir(rq->a, cfg, dhcp));
		}
	return 0;
}
