/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/plan.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/memo.h"
#include "build/plan/patch.h"
#include "build/plan/tools.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- making it ---- */

enum state {
	UNSEEN,
	OPEN, /* on the way from a root to here: meeting it again is a cycle */
	DONE
};

struct planning {
	struct arena *a;
	const struct config *cfg;
	const struct recipes *recipes;
	const struct set *set;
	struct plan *p;
	enum state *state; /* by recipe and variant */
	size_t *index;	   /* into p->v, once DONE */
	const char **path; /* what is OPEN, outermost first */
	size_t depth;
};

static char *
id_of(struct arena *a, enum variant v, const char *name)
{
	return arena_printf(a, "%s/%s", variant_names[v], name);
}

/* the variable that chooses its version; a hyphen is _ there */
static const char *
version_variable(struct arena *a, const char *package)
{
	char *name = arena_printf(a, "VERSION_%s", package);

	for (char *p = name; (p = strchr(p, '-'));)
		*p = '_';
	return name;
}

/* the version that VERSION_name or the set names, as the recipe pins it */
static int
choose_version(struct planning *g, const struct recipe *origin, bool overridden,
    const struct version **out, struct err *e)
{
	const char *asked = config_version(g->cfg, origin->name),
		   *v = asked ? asked : set_version(g->set, origin->name);
	struct version *loose;
	struct buf pinned = { 0 };

	*out = NULL;
	if (!origin->nversions && !asked)
		return 0;
	if (!origin->nversions)
		return fail_usage(e, "%s %s: the recipe %s has no versions",
		    version_variable(g->a, origin->name), v, origin->name);
	if (!v)
		return fail_usage(e,
		    "%s: set %s has no version of it; add one to recipes/sets/%s, or set %s",
		    origin->name, g->set->name, g->set->name, version_variable(g->a, origin->name));
	for (size_t i = 0; i < origin->nversions; i++)
		if (!strcmp(origin->versions[i].version, v)) {
			*out = &origin->versions[i];
			return 0;
		}
	if (overridden) { /* whatever its tree calls itself */
		loose = arena_alloc(g->a, sizeof *loose);
		loose->version = v;
		*out = loose;
		return 0;
	}
	for (size_t i = 0; i < origin->nversions; i++)
		buf_addf(&pinned, " %s", origin->versions[i].version);
	fail_usage(e, "%s %s, from %s: the recipe pins only%s", origin->name, v,
	    asked ? version_variable(g->a, origin->name)
		  : arena_printf(g->a, "set %s", g->set->name),
	    pinned.p);
	buf_free(&pinned);
	return -1;
}

static int
cycle(struct planning *g, const char *id, struct err *e)
{
	struct buf b = { 0 };
	bool in = false;

	for (size_t i = 0; i < g->depth; i++) {
		in |= !strcmp(g->path[i], id);
		if (in)
			buf_addf(&b, "%s -> ", g->path[i]);
	}
	fail_usage(e, "dependency cycle: %s%s", b.n ? b.p : "", id);
	buf_free(&b);
	return -1;
}

/* with a toolchain given, none is built */
static bool
applies(const struct planning *g, const struct need *n, enum variant of, enum variant *as)
{
	return need_applies(n, of, as) && need_in_profile(n, g->p->profile) &&
	       !(*as == VARIANT_TOOLCHAIN && *g->cfg->cross_base);
}

static void
close_over(struct planning *g, struct node *n)
{
	size_t count = g->p->n; /* all it can need is already there */
	bool *in = arena_array(g->a, count + 1, sizeof *in);

	for (size_t i = 0; i < n->nneeds; i++) {
		const struct node *need = &g->p->v[n->needs[i]];

		in[n->needs[i]] = true;
		for (size_t j = 0; j < need->nclosure; j++)
			in[need->closure[j]] = true;
	}
	n->closure = arena_array(g->a, count + 1, sizeof *n->closure);
	for (size_t i = 0; i < count; i++)
		if (in[i])
			n->closure[n->nclosure++] = i;
}

