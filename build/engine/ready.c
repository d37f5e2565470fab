/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/ready.h"

#include "build/engine/task.h"

static bool
before(const struct task *a, const struct task *b)
{
	return a->weight > b->weight || (a->weight == b->weight && a < b);
}

static void
swap(struct ready *q, size_t i, size_t j)
{
	struct task *t = q->v[i];

	q->v[i] = q->v[j];
	q->v[j] = t;
}

void
ready_add(struct ready *q, struct task *t)
{
	size_t i = q->n++;

	q->v[i] = t;
	for (; i && before(q->v[i], q->v[(i - 1) / 2]); i = (i - 1) / 2)
		swap(q, i, (i - 1) / 2);
}

struct task *
ready_take(struct ready *q)
{
	struct task *first;
	size_t i = 0;

	if (!q->n)
		return NULL;
	first = q->v[0];
	q->v[0] = q->v[--q->n];
	for (;;) {
		size_t best = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
			if (child < q->n && before(q->v[child], q->v[best]))
				best = child;
		if (best == i)
			return first;
		swap(q, i, best);
		i = best;
	}
}
