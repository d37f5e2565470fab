/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_PROGRESS_H
#define BUILD_ENGINE_PROGRESS_H

#include <stddef.h>

struct buf;

/* What a person sees of a run that goes on: a line for all of it, then one an action. */
struct progress {
	size_t done, n;	     /* actions */
	double passed, left; /* seconds; left is an estimate */
	struct progress_row {
		const char *name, *step; /* "i486 target/dropbear", "configure" */
		double passed, usual;	 /* seconds; usual 0: not known */
	} * rows;
	size_t nrows;
};

/* lines with a newline each, the most telling first: a low terminal shows the beginning */
void progress_text(const struct progress *p, struct buf *out);

#endif
