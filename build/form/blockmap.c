/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/blockmap.h"

#include "build/base/arena.h"

void
blockmap_add(struct blockmap *m, uint64_t start, uint64_t len)
{
	struct map_run *last = m->n ? &m->v[m->n - 1] : NULL;

	if (last && start <= last->start + last->len) {
		if (start + len > last->start + last->len)
			last->len = start + len - last->start;
		return;
	}
	if (!len)
		return;
	m->v = arena_more(m->a, m->v, m->n, sizeof *m->v);
	m->v[m->n++] = (struct map_run){ start, len };
}

uint64_t
blockmap_blocks(const struct blockmap *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->v[i].len;
	return n;
}
