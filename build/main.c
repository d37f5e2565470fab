/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/argv.h"
#include "build/base/url.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/err.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/base/startup.h"
#include "build/base/version.h"
#include "build/command/cli.h"
#include "build/diff/compare.h"
#include "build/command/explain.h"
#include "build/source/fetch.h"
#include "build/command/gather.h"
#include "build/command/gc.h"
#include "build/image/image.h"
#include "build/engine/job.h"
#include "build/command/licences.h"
#include "build/command/lint.h"
#include "build/command/outdated.h"
#include "build/config/output.h"
#include "build/source/profile.h"
#include "build/command/release.h"
#include "build/command/reproduce.h"
#include "build/command/sbom.h"
#include "build/command/session.h"
#include "build/config/sysdeps.h"
#include "build/config/triples.h"
#include "build/command/versions.h"
#include "build/engine/why.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- build ---- */

static int
fetch_sources(struct session *v, size_t nsessions, struct err *e)
{
	const struct plan **plans = arena_array(v->a, nsessions, sizeof *plans);
	struct want *wants;
	size_t n, lacking = 0;

	for (size_t i = 0; i < nsessions; i++)
		plans[i] = &v[i].plan;
	profile_wants(v->a, plans, nsessions, &wants, &n);
	if (fetch_all(v->a, &v->cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got)
			continue;
		fetch_lack(&v->cfg, &wants[i], &lack);
		log_warn("%s", lack.msg);
		lacking++;
	}
	if (lacking)
		return fail(e,
		    "%zu of %zu sources could not be fetched; MIRRORS, GIT_MIRROR and "
		    "OVERRIDE_name "
		    "can name other places",
		    lacking, n);
	log_info("%zu sources in %s/sources", n, v->cfg.output);
	return 0;
}

/* one image of those that are asked for: a triple in a network mode */
struct making {
	struct session s;
	const char *dir;
	bool linked; /* from OUTPUT itself */
};

static int
make_image(void *arg, struct err *e)
{
	struct making *m = arg;

	if (image_build(m->s.a, &m->s.cfg, &m->s.sd, &m->s.plan, m->dir, e) < 0)
		return -1;
	return sbom_refresh(m->s.a, &m->s.cfg, &m->s.plan, m->dir, e);
}

static int
install_kernel(struct making *m, struct err *e)
{
	struct session *s = &m->s;
	const struct node *n = plan_find(&s->plan, "target/linux");
	char *to = arena_printf(s->a, "%s/kernel", m->dir);

	if (!n)
		return fail_usage(
		    e, "profile %s has no target/linux, so no kernel", s->plan.profile);
	if (file_copy(arena_printf(s->a, "%s/out/kernel", n->store), to, 0644, e) < 0)
		return -1;
	log_info("kernel %s", to);
	return 0;
}

/* the configured network mode first; sessions and what is made of them are in this order */
static int
plan_images(const struct request *rq, struct session *v, size_t n, size_t chosen,
    struct making *out, size_t *nout, struct err *e)
{
	*nout = 0;
	for (size_t i = 0; i < n; i++)
		for (int other = 0; other < 2; other++) {
			bool dhcp = v[i].cfg.use_dhcp != (bool)other;
			struct making *m = &out[*nout];

			if (!cli_wants_net(rq, v[i].cfg.use_dhcp, dhcp))
				continue;
			*m = (struct making){ .s = v[i],
				.dir = output_dir(rq->a, &v[i].cfg, dhcp),
				.linked = i == chosen && !other };
			if (other && session_with_net(&v[i], dhcp, &m->s, e) < 0)
				return -1;
			if (rq->until == UNTIL_KERNEL &&
			    plan_keep(rq->a, &m->s.plan, "target/linux", e) < 0)
				return -1;
			++*nout;
		}
	return 0;
}

static const char *
net_of(const struct making *m)
{
	return m->s.cfg.use_dhcp ? "dhcp" : "static";
}

