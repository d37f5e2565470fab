/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/top.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_checkout(struct arena *a, const char *dir)
{
	return file_isdir(arena_printf(a, "%s/recipes", dir)) &&
	       file_isdir(arena_printf(a, "%s/sysdeps", dir));
}

int
top_find(struct arena *a, const char *named, const char **out, struct err *e)
{
	char program[PATH_MAX], real[PATH_MAX];
	const char *top = named;
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 8);

	if (!top && is_checkout(a, "."))
		top = ".";
	if (!top && n > 0) {
		program[n] = '\0';
		for (int i = 0; i < 2; i++)
			*strrchr(program, '/') = '\0';
		if (is_checkout(a, program))
			top = program;
	}
	if (!top)
		return fail_usage(
		    e, "not in a checkout (no recipes/ and sysdeps/ here); name one with -C");
	if (!*top)
		return fail_usage(e, "-C: is empty; name a checkout");
	if (!realpath(top, real))
		return fail_usage(e, "%s: %s; name a checkout with -C", top, strerror(errno));
	if (!is_checkout(a, real))
		return fail_usage(e,
		    "%s: not a checkout: it has no recipes/ or no sysdeps/; name one with -C",
		    real);
	*out = arena_strdup(a, real);
	return 0;
}
