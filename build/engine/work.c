/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/work.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/cache/checkpoint.h"
#include "build/cache/stage.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/config/value.h"
#include "build/engine/keydiff.h"
#include "build/engine/links.h"
#include "build/files/file.h"
#include "build/plan/patch.h"
#include "build/plan/plan.h"
#include "build/plan/toolchain.h"
#include "build/plan/tools.h"
#include "build/source/override.h"
#include "build/source/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* folders of w->dir that a step sees as /lh/NAME, and what they are called in its environment */
static const struct place {
	const char *name, *variable;
	bool writable;
} places[] = {
	{ "src", "SRC", true },
	{ "out", "OUT", true },
	{ "stage", "STAGE", false },
	{ "host", "HOSTTOOLS", false },
	{ "toolchain", "TOOLCHAIN", false },
	{ "links", "LH_LINKS", true }, /* what our TRIPLE-gcc tells of each program it links */
	{ "step", NULL, false },
	{ "recipe", NULL, false }, /* copies of the recipe's files */
	{ "sysdeps", NULL, false },
};
#define NPLACES (sizeof places / sizeof *places)

/* which variants' sdk/ go where */
static const char *const stage_of[NVARIANTS] = {
	[VARIANT_HOST] = "host",
	[VARIANT_TOOLCHAIN] = "toolchain",
	[VARIANT_TARGET] = "stage",
};

static struct checkpoint
checkpoint_of(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct node *n, const char *key_text)
{
	return (struct checkpoint){
		.dir = arena_printf(a, "%s/checkpoints/%s", cfg->cache,
		    n->variant == VARIANT_HOST ? "host" : sd->triple),
		.name = plan_node_name(a, n),
		.key_text = key_text,
	};
}

char *
work_checkpoint(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct node *n, const char *key_text)
{
	struct checkpoint c = checkpoint_of(a, cfg, sd, n, key_text);

	return checkpoint_helps(n->recipe) ? checkpoint_find(a, &c) : NULL;
}

static bool
for_target(const struct work *w)
{
	return w->node->variant != VARIANT_HOST;
}

/* path of w->dir/name as a step sees it */
static const char *
sandbox_path(const struct work *w, const char *name)
{
	return arena_printf(w->a, "%s/%s", w->unboxed ? w->dir : "/lh", name);
}

static const char *
sandbox_toolchain(const struct work *w)
{
	return for_target(w) && *w->cfg->cross_base ? w->cfg->cross_base
						    : sandbox_path(w, "toolchain");
}

/* folders */

static void
mount(struct work *w, const char *real, const char *inside, bool writable)
{
	w->mounts[w->nmounts++] =
	    (struct mount){ .real = real, .inside = inside, .writable = writable };
}

/* a folder that lh-config names, as a step sees it */
static const char *
sandbox_folder(const struct work *w, const char *variable, size_t i, const char *real)
{
	return w->unboxed ? real : arena_printf(w->a, "/lh/config/%s/%zu", variable, i);
}

/* how many folders lh-config names that the step is to see */
static size_t
count_folders(const struct work *w)
{
	size_t all = 0, n;

	for (size_t i = 0; i < w->node->recipe->nconfig; i++)
		if (config_is_folders(w->node->recipe->config[i])) {
			config_folders(w->a, w->cfg, w->node->recipe->config[i], &n);
			all += n;
		}
	return all;
}

static void
mount_folders(struct work *w)
{
	const struct recipe *r = w->node->recipe;

	for (size_t i = 0; i < r->nconfig; i++) {
		const char **v;
		size_t n;

		if (!config_is_folders(r->config[i]))
			continue;
		v = config_folders(w->a, w->cfg, r->config[i], &n);
		for (size_t j = 0; j < n; j++)
			mount(w, v[j], sandbox_folder(w, r->config[i], j, v[j]), false);
	}
}

static void
choose_mounts(struct work *w, char *const *patches, size_t npatches)
{
	const struct recipe *r = w->node->recipe;
	const char *prefix = value_compiler_folder(w->a, w->cfg->build_cc);

	w->mounts = arena_array(
	    w->a, NPLACES + 3 + npatches + r->ninputs + count_folders(w), sizeof *w->mounts);
	for (size_t i = 0; i < NPLACES; i++)
		mount(w, arena_printf(w->a, "%s/%s", w->dir, places[i].name),
		    sandbox_path(w, places[i].name), places[i].writable);
	mount(w, NULL, "/lh/top", false);
	for (size_t i = 0; i < r->ninputs; i++)
		mount(w, arena_printf(w->a, "%s/%s", w->cfg->top, r->inputs[i]),
		    arena_printf(w->a, "/lh/top/%s", r->inputs[i]), false);
	mount_folders(w);
	for (size_t i = 0; i < npatches; i++)
		mount(w,
		    arena_printf(
			w->a, "%s/patches/%s/%s", w->cfg->top, w->node->origin->name, patches[i]),
		    arena_printf(w->a, "/lh/patches/%s", patches[i]), false);
	if (for_target(w) && *w->cfg->cross_base)
		mount(w, w->cfg->cross_base, w->cfg->cross_base, false);
	if (prefix)
		mount(w, prefix, prefix, false);
}

