/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/progress.h"

#include "build/base/buf.h"

#include <string.h>

/* of an estimate below it nothing can be said that is still true when it is read */
#define LEAST 1.0

/* 7:05, or 1:07:05; seconds are whole from the first on */
static void
add_time(struct buf *out, double seconds)
{
	unsigned s = seconds > 0 ? (unsigned)seconds : 0;

	if (s >= 3600)
		buf_addf(out, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		buf_addf(out, "%u:%02u", s / 60, s % 60);
}

static int
widest(const struct progress *p, size_t of)
{
	size_t most = 0;

	for (size_t i = 0; i < p->nrows; i++) {
		size_t n = strlen(of ? p->rows[i].step : p->rows[i].name);

		if (n > most)
			most = n;
	}
	return (int)most;
}

void
progress_text(const struct progress *p, struct buf *out)
{
	int name = widest(p, 0), step = widest(p, 1);

	buf_addf(out, "[%zu/%zu] %zu running, ", p->done, p->n, p->nrows);
	add_time(out, p->passed);
	if (p->left >= LEAST) {
		buf_adds(out, ", about ");
		add_time(out, p->left);
		buf_adds(out, " left");
	}
	buf_adds(out, "\n");
	for (size_t i = 0; i < p->nrows; i++) {
		const struct progress_row *r = &p->rows[i];

		buf_addf(out, "  %-*s  %-*s  ", name, r->name, step, r->step);
		add_time(out, r->passed);
		if (r->usual >= LEAST) {
			buf_adds(out, r->passed > r->usual ? ", last time " : " of ");
			add_time(out, r->usual);
		}
		buf_adds(out, "\n");
	}
}
