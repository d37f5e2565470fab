/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/suite.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/play/facts.h"
#include "verify/play/verb.h"
#include "verify/scenario/scenario.h"

int
suite_read_one(
    struct arena *a, const struct suite *s, const char *path, struct scenario *out, struct err *e)
{
	return scenario_read(a, path, s->watches, verb_forms(a), facts_known(a), out, e);
}

int
suite_read(struct arena *a, const char *dir, struct suite *out, struct err *e)
{
	const char *watches = arena_printf(a, "%s/watches", dir),
		   *booted = arena_printf(a, "%s/booted", dir),
		   *ending = arena_printf(a, "%s/ending", dir);
	struct scenario last;

	*out = (struct suite){ .watches = file_exists(watches) ? watches : NULL };
	if (!file_isdir(dir))
		return fail_usage(
		    e, "%s: no such folder of scenarios; name one with --scenarios", dir);
	if (scenario_read_all(a, dir, verb_forms(a), facts_known(a), &out->v, &out->n, e) < 0)
		return -1;
	if (file_exists(ending)) {
		if (suite_read_one(a, out, ending, &last, e) < 0)
			return -1;
		for (size_t i = 0; i < out->n; i++)
			scenario_append(a, &out->v[i], &last);
	}
	if (!file_exists(booted))
		return 0;
	out->booted = arena_alloc(a, sizeof *out->booted);
	return suite_read_one(a, out, booted, out->booted, e);
}