/* steps */

static void
step(struct work *w, enum step_kind kind, const char *label, const char *file)
{
	w->steps[w->nsteps++] = (struct step){ .kind = kind, .label = label, .file = file };
}

/* without a sandbox the folder's own name is in what configure makes */
static bool
keeps(const struct work *w)
{
	return !w->unboxed && !w->checkpoint && checkpoint_helps(w->node->recipe);
}

static void
choose_sections(struct work *w, int from, int end)
{
	for (int s = from; s < end; s++)
		if (w->node->recipe->sections[s])
			step(w, STEP_SECTION, section_names[s],
			    sandbox_path(w, arena_printf(w->a, "step/%s", section_names[s])));
}

static void
choose_steps(struct work *w, char *const *patches, size_t npatches)
{
	w->steps = arena_array(w->a, NSECTIONS + npatches + 6, sizeof *w->steps);
	if (w->source || w->override)
		step(w, STEP_UNPACK, "unpack", NULL);
	step(w, STEP_STAGE, "stage", NULL);
	for (size_t i = 0; i < npatches; i++)
		step(w, STEP_PATCH, arena_printf(w->a, "patch %s", patches[i]),
		    w->unboxed ? arena_printf(w->a, "%s/patches/%s/%s", w->cfg->top,
				     w->node->origin->name, patches[i])
			       : arena_printf(w->a, "/lh/patches/%s", patches[i]));
	if (w->checkpoint)
		step(w, STEP_RESUME, "resume", NULL);
	else
		choose_sections(w, 0, SECTION_INSTALL);
	if (keeps(w))
		step(w, STEP_KEEP, "checkpoint", NULL);
	choose_sections(w, SECTION_INSTALL, NSECTIONS);
	if (w->node->variant == VARIANT_TOOLCHAIN)
		step(w, STEP_TEST, "test", NULL);
	step(w, STEP_STORE, "store", NULL);
	step(w, STEP_CLEAN, "clean", NULL);
}

/* a section as a file whose line numbers are the recipe's, so that the shell's messages lead there
 */
static int
write_scripts(const struct work *w, struct err *e)
{
	const struct recipe *r = w->node->recipe;
	int done = 0;

	if (r->kit && file_copy(arena_printf(w->a, "%s/recipes/kits/%s.sh", w->cfg->top, r->kit),
			  arena_printf(w->a, "%s/step/kit", w->dir), 0644, e) < 0)
		return -1;
	for (int s = 0; s < NSECTIONS && done == 0; s++) {
		struct buf text = { 0 };

		if (!r->sections[s])
			continue;
		if (r->kit)
			buf_addf(&text, ". %s", sandbox_path(w, "step/kit"));
		for (unsigned i = 0; i < r->section_line[s]; i++)
			buf_adds(&text, "\n");
		buf_adds(&text, r->sections[s]);
		done = file_write(arena_printf(w->a, "%s/step/%s", w->dir, section_names[s]),
		    text.p, text.n, 0644, e);
		buf_free(&text);
	}
	return done;
}

/* what a step sees of a folder of the checkout: a file with its bytes, and no more of its mode than
 * the key says */
static int
lend(const struct work *w, const char *dir, const char *name, const char *place, struct err *e)
{
	const char *from = arena_printf(w->a, "%s/%s", dir, name),
		   *to = arena_printf(w->a, "%s/%s/%s", w->dir, place, name);

	return file_mkparent(to, e) < 0 ? -1 : file_copy(from, to, plan_file_mode(from), e);
}