/* "x86_64-linux-musl, profile s6, set 2026-07, dhcp and static: 96 actions, 3 to run; WHY" */
static void
announce(const struct request *rq, const struct making *v, size_t n, size_t ntriples,
    const struct run *run)
{
	const struct session *s = &v->s;
	const char *why,
	    *triples = ntriples == 1 ? s->cfg.triple : arena_printf(rq->a, "%zu triples", ntriples);
	size_t missing = job_missing(run, &why);
	bool both = n > ntriples;

	log_info("%s, profile %s, set %s, %s%s: %zu actions, %zu to run%s%s", triples,
	    s->plan.profile, s->cfg.set, net_of(v),
	    both ? arena_printf(rq->a, " and %s", net_of(v + 1)) : "", job_nodes(run), missing,
	    why ? "; " : "", why ? why : "");
}

static int
build_all(const struct request *rq, struct session *sessions, size_t nsessions, size_t chosen,
    struct err *e)
{
	struct making *v = arena_array(rq->a, 2 * nsessions, sizeof *v);
	struct job *jobs = arena_array(rq->a, 2 * nsessions, sizeof *jobs);
	struct job_opts o = { .dry = rq->dry,
		.keep_going = rq->keep_going,
		.timeline = arena_printf(rq->a, "%s/logs/timeline.html", sessions->cfg.output) };
	struct run *run;
	size_t n;

	if (plan_images(rq, sessions, nsessions, chosen, v, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		jobs[i] = session_job(&v[i].s, v[i].dir);
		if (nsessions > 1)
			jobs[i].label = sysdeps_get(&v[i].s.sd, "short");
		if (rq->until == UNTIL_IMAGE) {
			jobs[i].finish = make_image;
			jobs[i].finish_name = "image";
			jobs[i].arg = &v[i];
		}
	}
	if (job_open(rq->a, jobs, n, &o, &run, e) < 0)
		return -1;
	announce(rq, v, n, nsessions, run);
	if (job_run(run, e) < 0) {
		for (size_t i = 0; i < n && rq->keep_going; i++)
			if (!job_complete(run, &jobs[i]))
				log_warn("%s, %s: incomplete", v[i].s.cfg.triple, net_of(&v[i]));
		return -1;
	}
	for (size_t i = 0; i < n && !rq->dry; i++) {
		if (rq->until == UNTIL_KERNEL && install_kernel(&v[i], e) < 0)
			return -1;
		if (v[i].linked && rq->until != UNTIL_PACKAGES &&
		    output_link(rq->a, &v[i].s.cfg, e) < 0)
			return -1;
	}
	return 0;
}

/* sessions for all triples, and what is to be done with them */
static int
with_sessions(const struct request *rq, bool write,
    int (*work)(const struct request *, struct session *, size_t n, size_t chosen, struct err *),
    struct err *e)
{
	struct triples t;
	struct session *v;
	int r;

