/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_TIMELINE_H
#define BUILD_ENGINE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* A run as a chart: one self-contained HTML page, a row an action, without scripts. */
struct timeline {
	const char *title;
	unsigned cores;
	double wall, cpu,
	    own; /* seconds: of the run, of processor in children, of processor in ourselves */
	struct timeline_bar {
		const char *name; /* "i486 target/dropbear" */
		bool critical;	  /* on the chain that the end waited for */
		struct timeline_step {
			const char *label;
			double from, to, cpu; /* seconds since the start */
		} * steps;
		size_t nsteps;
	} * bars;
	size_t nbars;
};

void timeline_html(const struct timeline *t, struct buf *out);

#endif
