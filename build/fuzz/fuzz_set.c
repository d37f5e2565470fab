/* SPDX-License-Identifier: GPL-2.0-or-later */
/* versions that belong together: recipes/sets/NAME */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "build/plan/recipe.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct set s;
	struct err e = { 0 };

	fuzz_file(a, "recipes/sets/it", p, n);
	if (!fuzz_failed(set_read(a, fuzz_dir(), "it", &s, &e), &e))
		for (size_t i = 0; i < s.n; i++)
			fuzz_must(set_version(&s, s.v[i].name), "an entry is found by its name");
	arena_free(a);
	return 0;
}