	if (triples_read(rq->a, rq->top, rq->vars, rq->nvars, &t, e) < 0)
		return -1;
	v = arena_array(rq->a, t.n, sizeof *v);
	if (session_open(rq->a, t.v, t.n, write, v, e) < 0)
		return -1;
	r = work(rq, v, t.n, t.chosen, e);
	session_close(v, t.n);
	return r;
}

static int
build(const struct request *rq, struct session *v, size_t n, size_t chosen, struct err *e)
{
	if (rq->until == UNTIL_SOURCES)
		return fetch_sources(v, n, e);
	if (v->why)
		log_info("profile %s, not s6: %s", v->plan.profile, v->why);
	if (build_all(rq, v, n, chosen, e) < 0)
		return -1;
	if (v->why)
		log_info("profile %s, not s6: %s", v->plan.profile, v->why);
	return 0;
}

static int
cmd_build(const struct request *rq, struct err *e)
{
	return with_sessions(rq, !rq->dry, build, e);
}

/* ---- looking ---- */

/* of one triple, to look at */
static int
look(const struct request *rq, struct session *s, struct err *e)
{
	struct config cfg;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	return session_open(rq->a, &cfg, 1, false, s, e);
}

static int
cmd_why(const struct request *rq, struct err *e)
{
	struct job_opts o = { .dry = true };
	struct session s;
	struct job job;
	struct buf out = { 0 };
	struct run *run;
	int r;

	if (!rq->nwords)
		return fail_usage(e, "why: name a package, such as s6 or host/s6");
	if (look(rq, &s, e) < 0)
		return -1;
	job = session_job(&s, output_dir(s.a, &s.cfg, s.cfg.use_dhcp));
	if (job_open(s.a, &job, 1, &o, &run, e) < 0)
		return -1;
	r = why_tell(s.a, &s.cfg, &s.sd, &s.plan, job.dir, rq->words[0], &out, e);
	if (r == 0)
		fputs(out.p, stdout);
	buf_free(&out);
	return r;
}

static int
cmd_compare(const struct request *rq, struct err *e)
{
	const char *const paths[2] = { rq->words[0], rq->words[1] };
	struct verdict v;

	if (rq->nwords < 2)
		return fail_usage(
		    e, "compare: name two manifests, folders with one, or disk images");
	if (compare(rq->a, paths, &v, e) < 0)
		return wrap(e, "compare");
	fputs(v.told, stdout);
	return v.differences ? fail(e, "compare: %s and %s differ", paths[0], paths[1]) : 0;
}

static int
cmd_graph(const struct request *rq, struct err *e)
{
	struct session s;

	if (look(rq, &s, e) < 0)
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

static int
cmd_versions(const struct request *rq, struct err *e)
{
	struct session s;
	struct buf out = { 0 };
	int r;

	if (look(rq, &s, e) < 0)
		return -1;
	r = versions_tell(&s, &out, e);
	if (r == 0)
		fputs(out.p, stdout);
	buf_free(&out);
	return r;
}

static int
cmd_lint(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct buf out = { 0 };
	int found;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0)
		return -1;
	found = lint_all(rq->a, &cfg, &out, e);
	if (out.n)
		fputs(out.p, stdout);
	buf_free(&out);
	return found > 0 ? fail(e, "lint: %d findings", found) : found;
}

/* a value as sh would take it, and secrets only when asked for by name */
static const char *
shown(struct arena *a, const struct config_var *v)
{
	const char *value = v->value;

	if (strstr(v->name, "PASSWORD") && *v->value)
		return "...";
	if (!strcmp(v->name, "CACHE_URL") || !strcmp(v->name, "MIRRORS"))
		value = url_shown(a, value);
	return *value ? sh_quoted(a, value) : "";
}

static int
cmd_config(const struct request *rq, struct err *e)
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
		return fail_usage(e, "config %s: there is no such variable", rq->words[0]);
	return 0;
}

static int
cmd_manifests(const struct request *rq, struct err *e)
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

/* ---- removing ---- */

static int
clean(const struct request *rq, bool all, struct err *e)
{
	struct config cfg;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	return output_clean(rq->a, &cfg, all, e);
}

static int
cmd_clean(const struct request *rq, struct err *e)
{
	return clean(rq, false, e);
}

static int
cmd_distclean(const struct request *rq, struct err *e)
{
	return clean(rq, true, e);
}

/* ---- the command line ---- */

static const struct command commands[] = {
	{ "build", "", "builds what changed and writes the image (or stops earlier: --until)",
	    "nkjNU", 0, cmd_build },
	{ "fetch", "",
	    "gets all sources, so that a build needs no network (--audit: asks all origins of all "
	    "recipes)",
	    "AB", 0, gather_command },
	{ "outdated", "",
	    "tells which recipes pin less than their origins have (--check: and fails)", "T", 0,
	    outdated_command },
	{ "bundle", "FILE",
	    "packs the checkout and its sources, to build where there is no network", "", 1,
	    bundle_command },
	{ "why", "PACKAGE", "tells what makes, or made, a package be built again", "", 1, cmd_why },
	{ "explain", "PACKAGE",
	    "tells all that is known of a package here: source, needs, key, result, images", "", 1,
	    explain_command },
	{ "sbom", "", "writes the bills of materials of the image that is there, and says where",
	    "", 0, sbom_command },
	{ "compare", "A B", "tells what differs in two images, and which package it comes from", "",
	    2, cmd_compare },
	{ "reproduce", "", "builds twice, the second time in other circumstances, and compares", "",
	    0, reproduce_command },
	{ "release", "",
	    "puts images that were built and verified into OUTPUT/release, to be given away", "nN",
	    0, release_command },
	{ "graph", "", "prints who needs whom, for dot(1)", "", 0, cmd_graph },
	{ "versions", "",
	    "prints the packages with their versions, chosen and pinned, for programs", "", 0,
	    cmd_versions },
	{ "lint", "", "checks recipes/, patches/, sysdeps/ and layout/ for mistakes", "", 0,
	    cmd_lint },
	{ "licences", "",
	    "compares the licence files in the sources that are here with what the recipes pin", "",
	    0, licences_command },
	{ "config", "[VARIABLE]",
	    "prints every variable, its value and where it comes from; or one value", "", 1,
	    cmd_config },
	{ "manifests", "", "prints where the manifests of the images are", "N", 0, cmd_manifests },
	{ "gc", "", "removes from CACHE what no OUTPUT needs (--sources: source files too)", "nS",
	    0, gc_command },
	{ "clean", "", "removes what is in OUTPUT but the sources", "", 0, cmd_clean },
	{ "distclean", "", "removes OUTPUT", "", 0, cmd_distclean },
	{ 0 },
};

