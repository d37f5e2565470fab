/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/release.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/command/session.h"
#include "build/config/config.h"
#include "build/config/credentials.h"
#include "build/config/output.h"
#include "build/config/triples.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/git.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/publish/folder.h"
#include "build/publish/given.h"
#include "build/publish/licences.h"
#include "build/publish/signature.h"
#include "build/source/fetch.h"
#include "build/source/profile.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- may it be released ---- */

int
release_commit(struct arena *a, const char *top, char **commit, struct err *e)
{
	struct buf out = { 0 };
	int r = -1;

	if (!file_exists(arena_printf(a, "%s/.git", top)))
		return fail_usage(
		    e, "release: %s is not a git checkout, so the images have no commit", top);
	if (git_differences(a, top, &out, e) < 0)
		wrap(e, "release");
	else if (out.n)
		fail_usage(e, "release: the checkout has uncommitted changes: %.*s",
		    (int)strcspn(out.p, "\n"), out.p);
	else
		r = git_id(a, top, "HEAD", commit, e);
	buf_free(&out);
	return r;
}

/* "x86_64 dhcp" */
static const char *
label(struct arena *a, const struct manifest *m)
{
	return arena_printf(a, "%s %s", m->arch, m->net);
}

static bool
is(const char *x, const char *y)
{
	return x && y && !strcmp(x, y);
}

static int
check_digest(struct arena *a, const struct manifest *m, const char *file,
    int (*digest)(const char *, char *, struct err *), const char *told, struct err *e)
{
	char hex[DIGEST_HEX];

	if (!file || !told)
		return fail(e,
		    "release: %s: its manifest lacks kernel, its configuration, "
		    "table of files or image",
		    label(a, m));
	if (strchr(file, '/')) /* it would be copied to a place as far from the release */
		return fail(
		    e, "release: %s: %s is not in its manifest's folder", label(a, m), file);
	if (digest(manifest_path(a, m, file), hex, e) < 0)
		return -1;
	return strcmp(hex, told)
		   ? fail(e, "release: %s: %s does not match the manifest", label(a, m), file)
		   : 0;
}

/* nobody could make it again of the commit, nor find the sources and licences of all that is in it
 */
static int
fit_given(struct arena *a, const struct manifest *m, struct err *e)
{
	static const struct {
		const char *what, *variable;
	} given[] = { { "services", "SERVICES" }, { "overlay", "OVERLAY" },
		{ "toolchain", "CROSS_BASE" }, { "native", "HOST_HOST_BASE" },
		{ "kernel-config", "KERNEL_CONFIG" }, { "debug", "DEBUG" } };

	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		if (manifest_added(m, given[i].what))
			return fail(e,
			    "release: %s: contains what is not of the commit; build it without %s",
			    label(a, m), given[i].variable);
	return m->nadded ? fail(e, "release: %s: contains what is not of the commit: %s",
			       label(a, m), m->added[0].what)
			 : 0;
}

int
release_fit(
    struct arena *a, const struct manifest *m, const char *profile, const char *set, struct err *e)
{
	if (!is(m->profile, profile))
		return fail(
		    e, "release: %s: profile is %s, not %s", label(a, m), m->profile, profile);
	if (!is(m->set, set))
		return fail(e, "release: %s: set is %s, not %s", label(a, m), m->set, set);
	if (!is(m->sandbox, "yes"))
		return fail(e,
		    "release: %s: its packages were not built in a sandbox; build it where "
		    "bubblewrap works",
		    label(a, m));
	for (size_t i = 0; i < m->npackages; i++)
		if (m->packages[i].modified)
			return fail(e, "release: %s: the source of %s is modified", label(a, m),
			    m->packages[i].name);
	if (fit_given(a, m, e) < 0)
		return -1;
	if (m->boot_bios)
		return fail(e,
		    "release: %s: a BIOS starts it by syslinux of this machine, whose licence and "
		    "source are not here to be given; build it with BOOT=nobios",
		    label(a, m));
	if (check_digest(a, m, m->kernel, digest_file, m->kernel_sha256, e) < 0 ||
	    check_digest(a, m, m->kernel_config, digest_file, m->kernel_config_sha256, e) < 0 ||
	    (m->symbols && check_digest(a, m, m->symbols, digest_file, m->symbols_sha256, e) < 0))
		return -1;
	for (size_t i = 0; i < m->nforms; i++)
		if (check_digest(a, m, m->forms[i].file, digest_file, m->forms[i].sha256, e) < 0)
			return -1;
	for (size_t i = 0; i < m->nsboms; i++)
		if (check_digest(a, m, m->sboms[i].file, digest_file, m->sboms[i].sha256, e) < 0)
			return -1;
	if (!m->nsboms)
		return fail(e, "release: %s: its manifest lacks bills of materials; build it again",
		    label(a, m));
	return check_digest(a, m, m->files, digest_file, m->files_sha256, e) < 0 ||
		       check_digest(a, m, m->image, digest_disk, m->image_digest, e) < 0
		   ? -1
		   : 0;
}

