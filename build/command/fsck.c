/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/fsck.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/cache/seal.h"
#include "build/cache/store.h"
#include "build/command/cli.h"
#include "build/command/gc.h"
#include "build/config/config.h"
#include "build/config/output.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX (DIGEST_HEX - 1)

struct fsck {
	struct arena *a;
	const struct config *cfg;
	const struct recipes *recipes;
	bool repair;
	struct fsck_found *found;
};

/* path is not what it should be */
static int
damaged(struct fsck *f, const char *path, const char *why, struct err *e)
{
	size_t n = strlen(path);
	/* most reasons begin with where */
	bool told = !strncmp(why, path, n) && (why[n] == ':' || why[n] == '/');

	log_stdout(arena_printf(f->a, "%s%s%s%s\n", told ? "" : path, told ? "" : ": ", why,
	    f->repair ? "; removed" : ""));
	f->found->damaged++;
	return f->repair ? file_remove(path, e) : 0;
}

/* what is ours was readable when we put it there */
static bool
is_ours(const struct fsck *f)
{
	struct stat st;

	return stat(f->cfg->cache, &st) == 0 && st.st_uid == geteuid();
}

/*
 * Something could not be read.  On a disk that is failing, or where a part is missing, that is
 * damage; that there are too many open files, or that we may not look into what is another's, says
 * nothing about it.
 */
static int
unreadable(struct fsck *f, const char *path, const struct err *why, int why_errno, struct err *e)
{
	if (why->code != EXIT_SYSTEM || why_errno == EIO || why_errno == ENOENT ||
	    (why_errno == EACCES && is_ours(f)))
		return damaged(f, path, why->msg, e);
	*e = *why;
	return -1;
}

static bool
starts_with_digest(const char *name)
{
	return strspn(name, "0123456789abcdef") == HEX;
}

/* a regular file with this sha256 */
static int
check_file(struct fsck *f, const char *path, const char *sha256, struct err *e)
{
	struct err why = { 0 };
	char hex[DIGEST_HEX];

	if (beneath_is(path, "", BENEATH_FILE, &why) < 0 || digest_file(path, hex, &why) < 0)
		return unreadable(f, path, &why, errno, e);
	if (!strncmp(hex, sha256, HEX))
		return 0;
	return damaged(
	    f, path, arena_printf(f->a, "sha256 is %.12s, expected %.12s", hex, sha256), e);
}

/* ---- results ---- */

static int
check_result(struct fsck *f, const char *name, struct err *e)
{
	const struct store s = { .dir = arena_printf(f->a, "%s/store", f->cfg->cache) };
	char *key = arena_strndup(f->a, name, HEX), output[DIGEST_HEX], hex[DIGEST_HEX];
	const char *path = arena_printf(f->a, "%s/%s", s.dir, name);
	struct err why = { 0 };
	int there;

	if (!starts_with_digest(name) || name[HEX] != '-')
		return damaged(f, path, "is no result: its name has no key", e);
	f->found->results++;
	there = store_lookup(&s, key, name + HEX + 1, output, &why);
	if (there < 0 || (there && digest_file(arena_printf(f->a, "%s/key", path), hex, &why) < 0))
		return unreadable(f, path, &why, errno, e);
	if (there && strcmp(hex, key) != 0)
		return damaged(f, path, "its key is not that of its name", e);
	return 0;
}

/* ---- sources ---- */

/* the n-th sha256 that recipes pin for a file of this name; NULL: there are no more */
static const char *
pin_of(const struct recipes *r, const char *file, size_t n)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t v = 0; v < r->v[i].nversions; v++)
			for (size_t k = 0; k < r->v[i].versions[v].nforms; k++) {
				const struct source *form = &r->v[i].versions[v].forms[k];

				if (!strcmp(form->file, file) && n-- == 0)
					return form->sha256;
			}
	return NULL;
}

static int
check_source(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", dir, name), *first, *pin;
	struct err why = { 0 };
	char hex[DIGEST_HEX];
	size_t n = strlen(name);

	if (n > 5 && !strcmp(name + n - 5, ".part")) /* to be gone on with, and judged then */
		return 0;
	if (starts_with_digest(name) && name[HEX] == '-') {
		f->found->sources++;
		return check_file(f, path, name, e);
	}
	first = pin_of(f->recipes, name, 0);
	if (!first) /* whatever it is, no build takes it */
		return 0;
	f->found->sources++;
	if (beneath_is(path, "", BENEATH_FILE, &why) < 0 || digest_file(path, hex, &why) < 0)
		return unreadable(f, path, &why, errno, e);
	for (size_t i = 0; (pin = pin_of(f->recipes, name, i)); i++)
		if (!strcmp(pin, hex))
			return 0;
	return damaged(
	    f, path, arena_printf(f->a, "sha256 is %.12s, pinned is %.12s", hex, first), e);
}