static void
help(void)
{
	puts("usage: lh-build COMMAND [OPTION...] [NAME=VALUE...]\n"
	     "\n"
	     "Compiles a Linux system from source and writes a disk image.  NAME=VALUE beats what\n"
	     "lh-config says of NAME; lh-config.dist explains them all.\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-9s %-11s %s\n", c->name, c->args, c->help);
	puts(
	    "\n"
	    "  -n            build, gc, release: say what would run and why, run nothing\n"
	    "  -k            build: after a failure, build what can still be built\n"
	    "  -j N          build: as JOBS=N\n"
	    "  --until=WHAT  build: sources, packages, kernel or image (default)\n"
	    "  --net=MODE    build, manifests, release: an image for dhcp or static; may be given "
	    "twice;\n"
	    "                the mode that is not configured gets a folder of its own\n"
	    "  --audit       fetch: tell which origins are dead, moved or changed, and get "
	    "nothing\n"
	    "  --bytes       fetch --audit: by the bytes of a file, not by its size\n"
	    "  --check       outdated: fail when a recipe is\n"
	    "  TRIPLES=LIST  build, fetch, manifests, release: for all, or for some: \"x86_64 "
	    "armv7\"\n"
	    "  -C FOLDER     the checkout, if it is neither the working directory nor the\n"
	    "                folder above this program's\n"
	    "  --help, --version\n"
	    "\n"
	    "Exit status: 0 done, 1 could not be built, 100 wrong usage or configuration, 111 the\n"
	    "system refused.");
}

static bool
is_checkout(struct arena *a, const char *dir)
{
	return file_isdir(arena_printf(a, "%s/recipes", dir)) &&
	       file_isdir(arena_printf(a, "%s/sysdeps", dir));
}

/* -C, or the working directory, or the folder above the program's */
static int
find_checkout(struct request *rq, struct err *e)
{
	char program[PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 8);

	if (!rq->top && is_checkout(rq->a, "."))
		rq->top = ".";
	if (!rq->top && n > 0) {
		program[n] = '\0';
		for (int i = 0; i < 2; i++)
			*strrchr(program, '/') = '\0';
		if (is_checkout(rq->a, program))
			rq->top = program;
	}
	if (!rq->top)
		return fail_usage(
		    e, "no checkout here, with its recipes/ and sysdeps/; name it with -C");
	if (!realpath(rq->top, real))
		return fail_errno(e, "%s", rq->top);
	if (!is_checkout(rq->a, real))
		return fail_usage(e, "%s: is no checkout: it has no recipes/ or no sysdeps/", real);
	rq->top = arena_strdup(rq->a, real);
	return 0;
}

/* wherever it stands: who asks for help is not told what else is wrong */
static bool
has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct request rq = { .a = arena_new() };
	struct err e = { 0 };
	int status = 0;

	startup("lh-build");
	if (has_word(argc, argv, "--help")) {
		help();
	} else if (has_word(argc, argv, "--version")) {
		printf("lh-build %s\n", lh_version);
	} else if (cli_parse(argc, argv, commands, &rq, &e) < 0 || find_checkout(&rq, &e) < 0 ||
		   rq.command->run(&rq, &e) < 0) {
		status = log_fatal(&e);
	} else if (fflush(stdout) != 0) {
		fail_errno(&e, "write to stdout");
		status = log_fatal(&e);
	}
	arena_free(rq.a);
	return status;
}
