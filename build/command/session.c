/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/session.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/cache/system.h"
#include "build/command/cli.h"
#include "build/command/gc.h"
#include "build/command/unused.h"
#include "build/config/credentials.h"
#include "build/config/output.h"
#include "build/config/services.h"
#include "build/engine/run.h"
#include "build/engine/sandbox.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/memo.h"
#include "build/image/image.h"
#include "build/plan/debian.h"
#include "build/source/heads.h"
#include "build/source/profile.h"

#include <string.h>
#include <unistd.h>

/* what recipes get to know of who may log in */
static int
hash_passwords(struct session *s, bool keep, struct err *e)
{
	struct credentials c;

	if (credentials_get(s->a, &s->cfg, s->memo, keep, &c, e) < 0)
		return -1;
	config_set(s->a, &s->cfg, "ROOT_HASH", c.root_hash, "credentials");
	config_set(s->a, &s->cfg, "GUEST_HASH", c.guest_hash, "credentials");
	return 0;
}

static int
plan_for(struct session *s, const char *profile, struct err *e)
{
	if (services_check(s->a, &s->cfg, profile, e) < 0 ||
	    plan_make(s->a, &s->cfg, &s->recipes, &s->set, profile, &s->plan, e) < 0)
		return -1;
	s->plan.tools = &s->tools;
	s->plan.memo = s->memo;
	return 0;
}

static bool
is_auto(const struct session *s)
{
	return !strcmp(s->cfg.profile, "auto");
}

/*
 * all that files of the checkout say, and so whether they and lh-config fit; first: whose recipes
 * are ours too
 */
static int
read_checkout(struct session *s, const struct session *first, struct err *e)
{
	const char *top = s->cfg.top, *profile = is_auto(s) ? "s6" : s->cfg.profile;

	if (sysdeps_read(s->a, top, s->cfg.triple, &s->sd, e) < 0)
		return -1;
	s->recipes = first->recipes;
	if (s == first && recipe_read_all(s->a, top, &s->recipes, e) < 0)
		return -1;
	if (set_read(s->a, top, s->cfg.set, &s->set, e) < 0)
		return -1;
	if (heads_choose(s->a, &s->cfg, &s->recipes, &s->set, e) < 0)
		return -1;
	if (is_auto(s))
		config_set(s->a, &s->cfg, "PROFILE", profile, "auto");
	return plan_for(s, profile, e);
}

/* if so, none of its results is used, and they need not be read to know that they are whole */
static int
has_image(void *arg, struct err *e)
{
	struct session *s = arg;

	return image_is_there(
	    s->a, &s->cfg, &s->sd, &s->plan, output_dir(s->a, &s->cfg, s->cfg.use_dhcp), e);
}

/* how many nodes those whose profile is auto lack */
static int
count_missing(struct session *v, size_t n, size_t *missing, struct err *e)
{
	struct job *jobs = arena_array(v->a, n, sizeof *jobs);
	const char *ignored;
	struct run *r;

	for (size_t i = 0; i < n; i++) {
		jobs[i] = session_job(&v[i], NULL);
		jobs[i].is_there = has_image;
		jobs[i].arg = &v[i];
	}
	if (run_open(v->a, jobs, n, &(struct run_opts){ .dry = true }, &r, e) < 0)
		return -1;
	*missing = run_missing(r, &ignored);
	return 0;
}

/* what is held is held once: a folder that an earlier one of them has, too, is held by that */
static int
hold(struct session *v, struct session *s, struct err *e)
{
	bool output = true, cache = true;

	for (const struct session *t = v; t < s; t++) {
		output = output && strcmp(t->cfg.output, s->cfg.output) != 0;
		cache = cache && strcmp(t->cfg.cache, s->cfg.cache) != 0;
	}
	if (output && output_lock(s->a, &s->cfg, &s->lock, e) < 0)
		return -1;
	if ((output || cache) && gc_hold(s->a, &s->cfg, &s->hold, e) < 0)
		return -1;
	return store_open(s->a, s->cfg.cache, &s->store, e);
}

/* what this OUTPUT has a memory of, also for those who only look */
static void
remember(struct session *v, struct session *s)
{
	for (const struct session *t = v; t < s && !s->memo; t++)
		if (!strcmp(t->cfg.output, s->cfg.output))
			s->memo = t->memo;
	if (!s->memo)
		s->memo = memo_open(s->a, arena_printf(s->a, "%s/memo", s->cfg.output));
	s->plan.memo = s->store.memo = s->memo;
}

