/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/draw.h"

#include "build/base/arena.h"
#include "verify/mutants/derive.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64, a generator that any seed suits */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* is the word one of the list? */
static bool
lists(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == n && !strncmp(list, word, n))
			return true;
	return false;
}

static int
check_names(struct arena *a, const struct derived *v, size_t n, const char *only, struct err *e)
{
	char *rest = arena_strdup(a, only), *word;

	while ((word = strsep(&rest, ","))) {
		const char *all = NULL;
		bool found = false;

		for (size_t i = 0; i < n && !found; i++) {
			found = !strcmp(v[i].class, word) || !strcmp(v[i].source, word);
			if (!i || strcmp(v[i].source, v[i - 1].source))
				all =
				    all ? arena_printf(a, "%s %s", all, v[i].source) : v[i].source;
		}
		if (!found)
			return fail_usage(e,
			    "--only %s: no mutant of this image is of that class or source; "
			    "sources are %s, and --list has the classes",
			    word, all ? all : "none");
	}
	return 0;
}

static int
by_number(const void *va, const void *vb)
{
	size_t a = *(const size_t *)va, b = *(const size_t *)vb;

	return a < b ? -1 : a > b;
}

int
draw_mutants(struct arena *a, const struct derived *v, size_t n, const struct draw *d, size_t **out,
    size_t *nout, struct err *e)
{
	uint64_t state = d->seed;
	size_t *numbers = arena_array(a, n + 1, sizeof *numbers), all = 0;

	if (d->only && check_names(a, v, n, d->only, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!d->only || lists(d->only, v[i].class) || lists(d->only, v[i].source))
			numbers[all++] = i;
	*nout = d->sample && d->sample < all ? d->sample : all;
	for (size_t i = 0; *nout < all && i < *nout; i++) {
		size_t k = i + (size_t)(next(&state) % (all - i)), one = numbers[k];

		numbers[k] = numbers[i];
		numbers[i] = one;
	}
	qsort(numbers, *nout, sizeof *numbers, by_number);
	*out = numbers;
	return 0;
}
