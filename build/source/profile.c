/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/profile.h"

#include "build/base/arena.h"
#include "build/source/fetch.h"
#include "build/plan/plan.h"

#include <string.h>

void
profile_wants(
    struct arena *a, const struct plan *const *plans, size_t nplans, struct want **wants, size_t *n)
{
	size_t most = 0;
	struct want *v;

	for (size_t i = 0; i < nplans; i++)
		most += plans[i]->n;
	*wants = v = arena_array(a, most + 1, sizeof *v);
	*n = 0;
	for (size_t i = 0; i < nplans; i++)
		for (const struct node *node = plans[i]->v; node < plans[i]->v + plans[i]->n;
		     node++) {
			size_t j;

			if (!node->version || node->override)
				continue;
			for (j = 0; j < *n && v[j].forms != node->version->forms; j++)
				;
			if (j == *n)
				v[(*n)++] = (struct want){ .name = node->origin->name,
					.version = node->version->version,
					.forms = node->version->forms,
					.nforms = node->version->nforms };
		}
}

/* of "  ORIGIN: REASON" lines, the first that is about a place others can look at too */
static const char *
a_reason(struct arena *a, const char *why)
{
	const char *url = strstr(why, "://"), *start = why;

	while (url && url > why && url[-1] != '\n')
		url--;
	if (url)
		start = url;
	start += strspn(start, " ");
	return arena_strndup(a, start, strcspn(start, "\n"));
}

int
profile_decide(struct arena *a, const struct config *cfg, const struct plan *const *s6,
    size_t nplans, const char **profile, const char **why, struct err *e)
{
	const struct want *first = NULL;
	struct want *wants;
	size_t n, missing = 0;

	profile_wants(a, s6, nplans, &wants, &n);
	if (fetch_probe(a, cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!wants[i].got) {
			if (!first)
				first = &wants[i];
			missing++;
		}
	*profile = missing ? "minimal" : "s6";
	*why = NULL;
	if (missing)
		*why = arena_printf(a, "no source of %s %s%s (%s)", first->name, first->version,
		    missing > 1 ? arena_printf(a, " and %zu more", missing - 1) : "",
		    a_reason(a, first->why));
	return 0;
}
