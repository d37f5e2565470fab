/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a scenario, with the verbs that there are */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "verify/play/facts.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/verbs/verbs.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct scenario s;
	struct err e = { 0 };
	const char *path = fuzz_file(a, "it.scn", p, n);

	if (!fuzz_failed(scenario_read(a, path, NULL, verb_forms(a), facts_known(a), &s, &e), &e))
		fuzz_must(s.name && s.nsteps, "a scenario has a name and steps");
	/* the file of watches has the same form */
	fuzz_failed(scenario_read(a, path, path, verb_forms(a), facts_known(a), &s, &e), &e);
	arena_free(a);
	return 0;
}
