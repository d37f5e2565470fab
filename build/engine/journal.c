/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/journal.h"

#include "build/base/arena.h"
#include "build/engine/keydiff.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
path_of(const struct journal *j, const char *folder, const struct node *n, const char *suffix)
{
	return arena_printf(j->a, "%s/%s/%s%s", j->dir, folder, plan_node_name(j->a, n), suffix);
}

int
journal_open(const struct journal *j, struct err *e)
{
	static const char *const folders[] = { "logs", "keys" };

	/* a symlink would have us write, and rotate, what is not ours */
	if (beneath_is(j->dir, "", BENEATH_FOLDER, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (beneath_is(j->dir, folders[i], BENEATH_FOLDER, e) < 0 ||
		    file_mkdirs(arena_printf(j->a, "%s/%s", j->dir, folders[i]), 0755, e) < 0)
			return -1;
	return file_mkdirs(arena_printf(j->a, "%s/times", j->cache), 0755, e);
}

/* NULL: there is none */
static char *
last_key(const struct journal *j, const struct node *n)
{
	struct err ignored;
	char *text;

	return file_read(j->a, path_of(j, "keys", n, ""), &text, NULL, &ignored) < 0 ? NULL : text;
}

char *
journal_clear_failure(const struct journal *j, const struct node *n)
{
	char *link = path_of(j, "logs", n, ".work"), dir[PATH_MAX];
	ssize_t len = readlink(link, dir, sizeof dir - 1);

	if (len < 0)
		return NULL;
	unlink(link);
	dir[len] = '\0';
	if (strncmp(dir, j->cache, strlen(j->cache)) ||
	    dir[strlen(j->cache)] != '/') /* somebody's own link */
		return NULL;
	unlink(arena_printf(j->a, "%s/kept", dir));
	return arena_strdup(j->a, dir);
}

int
journal_done(
    const struct journal *j, const struct node *n, const char *key_text, bool built, struct err *e)
{
	char *key = path_of(j, "keys", n, ""), *log = path_of(j, "logs", n, ".log"),
	     *old = last_key(j, n);
	char *made = arena_printf(j->a, "%s/log", n->store), *failure = journal_clear_failure(j, n);
	bool same = old && !strcmp(old, key_text);
	const char *how = !built ? HOW_FOUND : same ? HOW_BUILT_AGAIN : HOW_BUILT;
	struct err ignored;

	if (failure)
		file_remove(failure, &ignored);
	if (same && !built && !failure && file_exists(log)) /* a failure has left its own */
		return 0;
	if (file_exists(made) && file_copy(made, log, 0644, e) < 0)
		return -1;
	if ((!same || built) &&
	    file_write(path_of(j, "keys", n, ".how"), how, strlen(how), 0644, e) < 0)
		return -1;
	if (same)
		return 0;
	if (old && file_write(path_of(j, "keys", n, ".before"), old, strlen(old), 0644, e) < 0)
		return -1;
	return file_write(key, key_text, strlen(key_text), 0644, e);
}

char *
journal_failed(const struct journal *j, const struct node *n, const char *workdir)
{
	char *log = path_of(j, "logs", n, ".log");
	struct err ignored; /* there is something worse to tell */

	file_write(arena_printf(j->a, "%s/kept", workdir), "", 0, 0644, &ignored);
	file_copy(arena_printf(j->a, "%s/log", workdir), log, 0644, &ignored);
	file_symlink(workdir, path_of(j, "logs", n, ".work"), &ignored);
	return log;
}

static char *
times_path(const struct journal *j, const struct node *n)
{
	bool host = n && n->variant == VARIANT_HOST;

	return arena_printf(j->a, "%s/times/%s%s%s", j->cache,
	    n ? plan_node_name(j->a, n) : "image", host ? "" : "-", host ? "" : j->triple);
}

double
journal_seconds(const struct journal *j, const struct node *n)
{
	struct err ignored;
	double seconds;
	char *text;

	if (file_read(j->a, times_path(j, n), &text, NULL, &ignored) < 0)
		return 0;
	seconds = strtod(text, NULL);
	return seconds > 0 ? seconds : 0;
}

void
journal_took(const struct journal *j, const struct node *n, double seconds)
{
	char *text = arena_printf(j->a, "%.1f\n", seconds);
	struct err ignored; /* it only makes for a better order */

	file_write(times_path(j, n), text, strlen(text), 0644, &ignored);
}

const char *
journal_changed(const struct journal *j, const struct node *n, const char *key_text)
{
	const char *old = last_key(j, n), *what;

	if (!old)
		return NULL;
	what = key_first_change(j->a, old, key_text);
	return what ? what : "its result is no longer in the store";
}