/*
 * What of single packages somebody has asked for in vain.  lh-config is for all profiles, and may
 * ask for more than is built; had: unless that was in this plan, which was to be built.
 */
static void
tell_unused(const struct session *v, size_t n, const struct plan *had)
{
	const struct config *cfg = &v->cfg;

	for (const struct config_var *x = cfg->vars; x < cfg->vars + cfg->nvars; x++) {
		const char *why = NULL;
		bool asked =
		    had ? x->from != heads_from && !unused_why(v->a, cfg, had, x) : config_once(x);

		for (size_t i = 0; i < n && asked; i++) {
			why = unused_why(v->a, &v[i].cfg, &v[i].plan, x);
			asked = why != NULL;
		}
		if (asked)
			log_warn("%s: %s: has no effect: %s", x->from, x->name, why);
	}
}

struct reading {
	struct session *v;
	size_t n;
};

static int
read_all(void *arg, struct err *e)
{
	const struct reading *r = arg;

	for (size_t i = 0; i < r->n; i++)
		if (read_checkout(&r->v[i], r->v, e) < 0)
			return -1;
	return 0;
}

int
session_read(struct arena *a, const struct config *cfgs, size_t n, struct session *v, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (struct session){ .a = a,
			.cfg = cfgs[i],
			.lock = -1,
			.hold = -1,
			.store.dir = arena_printf(a, "%s/store", cfgs[i].cache) };
	/* whoever the checkout belongs to, root reads nothing of it */
	if (config_as_normaluser(&v->cfg, read_all, &(struct reading){ v, n }, e) < 0)
		return -1;
	tell_unused(v, n, NULL);
	return 0;
}

/* recipes/programs, and the words of BUILD_CC, which may be "ccache gcc -m64" */
static int
read_programs(struct session *s, const char **v, size_t *n, size_t most, struct err *e)
{
	const char *path = arena_printf(s->a, "%s/recipes/programs", s->cfg.top);
	char *rest = arena_strdup(s->a, s->cfg.build_cc), *line, *word;
	bool has_shell = false;
	struct lines l;

	*n = 0;
	if (!file_exists(path))
		return 0;
	if (lines_open(s->a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l)))
		while ((word = word_next(&line))) {
			if (*n == most)
				return lines_fail(&l, e, "more than %zu programs", most);
			has_shell |= !strcmp(word, "sh");
			v[(*n)++] = word;
		}
	if (!has_shell)
		return fail_usage(e, "%s: lacks sh, which runs every step of a build", path);
	while ((word = word_next(&rest)))
		if (*word != '-' && *n < most)
			v[(*n)++] = word;
	return 0;
}

/* what host nodes see, and, with the compiler for the target, all others */
static int
choose_system(struct session *s, bool make, bool verify, struct err *e)
{
	enum { MOST = 100 };
	const char **v = arena_array(s->a, MOST + 3, sizeof *v);
	struct system *found = arena_array(s->a, 2, sizeof *found);
	struct system_opts o = { .database = DEBIAN_DATABASE,
		.cache = s->cfg.cache,
		.memo = s->memo,
		.wanted = v,
		.make = make,
		.verify = verify };
	size_t n;

	if (read_programs(s, v, &n, MOST, e) < 0)
		return -1;
	o.nwanted = n;
	if (system_find(s->a, &o, &found[0], e) < 0)
		return -1;
	if (n && !*s->cfg.cross_base) {
		const char *binutils = sysdeps_get(&s->sd, "binutils");

		v[n++] = sysdeps_get(&s->sd, "gcc");
		v[n++] = arena_printf(s->a, "%sld", binutils);
		v[n++] = arena_printf(s->a, "%sobjcopy", binutils);
	}
	o.nwanted = n;
	if (system_find(s->a, &o, &found[1], e) < 0)
		return -1;
	s->tools.whole = n ? found[0].why : "the checkout has no recipes/programs";
	if (found[0].root) {
		s->tools.host = (struct tools_system){ found[0].root, found[0].hex };
		s->tools.target = (struct tools_system){ found[1].root, found[1].hex };
	}
	return 0;
}

