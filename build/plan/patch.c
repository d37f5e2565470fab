/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/patch.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/file.h"

#include <string.h>

bool
patch_is(const char *name)
{
	static const char suffix[] = ".patch";
	size_t n = strlen(name), s = sizeof suffix - 1;

	return n > s && !strcmp(name + n - s, suffix);
}

int
patch_list(struct arena *a, const char *top, const char *name, char ***v, size_t *n, struct err *e)
{
	char **names;

	*n = 0;
	if (file_names(a, arena_printf(a, "%s/patches/%s", top, name), false, v, NULL, e) < 0)
		return -1;
	for (names = *v; *names; names++)
		if (patch_is(*names))
			(*v)[(*n)++] = *names;
	(*v)[*n] = NULL;
	return 0;
}

void
patch_command(struct argv *v, const char *file)
{
	/* no fuzz: a hunk that fits only nearly may have landed in the wrong place */
	argv_pushv(v, "patch", "-p1", "--batch", "--forward", "--fuzz=0", "--no-backup-if-mismatch",
	    "-i", file, NULL);
}
