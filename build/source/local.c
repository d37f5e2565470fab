/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/local.h"

#include "build/base/arena.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/base/memo.h"
#include "build/config/config.h"
#include "build/plan/recipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OURS, SHARED, BUNDLED, NDIRS };

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
path_in(const struct local *l, int dir, const struct source *form)
{
	return arena_printf(l->a, "%s/%s", l->dirs[dir], form->file);
}

/* NULL: it is as pinned; else what is wrong with it */
static const char *
judge(struct local *l, const struct source *form, const char *path)
{
	static const struct memo_way whole = { .name = "digest", .digest = digest_file };
	char hex[DIGEST_HEX];
	struct stat st;
	struct err e;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? "not there" : arena_strdup(l->a, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return "is no regular file";
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
		return file_copy(from, to, 0644, e);
	if (rename(tmp, to) < 0)
		r = fail_errno(e, "%s", to);
	unlink(tmp); /* still there when both were the same file already */
	return r;
}

const char *
local_look(struct local *l, const struct source *form)
{
	for (int i = 0; i < NDIRS; i++) {
		const char *path = path_in(l, i, form);

		if (!judge(l, form, path))
			return path;
	}
	return NULL;
}

const char *
local_find(struct local *l, const struct source *form, const char **why)
{
	const char *ours = path_in(l, OURS, form);
	struct err e;

	*why = judge(l, form, ours);
	for (int i = SHARED; *why && i < NDIRS; i++) {
		const char *path = path_in(l, i, form);

		if (judge(l, form, path))
			continue;
		*why = share(l->a, path, ours, &e) < 0 ? arena_strdup(l->a, e.msg) : NULL;
	}
	return *why ? NULL : ours;
}

const char *
local_enter(struct local *l, const struct source *form, const char *file, struct err *e)
{
	const char *path = path_in(l, OURS, form);
	struct err ignored;

	if (rename(file, path) < 0) {
		fail_errno(e, "%s", path);
		return NULL;
	}
	if (share(l->a, path, path_in(l, SHARED, form), &ignored) < 0)
		log_warn("%s: not kept for other builds: %s", form->file, ignored.msg);
	return path;
}

int
local_save(const struct local *l, struct err *e)
{
	return memo_save(l->memo, e);
}