/* ---- checkpoints and roots ---- */

static int
check_checkpoint(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", dir, name), *sum = strrchr(name, '.');

	f->found->checkpoints++;
	if (!sum || !starts_with_digest(sum + 1) || sum[1 + HEX])
		return damaged(f, path, "is no checkpoint: its name has no sha256", e);
	return check_file(f, path, sum + 1, e);
}

/* the name is the digest of the first line */
static int
check_root(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", dir, name);
	struct err why = { 0 };
	char *text, hex[DIGEST_HEX];
	size_t n;

	f->found->roots++;
	if (beneath_read(f->a, dir, name, 2 * PATH_MAX, &text, NULL, &why) < 0)
		return unreadable(f, path, &why, errno, e);
	n = strcspn(text, "\n");
	digest_bytes(text, n, hex);
	return text[n] && !strcmp(hex, name) ? 0 : damaged(f, path, "names no OUTPUT", e);
}

/* ---- what steps see ---- */

static int
check_system(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	const char *path = arena_printf(f->a, "%s/%s", dir, name);
	struct err why = { 0 };

	if (!starts_with_digest(name) || name[HEX]) /* lists, which are found out again */
		return 0;
	f->found->systems++;
	return seal_check(path, NULL, &why) < 0 ? unreadable(f, path, &why, errno, e) : 0;
}

/* ---- all of it ---- */

struct looking {
	struct fsck *f;
	const char *dir;
	int (*check)(struct fsck *f, const char *dir, const char *name, struct err *e);
};

static int
look(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct looking *l = arg;

	/* what begins with a dot is half-made, a lock or a memo: nobody takes it for a result */
	if (*rel != '.' && !file_is_half_made(rel) && l->check(l->f, l->dir, rel, e) < 0)
		return -1;
	return S_ISDIR(st->st_mode) ? FILE_PRUNE : 0;
}

/* each name in root/rel, if that is there */
static int
each(struct fsck *f, const char *root, const char *rel,
    int (*check)(struct fsck *f, const char *dir, const char *name, struct err *e), struct err *e)
{
	struct looking l = { f, arena_printf(f->a, "%s/%s", root, rel), check };

	return beneath_walk(root, rel, look, &l, e);
}

static int
check_in_store(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	(void)dir;
	return check_result(f, name, e);
}

static int
check_triple(struct fsck *f, const char *dir, const char *name, struct err *e)
{
	return each(f, dir, name, check_checkpoint, e);
}

static int
check_all(struct fsck *f, struct err *e)
{
	const char *cache = f->cfg->cache, *output = f->cfg->output;

	if (each(f, cache, "store", check_in_store, e) < 0 ||
	    each(f, cache, "sources", check_source, e) < 0 ||
	    each(f, output, "sources", check_source, e) < 0 ||
	    each(f, cache, "checkpoints", check_triple, e) < 0 ||
	    each(f, cache, "system", check_system, e) < 0)
		return -1;
	return each(f, cache, "roots", check_root, e);
}

int
fsck_run(struct arena *a, const struct config *cfg, const struct recipes *recipes, bool repair,
    struct fsck_found *out, struct err *e)
{
	struct fsck f = { a, cfg, recipes, repair, out };
	int alone = -1, output = -1, r = -1;

	*out = (struct fsck_found){ 0 };
	if (!file_isdir(cfg->cache))
		return fail_usage(e, "CACHE %s: there is no such folder", cfg->cache);
	if (repair && gc_alone(a, cfg, "fsck --repair", &alone, e) < 0)
		return -1;
	if (repair && file_isdir(cfg->output) && output_lock(a, cfg, &output, e) < 0)
		goto close_alone;
	r = check_all(&f, e);
	if (output >= 0)
		close(output);
close_alone:
	if (alone >= 0)
		close(alone);
	return r;
}

int
fsck_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct recipes recipes;
	struct fsck_found found;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0 ||
	    fsck_run(rq->a, &cfg, &recipes, rq->repair, &found, e) < 0)
		return -1;
	printf("%u results, %u sources, %u checkpoints, %u systems and %u roots: %u damaged%s\n",
	    found.results, found.sources, found.checkpoints, found.systems, found.roots,
	    found.damaged, rq->repair && found.damaged ? ", and removed" : "");
	if (!found.damaged || rq->repair)
		return 0;
	return fail(e,
	    "CACHE %s: %u damaged; lh-build fsck --repair removes them, and builds make "
	    "or fetch them again",
	    cfg.cache, found.damaged);
}