/* the node, after all it needs; *index is where it is */
static int
add(struct planning *g, const struct recipe *r, enum variant v, size_t *index, struct err *e)
{
	size_t at = (size_t)(r - g->recipes->v) * NVARIANTS + (size_t)v;
	struct node n = { .recipe = r, .variant = v, .id = id_of(g->a, v, r->name) };

	if (g->state[at] == DONE) {
		*index = g->index[at];
		return 0;
	}
	if (g->state[at] == OPEN)
		return cycle(g, n.id, e);
	g->state[at] = OPEN;
	g->path[g->depth++] = n.id;

	n.origin = r->source_of ? recipe_find(g->recipes, r->source_of) : r;
	n.override = config_override(g->cfg, n.origin->name);
	if (choose_version(g, n.origin, n.override, &n.version, e) < 0)
		return -1;
	n.needs = arena_array(g->a, r->nneeds + 1, sizeof *n.needs);
	for (size_t i = 0; i < r->nneeds; i++) {
		enum variant as;
		size_t need, j;

		if (!applies(g, &r->needs[i], v, &as))
			continue;
		if (add(g, recipe_find(g->recipes, r->needs[i].name), as, &need, e) < 0)
			return -1;
		for (j = 0; j < n.nneeds && n.needs[j] != need; j++)
			;
		n.needs[j] = need;
		n.nneeds += j == n.nneeds;
	}
	close_over(g, &n);

	g->depth--;
	g->state[at] = DONE;
	*index = g->index[at] = g->p->n;
	g->p->v[g->p->n++] = n;
	return 0;
}

/* a root: NAME, which is target/NAME, or VARIANT/NAME; where says who wants it */
static int
add_root(struct planning *g, const char *word, const char *where, struct err *e)
{
	const char *slash = strchr(word, '/'), *name = slash ? slash + 1 : word;
	const struct recipe *r = recipe_find(g->recipes, name);
	enum variant v = VARIANT_TARGET;
	size_t ignored;

	if (slash)
		for (v = 0; v < NVARIANTS; v++)
			if (strlen(variant_names[v]) == (size_t)(slash - word) &&
			    !strncmp(variant_names[v], word, strlen(variant_names[v])))
				break;
	if (v == NVARIANTS || !r)
		return fail_usage(e, "%s: %s: no such recipe; recipes/ has them all", where, word);
	if (!r->variants[v])
		return fail_usage(
		    e, "%s: %s: the recipe has no variant %s", where, word, variant_names[v]);
	return add(g, r, v, &ignored, e);
}

/* OVERRIDE_foo, VERSION_foo and HEAD_foo want a recipe foo */
static int
check_names(const struct planning *g, struct err *e)
{
	for (size_t i = 0; i < g->cfg->nvars; i++) {
		const char *var = g->cfg->vars[i].name;
		bool found = false;

		if (!config_of_package(var, NULL))
			continue;
		for (size_t j = 0; j < g->recipes->n && !found; j++)
			found = config_of_package(var, g->recipes->v[j].name);
		if (!found)
			return fail_usage(e, "%s: %s: no such recipe; recipes/ has them all",
			    g->cfg->vars[i].from, var);
	}
	return 0;
}

int
plan_make(struct arena *a, const struct config *cfg, const struct recipes *r, const struct set *set,
    const char *profile, struct plan *out, struct err *e)
{
	size_t most = r->n * NVARIANTS + 1;
	struct planning g = { .a = a, .cfg = cfg, .recipes = r, .set = set, .p = out };
	static const char *const more[] = { "PACKAGES", "DEBUG" };
	char *rest, *line;
	struct lines l;

	*out = (struct plan){ .v = arena_array(a, most, sizeof *out->v), .profile = profile };
	g.state = arena_array(a, most, sizeof *g.state);
	g.index = arena_array(a, most, sizeof *g.index);
	g.path = arena_array(a, most, sizeof *g.path);
	if (check_names(&g, e) < 0)
		return -1;
	if (lines_open(a, arena_printf(a, "%s/recipes/profiles/%s", cfg->top, profile), &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l)))
		if (add_root(
			&g, line, arena_printf(a, "recipes/profiles/%s:%u", profile, l.no), e) < 0)
			return -1;
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		rest = arena_strdup(a, config_get(cfg, more[i]));
		while ((line = word_next(&rest)))
			if (add_root(&g, line, more[i], e) < 0)
				return -1;
	}
	return 0;
}

