/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/orphans.h"

#include "build/base/arena.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/engine/job.h"
#include "build/files/digest.h"
#include "build/files/file.h"

#include <stdio.h>
#include <string.h>

/*
 * what a builder that was killed has left in a folder under the name SKIP KEY-NAME.XXXXXX; it gets
 * a name for the sweeper
 */
static void
mark_in(struct arena *a, const struct job *j, const char *dir, const char *skip)
{
	size_t n = strlen(skip);
	char **names;
	struct err ignored;

	if (file_names(a, dir, true, &names, NULL, &ignored) < 0)
		return;
	for (; *names; names++) {
		const char *path = arena_printf(a, "%s/%s", dir, *names), *rest = *names + n;
		char *key;
		int lock;

		if (strncmp(*names, skip, n) != 0)
			continue;
		key = arena_printf(a, "%.*s", DIGEST_HEX - 1, rest);
		if (strspn(key, "0123456789abcdef") < DIGEST_HEX - 1 || !strchr(rest, '.') ||
		    file_exists(arena_printf(a, "%s/kept", path)))
			continue;
		if (store_lock(j->store, key, &lock, &ignored) < 0 || lock < 0)
			continue;
		rename(path, arena_printf(a, "%s/work/.old-%s", j->cfg->cache, rest));
		store_unlock(j->store, key, lock);
	}
}

static bool
first_with_cache(const struct job *jobs, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(jobs[k].cfg->cache, jobs[i].cfg->cache))
			return false;
	return true;
}

void
orphans_mark(struct arena *a, const struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (first_with_cache(jobs, i)) {
			mark_in(a, &jobs[i], arena_printf(a, "%s/work", jobs[i].cfg->cache), "");
			mark_in(a, &jobs[i], jobs[i].store->dir, ".new-");
		}
}

static bool
sweep_cache(struct arena *a, const char *dir, bool really)
{
	char **names;
	struct err ignored;
	bool any = false;

	if (file_names(a, dir, true, &names, NULL, &ignored) < 0)
		return false;
	for (; *names; names++)
		if (!strncmp(*names, ".old-", 5)) {
			any = true;
			if (really)
				file_remove(arena_printf(a, "%s/%s", dir, *names), &ignored);
		}
	return any;
}

bool
orphans_sweep(struct arena *a, const struct job *jobs, size_t n, bool really)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (first_with_cache(jobs, i))
			any |=
			    sweep_cache(a, arena_printf(a, "%s/work", jobs[i].cfg->cache), really);
	return any;
}
