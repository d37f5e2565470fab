/* SPDX-License-Identifier: GPL-2.0-or-later */
/* results of a run, maybe of another machine: read, written, read again, and reported */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <string.h>

static bool
same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct testcase_result *v, *again = NULL;
	struct report_head h, h2;
	struct err e = { 0 };
	size_t nv, nagain = 0;

	fuzz_file(a, "run/results", p, n);
	if (!fuzz_failed(
		results_read(a, arena_printf(a, "%s/run", fuzz_dir()), &v, &nv, &h, &e), &e)) {
		const char *dir = arena_printf(a, "%s/run", fuzz_dir());

		fuzz_must(results_write(a, dir, v, nv, &h, &e) == 0, "results can be written");
		fuzz_must(results_read(a, dir, &again, &nagain, &h2, &e) == 0,
		    "what was written can be read");
		fuzz_must(nv == nagain, "no test case is lost");
		for (size_t i = 0; i < nv; i++)
			fuzz_must(
			    v[i].verdict == again[i].verdict && v[i].nsteps == again[i].nsteps &&
				same(v[i].scenario, again[i].scenario) &&
				same(v[i].dir, again[i].dir) && same(v[i].reason, again[i].reason),
			    "a test case is what it was");
		fuzz_failed(report_files(a, fuzz_dir(), v, nv, &h, &e), &e);
	}
	arena_free(a);
	return 0;
}
