/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/triples.h"

#include "build/base/arena.h"
#include "build/base/user.h"
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

struct resolving {
	struct arena *a;
	const char *top, *list;
	const char **names;
	size_t n;
};

/* "x86_64 armv7" -> the triples, each once; as whose the checkout is, for it may lead elsewhere */
static int
resolve(void *arg, struct err *e)
{
	struct resolving *r = arg;
	const char *all = sysdeps_supported(r->a, r->top);
	char *rest = arena_strdup(r->a, strcmp(r->list, "all") ? r->list : all), *word;
	size_t i;

	r->names = arena_array(r->a, strlen(r->list) + strlen(all) + 1, sizeof *r->names);
	while ((word = word_next(&rest))) {
		const char *triple = sysdeps_resolve(r->a, r->top, word);

		if (!triple)
			return fail_usage(
			    e, "TRIPLES %s: not supported; all, or some of %s", word, all);
		for (i = 0; i < r->n && strcmp(r->names[i], triple) != 0; i++)
			;
		r->names[i] = triple;
		r->n += i == r->n;
	}
	return r->n ? 0 : fail_usage(e, "TRIPLES names none; all, or some of %s", all);
}

int
triples_read(struct arena *a, const char *top, char *const *args, size_t nargs, struct triples *out,
    struct err *e)
{
	struct resolving r = { .a = a, .top = top, .list = asked(args, nargs) };
	struct user owner = user_of(top);
	char **v = arena_array(a, nargs + 1, sizeof *v);
	struct config chosen;

	*out = (struct triples){ .n = 1 };
	if (config_read(a, top, args, nargs, &chosen, e) < 0)
		return -1;
	if (!r.list) {
		out->v = arena_alloc(a, sizeof *out->v);
		*out->v = chosen;
		return 0;
	}
	if (user_as(&owner, resolve, &r, e) < 0)
		return -1;
	out->n = r.n;
	out->v = arena_array(a, out->n, sizeof *out->v);
	for (size_t i = 0; i < nargs; i++)
		v[i] = args[i];
	for (size_t i = 0; i < out->n; i++) {
		v[nargs] = arena_printf(a, "TRIPLE=%s", r.names[i]);
		if (config_read(a, top, v, nargs + 1, &out->v[i], e) < 0)
			return -1;
		if (!strcmp(r.names[i], chosen.triple))
			out->chosen = i;
	}
	return 0;
}
