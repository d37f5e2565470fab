/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/checkpoint.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/pack.h"
#include "build/recipe.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEX (DIGEST_HEX - 1)

bool
checkpoint_helps(const struct recipe *r)
{
	return r->sections[SECTION_INSTALL] && (r->sections[SECTION_CONFIGURE] || r->sections[SECTION_BUILD]);
}

/* the key is that of the text without what [install] says */
char *
checkpoint_stem(struct arena *a, const struct checkpoint *c)
{
	static const char mine[] = "section install ";
	const char *line = c->key_text;
	char hex[DIGEST_HEX];
	struct buf b = { 0 };

	while (*line) {
		size_t n = strcspn(line, "\n");

		n += line[n] == '\n';
		if (strncmp(line, mine, sizeof mine - 1) != 0)
			buf_add(&b, line, n);
		line += n;
	}
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
	return arena_printf(a, "%s.%s", c->name, hex);
}

char *
checkpoint_find(struct arena *a, const struct checkpoint *c)
{
	DIR *d = opendir(c->dir);
	char *stem = checkpoint_stem(a, c), *found = NULL;
	size_t n = strlen(stem);
	struct dirent *ent;

	while (d && !found && (ent = readdir(d)))
		if (!strncmp(ent->d_name, stem, n) && ent->d_name[n] == '.')
			found = arena_printf(a, "%s/%s", c->dir, ent->d_name);
	if (d)
		closedir(d);
	return found;
}

/* is a file one of this package's */
static bool
is_ours(const struct checkpoint *c, const char *file)
{
	size_t n = strlen(c->name);

	return !strncmp(file, c->name, n) && file[n] == '.' && strlen(file + n + 1) == HEX + 1 + HEX;
}

/* one that another build put there meanwhile goes too: it can be made again */
static void
remove_others(struct arena *a, const struct checkpoint *c, const char *kept)
{
	DIR *d = opendir(c->dir);
	struct dirent *ent;

	while (d && (ent = readdir(d)))
		if (is_ours(c, ent->d_name) && strcmp(ent->d_name, kept) != 0)
			unlink(arena_printf(a, "%s/%s", c->dir, ent->d_name));
	if (d)
		closedir(d);
}

int
checkpoint_keep(const struct checkpoint *c, const char *workdir, const char *const *folders, size_t n, struct err *e)
{
	struct arena *a = arena_new();
	char *tmp = arena_printf(a, "%s/checkpoint.zst", workdir), sum[DIGEST_HEX], *file;
	struct pack *p = pack_new(tmp, PACK_OWN_TIMES, e);
	int r = p ? 0 : -1;

	for (size_t i = 0; i < n && r == 0; i++)
		r = pack_tree(p, arena_printf(a, "%s/%s", workdir, folders[i]), folders[i], e);
	if (r == 0)
		r = pack_end(p, e);
	else if (p)
		pack_abandon(p);
	if (r < 0)
		goto free_arena;

	r = -1;
	if (digest_file(tmp, sum, e) < 0 || file_mkdirs(c->dir, 0755, e) < 0)
		goto remove_tmp;
	file = arena_printf(a, "%s.%s", checkpoint_stem(a, c), sum);
	if (rename(tmp, arena_printf(a, "%s/%s", c->dir, file)) < 0) {
		fail_errno(e, "move %s to %s", tmp, c->dir);
		goto remove_tmp;
	}
	remove_others(a, c, file);
	r = 0;
	goto free_arena;

remove_tmp:
	unlink(tmp);
free_arena:
	arena_free(a);
	return r;
}

int
checkpoint_restore(const char *file, const char *workdir, struct err *e)
{
	char hex[DIGEST_HEX];

	if (digest_file(file, hex, e) < 0)
		return -1;
	if (strcmp(hex, strrchr(file, '.') + 1) != 0) {
		unlink(file);
		return fail(e, "%s: damaged, and removed; build again", file);
	}
	return pack_open(file, workdir, e);
}
