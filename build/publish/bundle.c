/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/bundle.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/cache/pack.h"
#include "build/command/cli.h"
#include "build/command/gather.h"
#include "build/files/file.h"
#include "build/files/git.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "lh-bootstrap"

struct files {
	struct arena *a;
	const char *top;
	const char *const *without; /* absolute, ended by NULL */
	const char **v;		    /* relative to top */
	size_t n;
};

/* what git knows of the checkout; false: it is no clone, or there is no git */
static bool
tracked(struct files *f)
{
	struct buf out = { 0 };
	struct err ignored;

	if (!file_exists(arena_printf(f->a, "%s/.git", f->top)))
		return false;
	if (git_files(f->a, f->top, &out, &ignored) == 0)
		for (size_t at = 0; at < out.n; at += strlen(out.p + at) + 1) {
			const char *name = arena_strdup(f->a, out.p + at);

			/* removed, and not yet told; what cannot be looked at, packing names */
			if (!file_is_there(arena_printf(f->a, "%s/%s", f->top, name), &ignored))
				continue;
			f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
			f->v[f->n++] = name;
		}
	buf_free(&out);
	return f->n > 0;
}

/* what a checkout has at its top; beside it people keep keys, passwords and notes */
static bool
is_ours(const char *rel)
{
	static const char *const names[] = { ".ci", ".clang-format", ".editorconfig", ".github",
		".gitignore", ".gitlab-ci.yml", "CONTRIBUTING.md", "COPYING", "Makefile",
		"README.md", "build", "ci", "doc", "layout", "lh-config.dist", "make", "patches",
		"recipes", "run-qemu", "scenarios", "sysdeps", "verify" };
	size_t n = strcspn(rel, "/");

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == n && !strncmp(rel, names[i], n))
			return true;
	return false;
}

static bool
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && (!path[n] || path[n] == '/');
}

static int
take(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct files *f = arg;
	const char *path = arena_printf(f->a, "%s/%s", f->top, rel);

	(void)e;
	if (S_ISDIR(st->st_mode))
		return is_ours(rel) ? 0 : FILE_PRUNE;
	if (!is_ours(rel))
		return 0;
	for (const char *const *w = f->without; *w; w++)
		if (is_below(path, *w))
			return 0;
	f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
	f->v[f->n++] = arena_strdup(f->a, rel);
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* what git has of the checkout, or what would be there; nothing of one machine or one person */
static int
list_checkout(const struct request *rq, const struct gathered *g, const char *file, struct files *f,
    struct err *e)
{
	const char *const without[] = { g->output, g->cache, file, NULL };

	*f = (struct files){ .a = rq->a, .top = rq->top, .without = without };
	if (!tracked(f) && file_walk(rq->top, take, f, e) < 0)
		return -1;
	f->without = NULL;
	qsort(f->v, f->n, sizeof *f->v, by_text);
	return 0;
}

static int
fill(
    struct pack *p, struct arena *a, const struct files *f, const struct gathered *g, struct err *e)
{
	for (size_t i = 0; i < f->n; i++)
		if (pack_add(p, arena_printf(a, "%s/%s", f->top, f->v[i]),
			arena_printf(a, PREFIX "/%s", f->v[i]), e) < 0)
			return -1;
	for (size_t i = 0; i < g->n; i++)
		if (pack_add(p, g->v[i].path, arena_printf(a, PREFIX "/sources/%s", g->v[i].name),
			e) < 0)
			return -1;
	return 0;
}

int
bundle_command(const struct request *rq, struct err *e)
{
	struct gathered g;
	struct files f;
	struct pack *p;
	const char *file;
	char here[PATH_MAX];

	if (!rq->nwords)
		return fail_usage(
		    e, "bundle: name the archive to write, such as sources.tar or sources.tar.zst");
	file = rq->words[0];
	if (*file != '/' && realpath(".", here))
		file = arena_printf(rq->a, "%s/%s", here, file);
	if (gather_sources(rq, &g, e) < 0 || list_checkout(rq, &g, file, &f, e) < 0)
		return -1;
	p = pack_new(file, strtoll(g.epoch, NULL, 10), e);
	if (!p)
		return -1;
	if (fill(p, rq->a, &f, &g, e) < 0) {
		pack_abandon(p);
		return -1;
	}
	if (pack_end(p, e) < 0)
		return -1;
	log_info("%s: %zu files and %zu sources; unpacked, OFFLINE=true ./make builds from it",
	    file, f.n, g.n);
	return 0;
}
