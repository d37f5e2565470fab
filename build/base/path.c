/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/path.h"

#include "build/base/arena.h"

#include <string.h>

const char *
path_next(const char **path, size_t *n)
{
	const char *name;

	do {
		name = *path + strspn(*path, "/");
		*n = strcspn(name, "/");
		*path = name + *n;
	} while (*n == 1 && *name == '.');
	return *n ? name : NULL;
}

bool
path_is_up(const char *name, size_t n)
{
	return n == 2 && !memcmp(name, "..", 2);
}

char *
path_absolute(struct arena *a, const char *dir, const char *path)
{
	const char *in = *path == '/' ? path : arena_printf(a, "%s/%s", dir, path), *name;
	char *out = arena_alloc(a, strlen(in) + 2), *end = out;
	size_t n;

	while ((name = path_next(&in, &n))) {
		if (path_is_up(name, n)) {
			while (end > out && *--end != '/')
				;
			continue;
		}
		*end++ = '/';
		end = mempcpy(end, name, n);
	}
	if (end == out)
		*end++ = '/';
	*end = '\0';
	return out;
}

bool
path_stays(const char *rel, const char *target)
{
	size_t depth = 0, n;
	const char *name;

	if (*target == '/')
		return false;
	while (path_next(&rel, &n))
		depth++;
	depth -= depth > 0; /* the link itself */
	while ((name = path_next(&target, &n))) {
		if (!path_is_up(name, n))
			depth++;
		else if (depth-- == 0)
			return false;
	}
	return true;
}

bool
path_is_name(const char *name)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789._-";
	size_t n = strspn(name, good);

	return n && n <= 64 && !name[n] && *name != '.' && *name != '-';
}
