/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the table of files beside a manifest: read, written and read again */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/filetable.h"
#include "build/fuzz/fuzz.h"

#include <string.h>

static void
add_all(struct buf *b, const struct filetable *t)
{
	filetable_begin(b);
	for (size_t i = 0; i < t->n; i++) {
		filetable_add(b, &t->v[i]);
		fuzz_must(filetable_find(t, t->v[i].name) == &t->v[i], "each name is found");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct filetable t, again;
	struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };

	if (!fuzz_failed(filetable_read(a, fuzz_file(a, "files", p, n), &t, &e), &e)) {
		add_all(&first, &t);
		fuzz_must(
		    filetable_read(a, fuzz_file(a, "files", first.p, first.n), &again, &e) == 0,
		    "what was written can be read");
		add_all(&second, &again);
		fuzz_must(!strcmp(first.p, second.p), "what was written is what was read");
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(a);
	return 0;
}
