/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a manifest: read, checked, written and read again */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/manifest.h"
#include "build/fuzz/fuzz.h"
#include "verify/guest/grammar.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct manifest m, again;
	struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };

	if (!fuzz_failed(manifest_read(a, fuzz_file(a, "manifest", p, n), &m, &e), &e)) {
		fuzz_failed(grammar_check(&m, "manifest", &e), &e);
		manifest_path(a, &m, m.kernel);
		manifest_format(&m, &first);
		fuzz_must(
		    manifest_read(a, fuzz_file(a, "manifest", first.p, first.n), &again, &e) == 0,
		    "what was written can be read");
		manifest_format(&again, &second);
		fuzz_must(!strcmp(first.p, second.p), "what was written is what was read");
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(a);
	return 0;
}