const struct node *
plan_find(const struct plan *p, const char *id)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->v[i].id, id))
			return &p->v[i];
	return NULL;
}

char *
plan_node_name(struct arena *a, const struct node *n)
{
	return arena_printf(a, "%s-%s", variant_names[n->variant], n->recipe->name);
}

static void
renumber(size_t *v, size_t n, const size_t *as)
{
	for (size_t i = 0; i < n; i++)
		v[i] = as[v[i]];
}

int
plan_keep(struct arena *a, struct plan *p, const char *id, struct err *e)
{
	const struct node *last = plan_find(p, id);
	bool *wanted = arena_array(a, p->n + 1, sizeof *wanted);
	size_t *as = arena_array(a, p->n + 1, sizeof *as), n = 0;

	if (!last)
		return fail_usage(e, "%s: profile %s has no such package", id, p->profile);
	wanted[last - p->v] = true;
	for (size_t i = 0; i < last->nclosure; i++)
		wanted[last->closure[i]] = true;
	for (size_t i = 0; i < p->n; i++) {
		if (!wanted[i])
			continue;
		as[i] = n;
		p->v[n] = p->v[i];
		renumber(p->v[n].needs, p->v[n].nneeds, as);
		renumber(p->v[n].closure, p->v[n].nclosure, as);
		n++;
	}
	p->n = n;
	return 0;
}

/* ---- keys ---- */

struct facts {
	struct arena *a;
	struct memo *memo;
	char **v;
	size_t n, cap;
};