/* what the table of files says of one; NULL: nothing */
static const char *
digest_of(const struct filetable *t, const char *name)
{
	const struct filetable_row *row = filetable_find(t, name);

	return row ? row->sha256 : NULL;
}

/* layout/'s, with nobody's password in it, as layout_substitute of recipes/kits/layout.sh makes it
 */
static int
closed_shadow(struct arena *a, const char *top, char hex[DIGEST_HEX], struct err *e)
{
	struct buf out = { 0 };
	bool open = false;
	struct lines l;
	char *text, *hash;

	if (file_read(a, arena_printf(a, "%s/layout/rootfs/etc/shadow", top), &text, NULL, e) < 0)
		return -1;
	while ((hash = strstr(text, "_HASH@"))) {
		while (hash > text && *hash != '@')
			hash--;
		buf_add(&out, text, (size_t)(hash - text));
		buf_adds(&out, CREDENTIALS_LOCKED);
		text = strchr(hash + 1, '@') + 1;
	}
	buf_adds(&out, text);
	digest_bytes(out.p, out.n, hex);
	lines_text(a, "layout/rootfs/etc/shadow", out.p, &l);
	while ((text = lines_next(&l)))
		open |= !strchr(text, ':') ||
			strncmp(strchr(text, ':'), ":" CREDENTIALS_LOCKED ":", 3) != 0;
	buf_free(&out);
	return open ? fail(e, "layout/rootfs/etc/shadow has a password of its own") : 0;
}

int
release_closed(struct arena *a, const char *top, const struct manifest *m, struct err *e)
{
	char shadow[DIGEST_HEX], none[DIGEST_HEX];
	const struct {
		const char *name, *sha256;
	} want[] = { { "rootfs:/etc/shadow", shadow },
		{ "rootfs:/root/.ssh/authorized_keys", none },
		{ "userfs:/guest/.ssh/authorized_keys", none } };
	struct filetable t;

	digest_bytes("\n", 1, none);
	if (closed_shadow(a, top, shadow, e) < 0 ||
	    filetable_read(a, manifest_path(a, m, m->files), &t, e) < 0)
		return wrap(e, "release: %s", label(a, m));
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		const char *is = digest_of(&t, want[i].name);

		/* without a partition of its own, home is made anew from root's */
		if (i && !is)
			continue;
		if (m->credentials || !is || strcmp(is, want[i].sha256) != 0)
			return fail(e,
			    "release: %s: whoever built it can log in to everybody's copy (%s); "
			    "build it with ROOT_PASSWORD='*' GUEST_PASSWORD='*' "
			    "SSH_AUTHORIZED_KEYS=",
			    label(a, m), want[i].name);
	}
	return 0;
}

int
release_licensed(struct arena *a, const struct config *cfg, const struct recipes *r, struct err *e)
{
	struct licences l;
	struct buf told = { 0 };
	int done = licences_check(a, cfg, r, &l, &told, e);

	if (done == 0 && l.findings) {
		log_text(told.p);
		done = fail(e, "release: %zu findings in the licences of sources", l.findings);
	}
	buf_free(&told);
	return done;
}

/* ---- was it verified ---- */

/* of a file of results: one scenario on one image, or a comparison */
struct judged {
	const char *arch, *net, *profile, *set, *image, *kernel, *scenario, *verdict, *reason;
};