/* files of the recipe and, for who speaks of them, those of sysdeps/TRIPLE: what the key has */
static int
lend_files(const struct work *w, struct err *e)
{
	const struct recipe *r = w->node->recipe;
	char **names;
	size_t n = 0;

	for (size_t i = 0; i < r->nfiles; i++)
		if (lend(w, r->dir, r->files[i], "recipe", e) < 0)
			return -1;
	if (for_target(w) && plan_sysdeps_files(w->a, w->sd, r, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (lend(w, w->sd->dir, names[i], "sysdeps", e) < 0)
			return -1;
	return 0;
}

static int
begin_log(const struct work *w, struct err *e)
{
	const struct node *n = w->node;
	struct buf text = { 0 };
	int r;

	buf_addf(
	    &text, "%s%s%s\n", n->id, n->version ? " " : "", n->version ? n->version->version : "");
	if (n->override)
		buf_addf(&text, "override: %s\n", n->override);
	else if (n->form)
		buf_addf(&text, "source: %s %s\n", n->form->file, n->form->sha256);
	buf_addf(&text, "key: %s\n", n->key);
	if (w->checkpoint)
		buf_adds(&text,
		    "configure and build are those of an earlier build, from CACHE/checkpoints\n");
	buf_addf(&text, "sandbox: %s%s%s\n", w->unboxed ? "none (" : "bubblewrap",
	    w->unboxed ? w->unboxed : "", w->unboxed ? ")" : "");
	r = file_write(w->log, text.p, text.n, 0644, e);
	buf_free(&text);
	return r;
}

/* each step has its own, as it would have on a machine of its own: see sandbox.h */
static const char *
scratch(const struct work *w, size_t step)
{
	return arena_printf(w->a, "%s/scratch/%zu", w->dir, step);
}

static int
make_scratch(const struct work *w, struct err *e)
{
	for (size_t i = 0; i < w->nsteps && !w->unboxed; i++)
		if (file_mkdirs(arena_printf(w->a, "%s/tmp", scratch(w, i)), 0755, e) < 0 ||
		    file_mkdirs(arena_printf(w->a, "%s/shm", scratch(w, i)), 0755, e) < 0)
			return -1;
	return 0;
}

int
work_open(struct work *w, struct err *e)
{
	char *template = arena_printf(w->a, "%s/work/%s-%s.XXXXXX", w->cfg->cache, w->node->key,
	    plan_node_name(w->a, w->node)),
	     **patches = NULL;
	size_t npatches = 0;
	struct err ignored;

	w->name = plan_node_name(w->a, w->node);
	if (w->source &&
	    patch_list(w->a, w->cfg->top, w->node->origin->name, &patches, &npatches, e) < 0)
		return -1;
	if (file_mkparent(template, e) < 0)
		return -1;
	if (!mkdtemp(template))
		return fail_errno(e, "%s", template);
	w->dir = template;
	w->log = arena_printf(w->a, "%s/log", w->dir);
	if (!w->unboxed && checkpoint_helps(w->node->recipe)) {
		struct checkpoint c = checkpoint_of(w->a, w->cfg, w->sd, w->node, w->key_text);

		w->checkpoint = checkpoint_take(w->a, &c, w->dir);
	}
	choose_mounts(w, patches, npatches);
	choose_steps(w, patches, npatches);

	if (chmod(w->dir, 0755) < 0) {
		fail_errno(e, "%s", w->dir);
		goto remove_dir;
	}
	for (size_t i = 0; i < NPLACES; i++)
		if (file_mkdirs(arena_printf(w->a, "%s/%s", w->dir, places[i].name), 0755, e) < 0)
			goto remove_dir;
	if (make_scratch(w, e) < 0 || write_scripts(w, e) < 0 || lend_files(w, e) < 0 ||
	    begin_log(w, e) < 0)
		goto remove_dir;
	return 0;

remove_dir:
	file_remove(w->dir, &ignored);
	return -1;
}

int
work_remove(const struct work *w, struct err *e)
{
	return file_remove(w->dir, e);
}

/* environment */

static void
put(const struct work *w, struct argv *env, const char *name, const char *value)
{
	size_t n = strlen(name);

	/*
	 * the last value of a name counts: a variable of lh-config beats the fact of its name
	 */
	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], name, n) && env->v[i][n] == '=') {
			env->v[i] = arena_printf(w->a, "%s=%s", name, value);
			return;
		}
	argv_pushf(env, "%s=%s", name, value);
}

/* its value; of folders, where the step sees them */
static const char *
config_value(const struct work *w, const char *name)
{
	const char *text = "", **v;
	size_t n;

	if (!config_is_folders(name))
		return config_get(w->cfg, name);
	v = config_folders(w->a, w->cfg, name, &n);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(
		    w->a, "%s%s%s", text, i ? " " : "", sandbox_folder(w, name, i, v[i]));
	return text;
}

