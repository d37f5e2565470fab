/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what is known of an architecture: sysdeps/TRIPLE/facts */
#include "build/base/arena.h"
#include "build/config/sysdeps.h"
#include "build/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct sysdeps sd;
	struct err e = { 0 };

	fuzz_file(a, "sysdeps/it-linux-musl/facts", p, n);
	if (!fuzz_failed(sysdeps_read(a, fuzz_dir(), "it-linux-musl", &sd, &e), &e))
		for (size_t i = 0; i < sd.nfacts; i++) {
			fuzz_must(sysdeps_get(&sd, sd.facts[i].key), "a fact is found by its key");
			fact_variable(a, &sd.facts[i]);
			fact_builds(&sd.facts[i]);
		}
	sysdeps_resolve(a, fuzz_dir(), "x86_64");
	arena_free(a);
	return 0;
}
