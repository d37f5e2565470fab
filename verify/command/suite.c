/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/suite.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/options.h"
#include "verify/play/facts.h"
#include "verify/play/matrix.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/verbs/verbs.h"

#include <string.h>

int
suite_read_one(
    struct arena *a, const struct suite *s, const char *path, struct scenario *out, struct err *e)
{
	return scenario_read(a, path, s->watches, verb_forms(a), facts_known(a), out, e);
}

/* those of a further folder, too; what holds for all of them is said in the first */
static int
read_also(struct arena *a, const char *dir, struct suite *out, struct err *e)
{
	static const char *const common[] = { "watches", "booted", "ending" };
	struct scenario *v;
	size_t n;

	if (!file_isdir(dir))
		return fail_usage(e, "%s: no such folder of scenarios; name one with --also", dir);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (file_exists(arena_printf(a, "%s/%s", dir, common[i])))
			return fail_usage(e,
			    "%s/%s: a folder of further scenarios has none; write it into the "
			    "scenarios",
			    dir, common[i]);
	if (scenario_read_all(a, dir, out->watches, verb_forms(a), facts_known(a), &v, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct scenario *was = matrix_scenario(out->v, out->n, v[i].name);

		if (was)
			return fail_usage(e, "%s: %s has that name, too; rename one of them",
			    v[i].path, was->path);
	}
	out->v = arena_grow(a, out->v, out->n, out->n + n, sizeof *out->v);
	memcpy(out->v + out->n, v, n * sizeof *v);
	out->n += n;
	return 0;
}

/* what all of them begin or end with has their requirements, lanes and deaths */
static int
read_common(
    struct arena *a, const struct suite *s, const char *path, struct scenario *out, struct err *e)
{
	const char *idle;

	if (suite_read_one(a, s, path, out, e) < 0)
		return -1;
	idle = out->nproofs			    ? "proves"
	       : out->after			    ? "after"
	       : *out->dies			    ? "dies"
	       : *out->says			    ? "says"
	       : out->pristine			    ? "image"
	       : out->counts			    ? "clock"
	       : strcmp(out->lane, *scenario_lanes) ? "lane"
						    : NULL;
	for (size_t i = 0; i < out->nrequires; i++)
		if (strcmp(out->requires[i].key, "agent"))
			idle = arena_printf(a, "requires %s", out->requires[i].key);
	return idle ? fail_usage(
			  e, "%s: `%s` has no effect here; write it into a scenario", path, idle)
		    : 0;
}

int
suite_read(struct arena *a, const struct options *o, struct suite *out, struct err *e)
{
	const char *dir = o->scenarios, *watches = arena_printf(a, "%s/watches", dir),
		   *booted = arena_printf(a, "%s/booted", dir),
		   *ending = arena_printf(a, "%s/ending", dir);
	struct scenario last;

	*out = (struct suite){ .watches = file_exists(watches) ? watches : NULL };
	if (!file_isdir(dir))
		return fail_usage(
		    e, "%s: no such folder of scenarios; name one with --scenarios", dir);
	if (scenario_read_all(
		a, dir, out->watches, verb_forms(a), facts_known(a), &out->v, &out->n, e) < 0)
		return -1;
	for (size_t i = 0; i < o->also.n; i++)
		if (read_also(a, o->also.v[i], out, e) < 0)
			return -1;
	if (file_exists(ending)) {
		if (read_common(a, out, ending, &last, e) < 0)
			return -1;
		for (size_t i = 0; i < out->n; i++)
			scenario_append(a, &out->v[i], &last);
	}
	if (!file_exists(booted))
		return 0;
	out->booted = arena_alloc(a, sizeof *out->booted);
	return read_common(a, out, booted, out->booted, e);
}
