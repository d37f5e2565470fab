/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/patch.h"

#include "build/base/arena.h"
#include "build/base/argv.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
is_patch(const struct dirent *d)
{
	static const char suffix[] = ".patch";
	size_t n = strlen(d->d_name), s = sizeof suffix - 1;

	return n > s && d->d_name[0] != '.' && !strcmp(d->d_name + n - s, suffix);
}

static int
by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name); /* not alphasort: it follows the locale */
}

int
patch_list(struct arena *a, const char *top, const char *name, char ***v, size_t *n, struct err *e)
{
	const char *dir = arena_printf(a, "%s/patches/%s", top, name);
	struct dirent **found;
	int count = scandir(dir, &found, is_patch, by_name);

	*n = 0;
	*v = NULL;
	if (count < 0)
		return errno == ENOENT ? 0 : fail_errno(e, "%s", dir);
	*v = arena_array(a, (size_t)count + 1, sizeof **v);
	for (int i = 0; i < count; i++) {
		(*v)[(*n)++] = arena_strdup(a, found[i]->d_name);
		free(found[i]);
	}
	free(found);
	return 0;
}

void
patch_command(struct argv *v, const char *file)
{
	/* no fuzz: a hunk that fits only nearly may have landed in the wrong place */
	argv_pushv(v, "patch", "-p1", "--batch", "--forward", "--fuzz=0", "--no-backup-if-mismatch",
	    "-i", file, NULL);
}
