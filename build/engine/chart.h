/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_CHART_H
#define BUILD_ENGINE_CHART_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct task;

/* A run that is over, drawn: what ran when, and the chain of tasks that it had to wait for. */
struct chart {
	const struct task *tasks;
	size_t n;
	unsigned cores;
	nstime from;	 /* when it began */
	double own, cpu; /* seconds of processor: ours, and all children's */
};

/* an HTML file */
int chart_write(struct arena *a, const struct chart *c, const char *path, struct err *e);

#endif
