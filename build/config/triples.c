/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/triples.h"

#include "build/base/arena.h"
#include "build/config/sysdeps.h"
#include "build/files/lines.h"

#include <stdlib.h>
#include <string.h>

/* TRIPLES, or NULL */
static const char *
asked(char *const *args, size_t nargs)
{
	const char *value = getenv("TRIPLES");

	for (size_t i = 0; i < nargs; i++)
		if (!strncmp(args[i], "TRIPLES=", 8))
			value = args[i] + 8;
	return value && *value ? value : NULL;
}

/* "x86_64 armv7" -> the triples, each once; names has room for a word each */
static int
resolve(struct arena *a, const char *top, const char *list, const char **names, size_t *n,
    struct err *e)
{
	const char *all = sysdeps_supported(a, top);
	char *rest = arena_strdup(a, strcmp(list, "all") ? list : all), *word;
	size_t i;

	*n = 0;
	while ((word = word_next(&rest))) {
		const char *triple = sysdeps_resolve(a, top, word);

		if (!triple)
			return fail_usage(
			    e, "TRIPLES %s: not supported; all, or some of %s", word, all);
		for (i = 0; i < *n && strcmp(names[i], triple) != 0; i++)
			;
		names[i] = triple;
		*n += i == *n;
	}
	return *n ? 0 : fail_usage(e, "TRIPLES names none; all, or some of %s", all);
}

int
triples_read(struct arena *a, const char *top, char *const *args, size_t nargs, struct triples *out,
    struct err *e)
{
	const char *list = asked(args, nargs), **names;
	char **v = arena_array(a, nargs + 1, sizeof *v);
	struct config chosen;

	*out = (struct triples){ .n = 1 };
	if (config_read(a, top, args, nargs, &chosen, e) < 0)
		return -1;
	if (!list) {
		out->v = arena_alloc(a, sizeof *out->v);
		*out->v = chosen;
		return 0;
	}
	names = arena_array(a, strlen(list) + strlen(sysdeps_supported(a, top)) + 1, sizeof *names);
	if (resolve(a, top, list, names, &out->n, e) < 0)
		return -1;
	out->v = arena_array(a, out->n, sizeof *out->v);
	for (size_t i = 0; i < nargs; i++)
		v[i] = args[i];
	for (size_t i = 0; i < out->n; i++) {
		v[nargs] = arena_printf(a, "TRIPLE=%s", names[i]);
		if (config_read(a, top, v, nargs + 1, &out->v[i], e) < 0)
			return -1;
		if (!strcmp(names[i], chosen.triple))
			out->chosen = i;
	}
	return 0;
}
