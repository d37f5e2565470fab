/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/chart.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/engine/task.h"
#include "build/engine/timeline.h"
#include "build/files/file.h"

static nstime
ended(const struct task *t)
{
	return t->spans[t->nspans - 1].to;
}

static bool
wants(const struct task *t, const struct task *need)
{
	for (size_t i = 0; i < need->nwanted_by; i++)
		if (need->wanted_by[i] == t)
			return true;
	return false;
}

/*
 * the last to end, and then, from each, the last of what it waited for; what is there already ended
 * before all
 */
static void
mark_critical(const struct task *v, size_t n, bool *critical)
{
	const struct task *last = NULL;

	for (size_t i = 0; i < n; i++)
		if (v[i].nspans && (!last || ended(&v[i]) > ended(last)))
			last = &v[i];
	while (last) {
		const struct task *before = NULL;

		critical[last - v] = true;
		for (size_t i = 0; i < n; i++)
			if (v[i].nspans && wants(last, &v[i]) &&
			    (!before || ended(&v[i]) > ended(before)))
				before = &v[i];
		last = before;
	}
}

static struct timeline_bar
bar_of(struct arena *a, const struct task *t, bool critical, nstime from)
{
	struct timeline_bar bar = { t->id, critical, arena_array(a, t->nspans, sizeof *bar.steps),
		t->nspans };

	for (size_t i = 0; i < t->nspans; i++)
		bar.steps[i] = (struct timeline_step){ t->spans[i].label,
			(double)(t->spans[i].from - from) / NS_PER_S,
			(double)(t->spans[i].to - from) / NS_PER_S, t->spans[i].cpu };
	return bar;
}

int
chart_write(struct arena *a, const struct chart *c, const char *path, struct err *e)
{
	bool *critical = arena_array(a, c->n + 1, sizeof *critical);
	struct timeline t = { .title = "lh-build",
		.cores = c->cores,
		.own = c->own,
		.cpu = c->cpu,
		.wall = (double)(clock_now() - c->from) / NS_PER_S };
	struct buf b = { 0 };
	int result;

	t.bars = arena_array(a, c->n, sizeof *t.bars);
	mark_critical(c->tasks, c->n, critical);
	for (size_t i = 0; i < c->n; i++)
		if (c->tasks[i].nspans)
			t.bars[t.nbars++] = bar_of(a, &c->tasks[i], critical[i], c->from);
	timeline_html(&t, &b);
	result = file_mkparent(path, e) < 0 ? -1 : file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return result;
}