static void say(struct facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* one line; what would break it is escaped */
static void
say(struct facts *f, const char *fmt, ...)
{
	va_list ap;
	char *line, *out;

	va_start(ap, fmt);
	line = arena_vprintf(f->a, fmt, ap);
	va_end(ap);
	if (strpbrk(line, "\n\\")) {
		char *p = out = arena_alloc(f->a, 2 * strlen(line) + 1);

		for (const char *s = line; *s; s++) {
			if (*s == '\n' || *s == '\\')
				*p++ = '\\';
			*p++ = *s == '\n' ? 'n' : *s;
		}
		line = out;
	}
	if (f->n == f->cap) {
		size_t more = f->cap ? 2 * f->cap : 64;

		f->v = arena_grow(f->a, f->v, f->n, more, sizeof *f->v);
		f->cap = more;
	}
	f->v[f->n++] = line;
}

/* a file's digest, or a folder's */
static int
say_path(struct facts *f, const char *what, const char *name, const char *path, struct err *e)
{
	char hex[DIGEST_HEX];

	if (memo_digest(f->memo, &memo_plain, path, hex, e) < 0)
		return wrap(e, "%s %s", what, name);
	say(f, "%s %s %s", what, name, hex);
	return 0;
}

mode_t
plan_file_mode(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111
		   ? PLAN_FILE_MODE | 0111
		   : PLAN_FILE_MODE;
}

/* as a step gets it: bytes, and whether it is a program */
static int
say_file(struct facts *f, const char *what, const char *name, const char *dir, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", dir, name);

	if (say_path(f, what, name, path, e) < 0)
		return -1;
	if (plan_file_mode(path) != PLAN_FILE_MODE)
		say(f, "executable %s/%s", what, name);
	return 0;
}

/* is seen where it lies, so with its own permissions; those below a folder are in its digest */
static int
say_input(struct facts *f, const struct config *cfg, const char *name, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", cfg->top, name);
	struct stat st;

	if (say_path(f, "input", name, path, e) < 0)
		return -1;
	if (stat(path, &st) < 0)
		return fail_errno(e, "%s", path);
	if ((st.st_mode & 07777) != (S_ISDIR(st.st_mode) ? 0755 : 0644))
		say(f, "mode %s %04o", name, (unsigned)st.st_mode & 07777);
	return 0;
}

static bool
asks_for(const struct recipe *r, const char *variable)
{
	for (size_t i = 0; i < r->nconfig; i++)
		if (!strcmp(r->config[i], variable))
			return true;
	return false;
}

/* where a folder lies changes nothing: what it holds does, and which comes first */
static int
say_folders(struct facts *f, const struct config *cfg, const char *name, struct err *e)
{
	size_t n;
	const char **v = config_folders(f->a, cfg, name, &n);

	for (size_t i = 0; i < n; i++)
		if (say_path(f, "config", arena_printf(f->a, "%s %zu", name, i), v[i], e) < 0)
			return -1;
	return 0;
}

static int
say_config(struct facts *f, const struct config *cfg, const struct node *n, struct err *e)
{
	for (size_t i = 0; i < n->recipe->nconfig; i++) {
		const char *name = n->recipe->config[i], *value = config_get(cfg, name);
		char hex[DIGEST_HEX];

		if (config_is_folders(name)) {
			if (say_folders(f, cfg, name, e) < 0)
				return -1;
			continue;
		}
		/* keys are kept, shown and sent */
		if (config_secret(name)) {
			digest_bytes(value, strlen(value), hex);
			value = hex;
		}
		if (!strcmp(name, "CROSS_BASE") && *value)
			value = "set"; /* where it lies changes nothing; what it says is told under
					  tool */
		say(f, "config %s %s", name, value);
	}
	say(f, "config EPOCH %s", config_get(cfg, "EPOCH"));
	return 0;
}

static void
say_tools(struct facts *f, const struct tools *tools, const struct node *n)
{
	bool used[NUSES] = {
		[USED_BY_ALL] = true,
		[USED_BY_HOST] = n->variant == VARIANT_HOST || asks_for(n->recipe, "BUILD_CC"),
		[USED_BY_TARGET] = n->variant != VARIANT_HOST,
	};

	for (size_t i = 0; tools && i < tools->n; i++)
		if (used[tools->v[i].use])
			say(f, "tool %s %s", tools->v[i].name, tools->v[i].said);
}

int
plan_sysdeps_files(struct arena *a, const struct sysdeps *sd, const struct recipe *r, char ***names,
    size_t *n, struct err *e)
{
	size_t all, kept = 0;

	*n = 0;
	if (!recipe_mentions(r, "SYSDEPS"))
		return 0;
	if (file_names(a, sd->dir, false, names, &all, e) < 0)
		return -1;
	for (size_t i = 0; i < all; i++)
		if (strcmp((*names)[i], "facts") != 0) /* they are told one by one */
			(*names)[kept++] = (*names)[i];
	*n = kept;
	return 0;
}

/* without a sandbox, or without a list of programs, every step sees this machine's */
static void
say_system(struct facts *f, const struct tools *tools, const struct node *n)
{
	const char *hex;

	if (!tools || tools->unboxed)
		return;
	hex = tools_system(tools, n->variant)->hex;
	say(f, "system %s", hex ? hex : "none");
}

/* what the recipe speaks of: facts, and with $SYSDEPS the folder's other files */
static int
say_sysdeps(struct facts *f, const struct sysdeps *sd, const struct node *node, struct err *e)
{
	char **names;
	size_t n;

	say(f, "triple %s", sd->triple);
	for (size_t i = 0; i < sd->nfacts; i++) {
		const struct fact *fact = &sd->facts[i];
		/* a toolchain that came out is tested for what it makes */
		bool tested = node->variant == VARIANT_TOOLCHAIN && !strcmp(fact->key, "elf");

		if (fact_builds(fact) &&
		    (tested || recipe_mentions(node->recipe, fact_variable(f->a, fact))))
			say(f, "fact %s %s", fact->key, fact->value);
	}
	if (plan_sysdeps_files(f->a, sd, node->recipe, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (say_file(f, "sysdeps", names[i], sd->dir, e) < 0)
			return -1;
	return 0;
}

/* the recipe's own text: sections, kit, files */
static int
say_text(struct facts *f, const struct config *cfg, const struct recipe *r, struct err *e)
{
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < NSECTIONS; i++) {
		if (!r->sections[i])
			continue;
		digest_bytes(r->sections[i], strlen(r->sections[i]), hex);
		say(f, "section %s %s", section_names[i], hex);
	}
	for (size_t i = 0; i < r->nfiles; i++)
		if (say_file(f, "file", r->files[i], r->dir, e) < 0)
			return -1;
	return r->kit ? say_path(f, "kit", r->kit,
			    arena_printf(f->a, "%s/recipes/kits/%s.sh", cfg->top, r->kit), e)
		      : 0;
}

static int
say_source(struct facts *f, const struct config *cfg, const struct node *n, struct err *e)
{
	const struct source *form = n->form;
	char **patches;
	size_t npatches;

	if (n->version)
		say(f, "version %s", n->version->version);
	if (n->override) {
		if (!n->override_hash)
			return fail(e, "%s: its override has not been looked at", n->id);
		say(f, "source override %s", n->override_hash);
		return 0;
	}
	if (!n->version)
		return 0;
	if (!form) /* asked before anything is fetched: it will be the one that is preferred */
		form = &n->version->forms[0];
	say(f, "source %s", form->sha256);
	for (size_t i = 0; i < n->recipe->nunpack; i++)
		say(f, "unpack %s", n->recipe->unpack[i]);
	if (patch_list(f->a, cfg->top, n->origin->name, &patches, &npatches, e) < 0)
		return -1;
	for (size_t i = 0; i < npatches; i++)
		if (say_path(f, "patch", patches[i],
			arena_printf(
			    f->a, "%s/patches/%s/%s", cfg->top, n->origin->name, patches[i]),
			e) < 0)
			return -1;
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
plan_key(struct arena *a, const struct config *cfg, const struct sysdeps *sd, const struct plan *p,
    const struct node *n, char **text, struct err *e)
{
	struct facts f = { .a = a, .memo = p->memo };
	struct buf b = { 0 };

	say(&f, "format 1");
	say(&f, "node %s", n->id);
	for (size_t i = 0; i < n->nclosure; i++) {
		const struct node *need = &p->v[n->closure[i]];

		if (!*need->output)
			return fail(e, "%s: %s, which it needs, is not built", n->id, need->id);
		say(&f, "need %s %s", need->id, need->output);
	}
	if (say_source(&f, cfg, n, e) < 0 || say_text(&f, cfg, n->recipe, e) < 0)
		return wrap(e, "%s", n->id);
	for (size_t i = 0; i < n->recipe->ninputs; i++)
		if (say_input(&f, cfg, n->recipe->inputs[i], e) < 0)
			return wrap(e, "%s", n->id);
	if (n->variant != VARIANT_HOST && say_sysdeps(&f, sd, n, e) < 0)
		return wrap(e, "%s", n->id);
	if (say_config(&f, cfg, n, e) < 0)
		return wrap(e, "%s", n->id);
	say_tools(&f, p->tools, n);
	say_system(&f, p->tools, n);
	if (p->tools && p->tools->unboxed) /* it may have seen anything */
		say(&f, "sandbox none");

	qsort(f.v, f.n, sizeof *f.v, by_text);
	for (size_t i = 0; i < f.n; i++)
		buf_addf(&b, "%s\n", f.v[i]);
	*text = arena_strdup(a, b.p);
	buf_free(&b);
	return 0;
}
