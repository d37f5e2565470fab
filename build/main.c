/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/err.h"
#include "build/base/log.h"
#include "build/base/startup.h"
#include "build/base/version.h"
#include "build/command/clean.h"
#include "build/command/cli.h"
#include "build/command/explain.h"
#include "build/command/flash.h"
#include "build/command/fsck.h"
#include "build/command/gather.h"
#include "build/command/gc.h"
#include "build/command/lint.h"
#include "build/command/outdated.h"
#include "build/command/pin.h"
#include "build/command/session.h"
#include "build/command/show.h"
#include "build/command/versions.h"
#include "build/config/output.h"
#include "build/config/sysdeps.h"
#include "build/config/top.h"
#include "build/config/triples.h"
#include "build/engine/run.h"
#include "build/files/file.h"
#include "build/image/image.h"
#include "build/publish/bundle.h"
#include "build/publish/licences.h"
#include "build/publish/release.h"
#include "build/publish/reproduce.h"
#include "build/publish/sbom.h"
#include "build/publish/verify_release.h"
#include "build/source/fetch.h"
#include "build/source/profile.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* one image of those that are asked for: a triple in a network mode */
struct making {
	struct session s; /* config and plan */
	const char *dir;
	bool linked; /* from OUTPUT itself */
};

/* ---- plan ---- */

/* the configured network mode first; sessions and what is made of them are in this order */
static int
plan_images(const struct request *rq, const struct session *v, const struct triples *t,
    struct making *out, size_t *nout, struct err *e)
{
	*nout = 0;
	for (size_t i = 0; i < t->n; i++)
		for (int other = 0; other < 2; other++) {
			bool dhcp = v[i].cfg.use_dhcp != (bool)other;
			struct making *m = &out[*nout];

			if (!cli_wants_net(rq, v[i].cfg.use_dhcp, dhcp))
				continue;
			*m = (struct making){ .s = v[i],
				.dir = output_dir(rq->a, &v[i].cfg, dhcp),
				.linked = i == t->chosen && !other };
			if (other && session_with_net(&v[i], dhcp, &m->s, e) < 0)
				return -1;
			if (rq->until == UNTIL_KERNEL &&
			    plan_keep(rq->a, &m->s.plan, "target/linux", e) < 0)
				return -1;
			++*nout;
		}
	return 0;
}

/* ---- fetch ---- */

/* for --until=sources: of all that is planned, what is built already included */
static int
fetch_all_sources(struct session *v, size_t nsessions, struct err *e)
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
		    "OVERRIDE_name can name other places",
		    lacking, n);
	log_info("%zu sources in %s/sources", n, v->cfg.output);
	return 0;
}

/* ---- job ---- */

static const char *
net_of(const struct making *m)
{
	return m->s.cfg.use_dhcp ? "dhcp" : "static";
}

static void
log_profile(const struct session *s)
{
	if (s->why)
		log_info("profile %s, not s6: %s", s->plan.profile, s->why);
}

/* at the end, where it is read: also when all of it was built before */
static void
log_sandbox(const struct session *s)
{
	if (s->tools.unboxed)
		log_warn("built without a sandbox, as the manifest says: %s", s->tools.unboxed);
}

/* "x86_64-linux-musl, profile s6, set 2026-07, dhcp and static: 96 actions, 3 to run; WHY" */
static void
announce(const struct request *rq, const struct making *v, size_t n, size_t ntriples,
    const struct run *run)
{
	const struct session *s = &v->s;
	const char *why,
	    *triples = ntriples == 1 ? s->cfg.triple : arena_printf(rq->a, "%zu triples", ntriples);
	size_t missing = run_missing(run, &why);
	bool both = n > ntriples;

	log_info("%s, profile %s, set %s, %s%s: %zu actions, %zu to run%s%s", triples,
	    s->plan.profile, s->cfg.set, net_of(v),
	    both ? arena_printf(rq->a, " and %s", net_of(v + 1)) : "", run_nodes(run), missing,
	    why ? "; " : "", why ? why : "");
}

/* ---- image ---- */

static int
make_image(void *arg, struct err *e)
{
	struct making *m = arg;

	if (image_build(m->s.a, &m->s.cfg, &m->s.sd, &m->s.plan, m->dir, e) < 0)
		return -1;
	return sbom_refresh(m->s.a, &m->s.cfg, &m->s.plan, m->dir, e);
}

