/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a recipe: recipes/NAME/recipe */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "build/plan/recipe.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *dir;
	struct arena *a = arena_new();
	struct recipe r;
	struct err e = { 0 };
	char *slash;

	/* what a recipe may name beside itself; the kit is one of several */
	fuzz_file(a, "recipes/kits/skarnet", "k() { :; }\n", 11);
	fuzz_file(a, "recipes/it/file", "x\n", 2);
	dir = fuzz_file(a, "recipes/it/recipe", p, n);
	slash = strrchr(dir, '/');
	*slash = '\0';
	if (!fuzz_failed(recipe_read(a, dir, &r, &e), &e)) {
		fuzz_must(!strcmp(r.name, "it"), "a recipe is called as its folder");
		for (size_t i = 0; i < r.nneeds; i++)
			for (enum variant v = 0, as; v < NVARIANTS; v++)
				need_applies(&r.needs[i], v, &as) &&
				    need_in_profile(&r.needs[i], "s6");
		recipe_mentions(&r, "CFLAGS");
	}
	arena_free(a);
	return 0;
}