void
work_env(const struct work *w, const char *makeflags, struct argv *env)
{
	const struct node *n = w->node;
	const struct recipe *r = n->recipe;

	if (for_target(w)) {
		for (size_t i = 0; i < w->sd->nfacts; i++) {
			const char *name = fact_variable(w->a, &w->sd->facts[i]);

			if (fact_builds(&w->sd->facts[i]) && recipe_mentions(r, name))
				put(w, env, name, w->sd->facts[i].value);
		}
		put(w, env, "TRIPLE", w->sd->triple);
		put(w, env, "SYSDEPS", sandbox_path(w, "sysdeps"));
	} else {
		put(w, env, "BUILD_CC", w->cfg->build_cc);
	}
	for (size_t i = 0; i < r->nconfig; i++)
		put(w, env, r->config[i], config_value(w, r->config[i]));

	for (size_t i = 0; i < NPLACES; i++)
		if (places[i].variable)
			put(w, env, places[i].variable, sandbox_path(w, places[i].name));
	put(w, env, "TOOLCHAIN", sandbox_toolchain(w));
	put(w, env, "RECIPE", sandbox_path(w, "recipe"));
	put(w, env, "TOP", w->unboxed ? w->cfg->top : "/lh/top");
	put(w, env, "NAME", r->name);
	put(w, env, "VERSION", n->version ? n->version->version : "");
	put(w, env, "VARIANT", variant_names[n->variant]);

	put(w, env, "PATH",
	    arena_printf(w->a, "%s/bin:%s/bin:/usr/bin:/bin", sandbox_toolchain(w),
		sandbox_path(w, "host")));
	put(w, env, "HOME", "/nonexistent");
	put(w, env, "LC_ALL", "C");
	put(w, env, "TZ", "UTC");
	put(w, env, "SOURCE_DATE_EPOCH", config_get(w->cfg, "EPOCH"));
	put(w, env, "MAKEFLAGS", makeflags);
}

static void
shut_in(const struct work *w, size_t step, struct argv *v)
{
	const struct tools *tools = w->plan->tools;

	if (!w->unboxed)
		sandbox_wrap(
		    v, &(struct sandbox){ .mounts = w->mounts,
			   .n = w->nmounts,
			   .cwd = "/lh/src",
			   .system = tools ? tools_system(tools, w->node->variant)->root : NULL,
			   .filter = w->filter,
			   .scratch = scratch(w, step) });
}

void
work_command(const struct work *w, const struct step *s, struct argv *v)
{
	shut_in(w, (size_t)(s - w->steps), v);
	if (s->kind == STEP_PATCH)
		patch_command(v, s->file);
	else
		argv_pushv(v, "/bin/sh", "-eu", s->file, NULL);
}

/* steps of our own */

static int
unpack_source(const struct work *w, struct err *e)
{
	const char *src = arena_printf(w->a, "%s/src", w->dir);
	const struct unpack_opts o = { .strip = 1,
		.sha256 = w->node->form ? w->node->form->sha256 : NULL,
		.only = w->node->recipe->unpack,
		.nonly = w->node->recipe->nunpack,
		.most = w->cfg->unpack_limit };

	if (w->override ? override_export(w->a, w->override, o.most, src, e) < 0
			: unpack_with(w->source, src, &o, e) < 0)
		return -1;
	return keeps(w) ? checkpoint_begin(w->dir, e) : 0;
}

static int
stage_needs(const struct work *w, struct err *e)
{
	const struct node *n = w->node;
	struct staged *v = arena_array(w->a, n->nclosure + 1, sizeof *v);

	for (int variant = 0; variant < NVARIANTS; variant++) {
		size_t count = 0;

		for (size_t i = 0; i < n->nclosure; i++) {
			const struct node *need = &w->plan->v[n->closure[i]];

			if ((int)need->variant == variant)
				v[count++] = (struct staged){ .id = need->id,
					.dir = arena_printf(w->a, "%s/out/sdk", need->store) };
		}
		if (stage_merge(
			arena_printf(w->a, "%s/%s", w->dir, stage_of[variant]), v, count, e) < 0)
			return -1;
	}
	return 0;
}

