/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/schedule.h"

#include "build/base/arena.h"
#include "verify/play/matrix.h"
#include "verify/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

static int
by_cost(const void *va, const void *vb)
{
	const struct turn *a = va, *b = vb;
	nstime la = a->scenario->limit, lb = b->scenario->limit;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (la != lb)
		return la < lb ? -1 : 1;
	return strcmp(a->scenario->name, b->scenario->name);
}

static enum turn_kind
kind_of(const struct scenario *s, bool booted)
{
	if (s->offline)
		return TURN_OFFLINE;
	return booted && s->after && !s->pristine ? TURN_AFTER : TURN_COLD;
}

size_t
schedule_make(struct arena *a, const struct matrix *m, const struct scenario *booted, bool agent,
    struct turn **out)
{
	struct turn *v = arena_array(a, m->n + 1, sizeof *v);
	bool shared = false;
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].skip)
			continue;
		v[n].scenario = m->v[i].scenario;
		v[n].kind = kind_of(m->v[i].scenario, booted && agent);
		shared |= v[n].kind == TURN_AFTER;
		n++;
	}
	if (shared)
		v[n++] = (struct turn){ .scenario = booted, .kind = TURN_BOOTED };
	qsort(v, n, sizeof *v, by_cost);
	*out = v;
	return n;
}