/* lh-verify reads such a file by verify/report/results.c: what that refuses is no proof here */
static int
read_results(struct arena *a, const char *path, struct judged **v, size_t *n, struct err *e)
{
	struct lines l;
	char *line;
	const char *end = NULL;

	*v = NULL;
	*n = 0;
	if (lines_open(a, path, &l, e) < 0)
		return wrap(e, "release: nothing was verified");
	while ((line = lines_next(&l))) {
		char *value = line;
		const char *key = word_next(&value);
		struct judged *j = *n ? &(*v)[*n - 1] : NULL;
		const struct {
			const char *key;
			const char **to;
		} keys[] = { { "arch", j ? &j->arch : NULL }, { "net", j ? &j->net : NULL },
			{ "profile", j ? &j->profile : NULL }, { "set", j ? &j->set : NULL },
			{ "image", j ? &j->image : NULL }, { "kernel", j ? &j->kernel : NULL },
			{ "scenario", j ? &j->scenario : NULL },
			{ "verdict", j ? &j->verdict : NULL },
			{ "reason", j ? &j->reason : NULL } };

		if (end && key)
			return lines_fail(&l, e, "%s: behind the end", key);
		if (is(key, "case")) {
			*v = arena_more(a, *v, *n, sizeof **v);
			(*v)[(*n)++] = (struct judged){ 0 };
		}
		if (is(key, "end"))
			end = value;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			if (!keys[i].to || !is(key, keys[i].key))
				continue;
			if (*keys[i].to)
				return lines_fail(&l, e, "%s: duplicate key", key);
			*keys[i].to = value;
		}
	}
	return is(end, arena_printf(a, "%zu", *n))
		   ? 0
		   : fail(e, "release: %s: the run is incomplete", path);
}

/* of a lane that an ordinary run does not play */
static int
of_a_lane(struct arena *a, const char *scenario, struct err *e)
{
	struct lines l;
	char *line;
	int is = 0;

	if (lines_open(a, scenario, &l, e) < 0)
		return -1;
	while (!is && (line = lines_next_datum(&l))) {
		const char *key = word_next(&line);

		is = !strcmp(key, "lane") && strcmp(line, "quick") != 0;
	}
	return is;
}

struct wanted {
	struct arena *a;
	const char *dir; /* of the scenarios */
	const struct judged *v;
	size_t n;
	const struct manifest *m;
};

/*
 * Of what an image does not have, nothing can be played; of what the host did not have, such as a
 * program or a firmware, another host would have played it
 */
static bool
was_skipped_by_host(const struct judged *j)
{
	static const char requires[] = "requires ", tool[] = "requires tool ";

	return is(j->verdict, "skip") &&
	       (!j->reason || strncmp(j->reason, requires, sizeof requires - 1) != 0 ||
		   strncmp(j->reason, tool, sizeof tool - 1) == 0);
}

static int
want_scenario(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct wanted *w = arg;
	size_t len = strlen(rel);
	const char *name;
	int r;

	(void)st;
	if (strchr(rel, '/') || len < 5 || strcmp(rel + len - 4, ".scn") != 0)
		return 0;
	name = arena_strndup(w->a, rel, len - 4);
	for (size_t i = 0; i < w->n; i++) {
		const struct judged *j = &w->v[i];

		if (!is(j->scenario, name) || !is(j->arch, w->m->arch) || !is(j->net, w->m->net) ||
		    !is(j->profile, w->m->profile) || !is(j->set, w->m->set))
			continue;
		if (!is(j->image, w->m->image_digest) || !is(j->kernel, w->m->kernel_sha256))
			return fail(e, "release: %s: %s was played on another image",
			    label(w->a, w->m), name);
		if (was_skipped_by_host(j))
			return fail(e,
			    "release: %s: %s was skipped, and not for the image: %s; verify where "
			    "it can be played",
			    label(w->a, w->m), name, j->reason ? j->reason : "no reason");
		return 0;
	}
	r = of_a_lane(w->a, arena_printf(w->a, "%s/%s", w->dir, rel), e);
	if (r)
		return r < 0 ? -1 : 0;
	return fail(e, "release: %s: %s was not played", label(w->a, w->m), name);
}