static int
test_toolchain(const struct work *w, struct err *e)
{
	const char *gcc = arena_printf(w->a, "bin/%s-gcc", w->sd->triple),
		   *sdk = arena_printf(w->a, "%s/out/sdk", w->dir);
	char *dir = arena_printf(w->a, "%s/test.XXXXXX", w->dir);
	struct argv wrap = { .a = w->a }, env = { .a = w->a };
	struct work with = *w;
	struct toolchain t;
	size_t step_no = 0;
	int there = file_is_there(arena_printf(w->a, "%s/%s", sdk, gcc), e);

	if (there <= 0)
		return there; /* a part of one */
	/* what we need lies in toolchain/ already; what came out joins it */
	if (stage_merge(arena_printf(w->a, "%s/toolchain", w->dir),
		&(struct staged){ .id = w->node->id, .dir = sdk }, 1, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	for (size_t i = 0; i < w->nsteps; i++)
		if (w->steps[i].kind == STEP_TEST)
			step_no = i;
	/* we write there ourselves, so no step before has seen it: src/ may be full of symlinks */
	with.mounts = arena_array(w->a, w->nmounts + 1, sizeof *with.mounts);
	memcpy(with.mounts, w->mounts, w->nmounts * sizeof *with.mounts);
	mount(&with, dir, sandbox_path(w, "test"), true);
	shut_in(&with, step_no, &wrap);
	work_env(w, "", &env);
	t = (struct toolchain){ .gcc =
				    arena_printf(w->a, "%s/%s", sandbox_path(w, "toolchain"), gcc),
		.wrap = &wrap,
		.filter = w->filter,
		.env = env.v,
		.dir = dir,
		.inside = w->unboxed ? dir : sandbox_path(w, "test") };
	return toolchain_check(w->a, &t, w->sd, e);
}

/* the package that brought toolchain/REL or stage/REL */
static const char *
whose(const void *arg, const char *name, const char *rel)
{
	const struct work *w = arg;

	for (size_t i = 0; i < w->node->nclosure; i++) {
		const struct node *need = &w->plan->v[w->node->closure[i]];

		if (!strcmp(stage_of[need->variant], name) &&
		    file_exists(arena_printf(w->a, "%s/out/sdk/%s", need->store, rel)))
			return need->id;
	}
	return NULL;
}

/* DIR/linked, which the store keeps beside out/ */
static int
write_links(const struct work *w, struct err *e)
{
	struct links l = {
		.records = arena_printf(w->a, "%s/links", w->dir),
		.inside = w->unboxed ? w->dir : "/lh",
		.dir = w->dir,
		.out = arena_printf(w->a, "%s/out", w->dir),
		.whose = whose,
		.arg = w,
	};
	struct buf text = { 0 };
	int r = links_text(w->a, &l, &text, e);

	if (r == 0 && text.n)
		r = file_write(arena_printf(w->a, "%s/linked", w->dir), text.p, text.n, 0444, e);
	buf_free(&text);
	return r;
}

/*
 * steps read files where they lie: one that was edited meanwhile would be in the store under the
 * key of what it was
 */
static int
check_inputs(const struct work *w, struct err *e)
{
	const char *what;
	char *now;

	if (plan_key(w->a, w->cfg, w->sd, w->plan, w->node, &now, e) < 0)
		return -1;
	what = key_first_change(w->a, w->key_text, now);
	return what ? fail(e, "%s while it was built; build again", what) : 0;
}

/* it only saves time: a build goes on without one, on a disk that is full for instance */
static int
keep_checkpoint(const struct work *w, struct err *e)
{
	struct checkpoint c = checkpoint_of(w->a, w->cfg, w->sd, w->node, w->key_text);
	struct err why = { 0 };

	(void)e;
	if (check_inputs(w, &why) < 0 || checkpoint_keep(&c, w->dir, &why) < 0)
		log_info("no checkpoint: %s", why.msg);
	return 0;
}

static int
resume(const struct work *w, struct err *e)
{
	struct checkpoint c = checkpoint_of(w->a, w->cfg, w->sd, w->node, w->key_text);

	return checkpoint_restore(&c, w->checkpoint, w->dir, e);
}

static int
store_result(const struct work *w, struct err *e)
{
	char output[DIGEST_HEX];

	if (check_inputs(w, e) < 0 || store_prepare(w->dir, e) < 0)
		return -1;
	if (w->node->variant == VARIANT_TARGET && write_links(w, e) < 0)
		return -1;
	return store_enter(w->store, w->dir, w->node->key, w->name, w->key_text, output, e);
}

static int
clean(const struct work *w, struct err *e)
{
	if (w->stale && file_remove(w->stale, e) < 0)
		return -1;
	return work_remove(w, e);
}

static int (*const ours[])(const struct work *, struct err *) = {
	[STEP_UNPACK] = unpack_source,
	[STEP_STAGE] = stage_needs,
	[STEP_PATCH] = NULL,
	[STEP_RESUME] = resume,
	[STEP_SECTION] = NULL,
	[STEP_KEEP] = keep_checkpoint,
	[STEP_TEST] = test_toolchain,
	[STEP_STORE] = store_result,
	[STEP_CLEAN] = clean,
};

bool
step_is_ours(const struct step *s)
{
	return ours[s->kind] != NULL;
}

int
work_do(const struct work *w, const struct step *s, struct err *e)
{
	return ours[s->kind](w, e);
}