/* both are; of them, nothing that is there is used */
static int
image_is_made(void *arg, struct err *e)
{
	struct making *m = arg;
	struct session *s = &m->s;
	int there = image_is_there(s->a, &s->cfg, &s->sd, &s->plan, m->dir, e);

	return there > 0 ? sbom_is_there(s->a, &s->cfg, &s->plan, m->dir, e) : there;
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

/* where people look for it */
static int
install(const struct request *rq, struct making *v, size_t n, struct err *e)
{
	for (struct making *m = v; m < v + n; m++) {
		if (rq->until == UNTIL_KERNEL && install_kernel(m, e) < 0)
			return -1;
		if (m->linked && rq->until != UNTIL_PACKAGES &&
		    output_link(rq->a, &m->s.cfg, e) < 0)
			return -1;
	}
	return 0;
}

/* fetch -> job -> stage -> image */
static int
run_missing_ones(struct making *v, size_t n, struct run *run, struct err *e)
{
	const char *ignored;

	for (size_t i = 0; run_missing(run, &ignored) && i < n; i++)
		if (session_verify_system(&v[i].s, e) < 0)
			return -1;
	return run_fetch(run, e) < 0 ? -1 : run_build(run, e);
}

/* ---- the picture ---- */

/* plan -> fetch -> job -> stage -> image */
static int
run_images(const struct request *rq, struct making *v, size_t n, size_t ntriples, struct err *e)
{
	struct job *jobs = arena_array(rq->a, n, sizeof *jobs);
	struct run_opts o = { .dry = rq->dry,
		.keep_going = rq->keep_going,
		.timeline = arena_printf(rq->a, "%s/logs/timeline.html", v->s.cfg.output) };
	struct run *run;
	int r = 0;

	/* a plan is a job; its image is staged and written as soon as all its nodes are there */
	for (size_t i = 0; i < n; i++) {
		jobs[i] = session_job(&v[i].s, v[i].dir);
		if (ntriples > 1)
			jobs[i].label = sysdeps_get(&v[i].s.sd, "short");
		if (rq->until == UNTIL_IMAGE) {
			jobs[i].finish = make_image;
			jobs[i].finish_name = "image";
			jobs[i].is_there = image_is_made;
			jobs[i].arg = &v[i];
		}
	}
	if (run_open(rq->a, jobs, n, &o, &run, e) < 0)
		return -1;
	announce(rq, v, n, ntriples, run);
	for (size_t i = 0; i < n; i++)
		if (jobs[i].is_there && run_complete(run, &jobs[i]))
			log_info("image %s/disk-image.raw: up to date", v[i].dir);
	if (rq->dry)
		run_print(run);
	else
		r = run_missing_ones(v, n, run, e);
	run_close(run);
	for (size_t i = 0; i < n && r < 0 && rq->keep_going; i++)
		if (!run_complete(run, &jobs[i]))
			log_warn("%s, %s: incomplete", v[i].s.cfg.triple, net_of(&v[i]));
	return r < 0 || rq->dry ? r : install(rq, v, n, e);
}

/* lh-config, recipes/ -> config -> recipe -> plan */
static int
build(const struct request *rq, struct err *e)
{
	struct triples configs; /* one a triple */
	struct session *v;	/* what each leads to */
	struct making *images;	/* of each, one or both network modes */
	size_t n;
	int r = -1;

	if (rq->dry && rq->until == UNTIL_SOURCES)
		return fail_usage(e,
		    "--dry-run: --until=sources only fetches; lh-build fetch --audit asks "
		    "whether it could");
	if (triples_read(rq->a, rq->top, rq->vars, rq->nvars, &configs, e) < 0)
		return -1;
	v = arena_array(rq->a, configs.n, sizeof *v);
	if (session_read(rq->a, configs.v, configs.n, v, e) < 0)
		return -1;
	if (session_hold(v, configs.n, !rq->dry, e) < 0 ||
	    session_choose_profile(v, configs.n, e) < 0)
		goto close_sessions;
	if (rq->until == UNTIL_SOURCES) {
		r = fetch_all_sources(v, configs.n, e);
		goto close_sessions;
	}
	log_profile(v);
	images = arena_array(rq->a, 2 * configs.n, sizeof *images);
	if (plan_images(rq, v, &configs, images, &n, e) < 0 ||
	    run_images(rq, images, n, configs.n, e) < 0)
		goto close_sessions;
	log_profile(v);
	if (!rq->dry)
		log_sandbox(v);
	r = 0;

close_sessions:
	session_close(v, configs.n);
	return r;
}

/* ---- the command line ---- */

static const struct command commands[] = {
	{ "build", "", "builds what changed and writes the image (or stops earlier: --until)",
	    "nkjUNLC", 0, build },
	{ "fetch", "",
	    "fetches all sources, so that a build needs no network (--audit: only asks every "
	    "origin)",
	    "ABLEC", 0, gather_command },
	{ "outdated", "",
	    "lists recipes whose origins have a newer version (--check: fails if any may)", "TC", 0,
	    outdated_command },
	{ "pin", "NAME VERSION",
	    "prints what a recipe needs to pin a new version, checksums from two origins", "OC", 2,
	    pin_command },
	{ "bundle", "FILE", "packs the checkout and its sources, to build from without a network",
	    "LEC", 1, bundle_command },
	{ "why", "PACKAGE", "explains why a package is or was rebuilt", "C", 1, show_why },
	{ "explain", "PACKAGE", "prints a package's source, dependencies, key, result and images",
	    "C", 1, explain_command },
	{ "sbom", "", "writes the bills of materials of the image, and prints their paths", "C", 0,
	    sbom_command },
	{ "compare", "A B", "lists the differences of two images, with the package each comes from",
	    "", 2, show_difference },
	{ "reproduce", "", "builds twice, the second time in another environment, and compares",
	    "C", 0, reproduce_command },
	{ "release", "", "copies verified images to OUTPUT/release, for publication", "nNLC", 0,
	    release_command },
	{ "verify-release", "DIR [SIGNERS]",
	    "checks a released folder, from anywhere, and who signed it", "", 2,
	    verify_release_command },
	{ "flash", "DEVICE", "writes the image to a disk, reads it back and compares", "nFC", 1,
	    flash_command },
	{ "graph", "", "prints the dependency graph, for dot(1)", "VC", 0, show_graph },
	{ "versions", "",
	    "prints every package with its chosen and its pinned versions, for programs", "MC", 0,
	    versions_command },
	{ "lint", "", "checks recipes/, patches/, sysdeps/ and layout/ for mistakes", "C", 0,
	    lint_command },
	{ "licences", "",
	    "compares licence files in the fetched sources with those that the recipes pin", "C", 0,
	    licences_command },
	{ "config", "[VARIABLE]",
	    "prints every variable, its value and where it comes from; or one value", "C", 1,
	    show_config },
	{ "manifests", "", "prints the paths of the images' manifests", "NLC", 0, show_manifests },
	{ "gc", "", "removes from CACHE what no OUTPUT needs (--sources: source files as well)",
	    "nSC", 0, gc_command },
	{ "fsck", "", "verifies every entry of CACHE (--repair: removes what is damaged)", "RC", 0,
	    fsck_command },
	{ "clean", "", "removes everything in OUTPUT except the sources", "C", 0, clean_command },
	{ "distclean", "", "removes OUTPUT, and from CACHE the downloads that no other OUTPUT has",
	    "C", 0, distclean_command },
	{ 0 },
};

static int
run_command(int argc, char **argv, struct request *rq, struct err *e)
{
	if (cli_parse(argc, argv, commands, rq, e) < 0)
		return -1;
	if (strchr(rq->command->options, 'C') && top_find(rq->a, rq->top, &rq->top, e) < 0)
		return -1;
	return rq->command->run(rq, e);
}

int
main(int argc, char **argv)
{
	struct request rq = { .a = arena_new() };
	struct err e = { 0 };
	int r = 0, status = 0;

	startup("lh-build");
	if (cli_has(argc, argv, "--help"))
		r = cli_help(argc, argv, commands, &e);
	else if (cli_has(argc, argv, "--words"))
		cli_words(commands);
	else if (cli_has(argc, argv, "--version"))
		printf("lh-build %s\n", lh_version);
	else
		r = run_command(argc, argv, &rq, &e);
	/* a command whose output could not be written has failed, whatever it found */
	if (log_end_stdout(&e) < 0 || r < 0)
		status = log_fatal(&e);
	arena_free(rq.a);
	return status;
}