int
session_hold(struct session *v, size_t n, bool write, struct err *e)
{
	const char *unboxed = NULL;

	for (size_t i = 0; i < n; i++)
		if (config_drop_root(&v[i].cfg, write, e) < 0)
			return -1;
	if (sandbox_works(v->a, &unboxed, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (write && hold(v, &v[i], e) < 0)
			return -1;
		remember(v, &v[i]);
		if (tools_ask(v->a, &v[i].cfg, &v[i].sd, v[i].memo, &v[i].tools, e) < 0 ||
		    hash_passwords(&v[i], write, e) < 0)
			return -1;
		v[i].tools.unboxed = unboxed;
		if (!unboxed && choose_system(&v[i], write, false, e) < 0)
			return -1;
	}
	return 0;
}

int
session_choose_profile(struct session *v, size_t n, struct err *e)
{
	const struct plan **plans = arena_array(v->a, n, sizeof *plans);
	const char *profile, *why;
	struct plan had;
	size_t missing;

	for (size_t i = 0; i < n; i++) {
		if (is_auto(&v[i]) != is_auto(v))
			return fail_usage(e,
			    "PROFILE: auto for %s and %s for %s; it is decided for all triples "
			    "together",
			    v[is_auto(v) ? 0 : i].cfg.triple, v[is_auto(v) ? i : 0].cfg.profile,
			    v[is_auto(v) ? i : 0].cfg.triple);
		plans[i] = &v[i].plan;
	}
	if (!is_auto(v))
		return 0;
	if (count_missing(v, n, &missing, e) < 0)
		return -1;
	if (!missing)
		return 0;
	if (profile_decide(v->a, &v->cfg, plans, n, &profile, &why, e) < 0)
		return -1;
	had = v->plan;
	for (size_t i = 0; why && i < n; i++) {
		v[i].why = why;
		config_set(v->a, &v[i].cfg, "PROFILE", profile, "auto");
		config_set(v->a, &v[i].cfg, "PROFILE_WHY", why, "auto");
		if (plan_for(&v[i], profile, e) < 0)
			return -1;
	}
	if (why)
		tell_unused(v, n, &had);
	return 0;
}

int
session_open(struct arena *a, const struct config *cfgs, size_t n, bool write, struct session *v,
    struct err *e)
{
	if (session_read(a, cfgs, n, v, e) < 0)
		return -1;
	if (session_hold(v, n, write, e) < 0 || session_choose_profile(v, n, e) < 0) {
		session_close(v, n);
		return -1;
	}
	return 0;
}

int
session_verify_system(struct session *s, struct err *e)
{
	struct tools_system host = s->tools.host, target = s->tools.target;

	if (s->tools.unboxed || !host.root)
		return 0;
	if (choose_system(s, true, true, e) < 0)
		return -1;
	if (!strcmp(host.hex, s->tools.host.hex) && !strcmp(target.hex, s->tools.target.hex))
		return 0;
	fail(e, "programs of this machine changed while it was found out what is to be built; "
		"build again");
	e->code = EXIT_SYSTEM;
	return -1;
}

struct job
session_job(struct session *s, const char *dir)
{
	return (struct job){
		.cfg = &s->cfg, .sd = &s->sd, .plan = &s->plan, .store = &s->store, .dir = dir
	};
}

int
session_look(const struct request *rq, struct session *s, struct err *e)
{
	struct config cfg;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	return session_open(rq->a, &cfg, 1, false, s, e);
}

int
session_look_up(struct session *s, struct job *job, struct err *e)
{
	static const struct run_opts o = { .dry = true };
	struct run *run;

	*job = session_job(s, output_dir(s->a, &s->cfg, s->cfg.use_dhcp));
	return run_open(s->a, job, 1, &o, &run, e);
}

void
session_close(struct session *v, size_t n)
{
	struct err ignored;

	for (size_t i = 0; i < n; i++) {
		/* a disk that is full is no trouble: it is found out again */
		if (v[i].lock >= 0 && v[i].memo)
			memo_save(v[i].memo, &ignored);
		if (v[i].lock >= 0)
			close(v[i].lock);
		if (v[i].hold >= 0)
			close(v[i].hold);
		v[i].lock = v[i].hold = -1;
	}
}

int
session_with_net(const struct session *s, bool dhcp, struct session *out, struct err *e)
{
	*out = *s;
	config_with_dhcp(s->a, &s->cfg, dhcp, &out->cfg);
	return plan_for(out, s->plan.profile, e);
}
