/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/local.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/plan/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OURS, SHARED, BUNDLED, NDIRS };
/* what a file may be called in each */
enum { BY_DIGEST, BY_NAME, NNAMES };

struct local {
	struct arena *a;
	const char *dirs[NDIRS];
	struct memo *memo;
};

struct local *
local_open(struct arena *a, const struct config *cfg)
{
	struct local *l = arena_alloc(a, sizeof *l);

	*l = (struct local){ .a = a,
		.dirs = { [OURS] = arena_printf(a, "%s/sources", cfg->output),
		    [SHARED] = arena_printf(a, "%s/sources", cfg->cache),
		    [BUNDLED] = arena_printf(a, "%s/sources", cfg->top) } };
	l->memo = memo_open(a, arena_printf(a, "%s/.memo", l->dirs[OURS]));
	return l;
}

const char *
local_dir(const struct local *l)
{
	return l->dirs[OURS];
}

static const char *
path_in(struct arena *a, const char *dir, int name, const struct source *form)
{
	return name == BY_NAME ? arena_printf(a, "%s/%s", dir, form->file)
			       : arena_printf(a, "%s/%s-%s", dir, form->sha256, form->file);
}

const char *
local_path(const struct local *l, const struct source *form)
{
	return path_in(l->a, l->dirs[OURS], BY_DIGEST, form);
}

bool
local_is(const struct source *form, const char *name)
{
	size_t n = strlen(form->sha256);

	return !strcmp(name, form->file) || (!strncmp(name, form->sha256, n) && name[n] == '-' &&
						!strcmp(name + n + 1, form->file));
}

bool
local_seems(struct arena *a, const struct config *cfg, const struct source *form)
{
	const char *const folders[] = { cfg->output, cfg->cache };

	for (size_t i = 0; i < 2; i++)
		for (int name = 0; name < NNAMES; name++)
			if (file_exists(
				path_in(a, arena_printf(a, "%s/sources", folders[i]), name, form)))
				return true;
	return false;
}

/* NULL: it is as pinned; else what is wrong with it */
static const char *
judge(struct local *l, const struct source *form, const char *path)
{
	static const struct memo_kind whole = { .name = "digest", .digest = digest_file };
	char hex[DIGEST_HEX];
	struct stat st;
	struct err e;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? "missing" : arena_strdup(l->a, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (memo_digest(l->memo, &whole, path, hex, &e) < 0)
		return arena_strdup(l->a, e.msg);
	if (!strcmp(hex, form->sha256))
		return NULL;
	return arena_printf(l->a, "sha256 is %s, expected %s", hex, form->sha256);
}

/* hard link, or copy where there can be none; an older file of that name is replaced */
static int
share(struct arena *a, const char *from, const char *to, struct err *e)
{
	char *tmp = arena_printf(a, "%s.%ld", to, (long)getpid());
	int r = 0;

	if (file_mkparent(to, e) < 0)
		return -1;
	unlink(tmp);
	if (link(from, tmp) < 0)
		r = file_copy(from, to, 0644, e) < 0 || file_sync(to, e) < 0 ? -1 : 0;
	else if (rename(tmp, to) < 0)
		r = fail_errno(e, "%s", to);
	unlink(tmp); /* still there when both were the same file already */
	return r < 0 ? -1 : file_sync_parent(to, e);
}

const char *
local_look(struct local *l, const struct source *form)
{
	for (int i = 0; i < NDIRS; i++)
		for (int name = 0; name < NNAMES; name++) {
			const char *path = path_in(l->a, l->dirs[i], name, form);

			if (!judge(l, form, path))
				return path;
		}
	return NULL;
}

const char *
local_find(struct local *l, const struct source *form, const char **why)
{
	const char *ours = local_path(l, form), *found = local_look(l, form);
	size_t n = strlen(l->dirs[OURS]);
	struct err e;

	if (!found) { /* what goes by its name says more than that there is none */
		const char *named = path_in(l->a, l->dirs[OURS], BY_NAME, form);

		*why = judge(l, form, file_exists(ours) ? ours : named);
		return NULL;
	}
	if (!strncmp(found, l->dirs[OURS], n) && found[n] == '/')
		return found;
	if (share(l->a, found, ours, &e) == 0)
		return ours;
	*why = arena_strdup(l->a, e.msg);
	return NULL;
}

const char *
local_enter(struct local *l, const struct source *form, const char *file, struct err *e)
{
	const char *path = local_path(l, form);
	struct err ignored;

	if (file_settle(file, path, e) < 0)
		return NULL;
	if (share(l->a, path, path_in(l->a, l->dirs[SHARED], BY_DIGEST, form), &ignored) < 0)
		log_warn("%s: not copied to CACHE: %s", form->file, ignored.msg);
	return path;
}

int
local_save(const struct local *l, struct err *e)
{
	return memo_save(l->memo, e);
}
