/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/outdir.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/lock.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* realpath(3) as far as there is something, and behind it what is not there yet */
static char *
absolute(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	char full[PATH_MAX];

	if (realpath(path, full))
		return arena_strdup(a, full);
	if (!strcmp(path, ".") || slash == path)
		return arena_strdup(a, path);
	if (!slash)
		return arena_printf(a, "%s/%s", absolute(a, "."), path);
	return arena_printf(
	    a, "%s/%s", absolute(a, arena_strndup(a, path, (size_t)(slash - path))), slash + 1);
}

static void
up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
}

const char *
outdir_choose(struct arena *a, const char *out, const char *manifest)
{
	const char *folder;
	char *own, *full;

	if (out)
		return absolute(a, out);
	full = absolute(a, manifest);
	up(full);
	own = arena_strdup(a, full);
	folder = strrchr(full, '/');
	if (folder && (!strcmp(folder, "/static") || !strcmp(folder, "/dhcp")))
		up(full);
	up(full);
	/* the mark of lh-build's */
	if (!file_exists(arena_printf(a, "%s/lock", full)))
		full = own;
	return arena_printf(a, "%s/verify", full);
}

/* the name is wrong usage, but a full or failing disk is no mistake of who gave it */
static int
blame(const char *path, struct err *e)
{
	int why = errno;

	if (why == ENOSPC || why == EDQUOT || why == EIO)
		return -1;
	return fail_usage(e, "%s: %s; name another folder with -o", path, strerror(why));
}

static const char *const names[] = { "results", "junit.xml", "index.html", "live", "mutants.json",
	"mutants.html" };

int
outdir_fits(struct arena *a, const char *path, struct err *e)
{
	if (file_exists(arena_printf(a, "%s/lock", path)))
		return 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (file_exists(arena_printf(a, "%s/%s", path, names[i])))
			return fail_usage(e,
			    "%s: holds %s, and no run of lh-verify; name another with -o", path,
			    names[i]);
	return 0;
}

int
outdir_clear(struct arena *a, const char *path, struct err *e)
{
	int lock = -1, r = 0;

	if (file_exists(path) && !file_isdir(path))
		return fail_usage(e, "%s: not a folder; name another with -o", path);
	/* those of a run that is under way are no old ones */
	if (file_exists(arena_printf(a, "%s/lock", path)) && (lock = outdir_lock(a, path, e)) < 0)
		return -1;
	for (size_t i = 0; i < sizeof names / sizeof *names && r == 0; i++)
		if (file_remove(arena_printf(a, "%s/%s", path, names[i]), e) < 0)
			r = blame(path, e);
	if (lock >= 0)
		close(lock);
	return r;
}

int
outdir_make(const char *path, struct err *e)
{
	if (file_mkdirs(path, 0755, e) < 0)
		return blame(path, e);
	return access(path, W_OK | X_OK) < 0 ? blame(path, e) : 0;
}

int
outdir_lock(struct arena *a, const char *path, struct err *e)
{
	const char *name = arena_printf(a, "%s/lock", path);
	int fd;

	if (lock_take(name, &fd, e) < 0)
		return -1;
	if (fd >= 0)
		return fd;
	return fail(e, "%s: in use by another lh-verify; wait for it, or give another -o", path);
}
