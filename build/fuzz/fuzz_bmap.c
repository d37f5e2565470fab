/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a block map, as of an image that somebody else made */
#include "build/base/arena.h"
#include "build/form/blockmap.h"
#include "build/form/bmap.h"
#include "build/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	uint64_t mapped = 0;
	struct bmap m;
	struct err e = { 0 };

	if (!fuzz_failed(bmap_read(a, fuzz_file(a, "image.bmap", p, n), &m, &e), &e)) {
		for (size_t i = 0; i < m.n; i++) {
			fuzz_must(m.v[i].first <= m.v[i].last && m.v[i].last < m.blocks,
			    "a range is within the image");
			fuzz_must(!i || m.v[i - 1].last < m.v[i].first, "ranges ascend");
			mapped += m.v[i].last - m.v[i].first + 1;
		}
		fuzz_must(mapped == m.mapped, "the ranges are what is mapped");
		fuzz_must(m.size > (m.blocks - 1) * MAP_BLOCK && m.size <= m.blocks * MAP_BLOCK,
		    "the blocks are those of the image");
	}
	arena_free(a);
	return 0;
}