int
release_verified(struct arena *a, const char *results, const char *scenarios,
    const struct manifest *v, size_t n, struct err *e)
{
	struct judged *judged;
	size_t count;

	if (read_results(a, results, &judged, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!is(judged[i].verdict, "pass") && !is(judged[i].verdict, "skip"))
			return fail(e, "release: %s %s %s: %s", judged[i].arch, judged[i].net,
			    judged[i].scenario,
			    judged[i].verdict ? judged[i].verdict : "no verdict");
	for (size_t i = 0; i < n; i++) {
		struct wanted w = { a, scenarios, judged, count, &v[i] };

		if (file_walk(scenarios, want_scenario, &w, e) < 0)
			return -1;
	}
	return 0;
}

/* who takes the release learns it from the manifests; who makes it, here */
static void
tell_cached(const struct manifest *v, size_t n)
{
	size_t cached = 0;

	for (size_t i = 0; i < n; i++)
		cached += v[i].ncached;
	if (cached)
		log_warn("release: %zu results in it were not built here, but taken from "
			 "CACHE_URL, as the lines `cached` of its manifests say",
		    cached);
}

/* ---- the command ---- */

/* the images, in the order of TRIPLES, each found fit */
static int
read_images(
    const struct request *rq, const struct triples *t, struct manifest *v, size_t *n, struct err *e)
{
	*n = 0;
	for (size_t i = 0; i < t->n; i++)
		for (int k = 0; k < 2; k++) {
			const struct config *cfg = &t->v[i];
			bool dhcp = (k == 0) == cfg->use_dhcp;
			/* auto may make what nobody wants to give away */
			const char *profile = strcmp(cfg->profile, "auto") ? cfg->profile : "s6";
			struct manifest *m = &v[*n];

			if (!cli_wants_net(rq, cfg->use_dhcp, dhcp))
				continue;
			if (manifest_read(rq->a,
				arena_printf(rq->a, "%s/manifest", output_dir(rq->a, cfg, dhcp)), m,
				e) < 0 ||
			    release_fit(rq->a, m, profile, cfg->set, e) < 0 ||
			    release_closed(rq->a, rq->top, m, e) < 0)
				return -1;
			++*n;
		}
	return 0;
}

/* paths that an image has are no trace of who built it */
static const char *const own_paths[] = { "/root", "/home", "/var", "/tmp", "/nonexistent", NULL };

static int
get_sources(struct arena *a, const struct session *v, size_t n, struct release *r, struct err *e)
{
	const struct plan **plans = arena_array(a, n, sizeof *plans);
	struct want *wants;

	for (size_t i = 0; i < n; i++)
		plans[i] = &v[i].plan;
	profile_wants(a, plans, n, &wants, &r->nsources);
	if (fetch_all(a, &v->cfg, wants, r->nsources, e) < 0)
		return -1;
	for (size_t i = 0; i < r->nsources; i++)
		if (!wants[i].got)
			return fetch_lack(&v->cfg, &wants[i], e);
	r->sources = wants;
	return 0;
}

/* v: a session a triple, which holds OUTPUT */
static int
write_release(const struct request *rq, const struct triples *t, const struct session *v,
    struct release *r, struct err *e)
{
	const char *output = t->v->output, *to = arena_printf(rq->a, "%s/release", output);
	struct manifest *images = arena_array(rq->a, 2 * t->n, sizeof *images);
	struct tools *tools = arena_array(rq->a, t->n, sizeof *tools);

	for (size_t i = 0; i < t->n; i++)
		tools[i] = v[i].tools;
	r->images = images;
	r->tools = tools;
	r->ntools = t->n;
	r->reports = arena_printf(rq->a, "%s/verify", output);
	r->unpack_limit = t->v->unpack_limit;
	r->key = config_get(t->v, "RELEASE_KEY");
	traces_of(rq->a, rq->top, output, t->v->cache, own_paths, &r->traces);
	if (read_images(rq, t, images, &r->nimages, e) < 0 ||
	    release_verified(rq->a, arena_printf(rq->a, "%s/results", r->reports),
		arena_printf(rq->a, "%s/scenarios", rq->top), images, r->nimages, e) < 0 ||
	    get_sources(rq->a, v, t->n, r, e) < 0 || folder_write(rq->a, r, to, e) < 0)
		return -1;
	log_info("%s: %zu images of commit %.12s", to, r->nimages, r->commit);
	if (!*r->key)
		log_warn("release: not signed; RELEASE_KEY names no key");
	tell_cached(images, r->nimages);
	return 0;
}

int
release_command(const struct request *rq, struct err *e)
{
	struct recipes recipes;
	struct release r = { .top = rq->top, .recipes = &recipes };
	struct triples t;
	struct session *v;
	char *commit;
	int done;

	if (triples_read(rq->a, rq->top, rq->vars, rq->nvars, &t, e) < 0 ||
	    config_drop_root(t.v, !rq->dry, e) < 0 ||
	    release_commit(rq->a, rq->top, &commit, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0 ||
	    release_licensed(rq->a, t.v, &recipes, e) < 0)
		return -1;
	/* hours before it is wanted */
	if (*config_get(t.v, "RELEASE_KEY") &&
	    signature_try(rq->a, config_get(t.v, "RELEASE_KEY"), e) < 0)
		return wrap(e, "release: RELEASE_KEY");
	if (rq->dry) {
		log_info("release: commit %.12s could be released", commit);
		return 0;
	}
	r.commit = commit;
	v = arena_array(rq->a, t.n, sizeof *v);
	if (session_open(rq->a, t.v, t.n, true, v, e) < 0)
		return -1;
	done = write_release(rq, &t, v, &r, e);
	session_close(v, t.n);
	return done;
}
