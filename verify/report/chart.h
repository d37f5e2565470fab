/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_CHART_H
#define VERIFY_REPORT_CHART_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * A boot, drawn from what s6 noted: a bar a service, from its start to its readiness, on the way
 * that took longest in another colour.  text is what the `chart` step's command said:
 *
 *   moment LABEL SECONDS            one moment on both clocks: TAI64N, and seconds since the
 *                                   kernel began
 *   NAME LABEL LABEL NAME...        a service: up since, ready since, and what it depends on
 *                                   directly; labels are - for what has no process (oneshots):
 *                                   they are drawn, hollow, from where the last that they
 *                                   need was ready to where the first that needs them began
 *   work NAME SECONDS               so long the processor worked for NAME, in any order
 *
 * LABEL is @ and 24 hex digits, see https://cr.yp.to/libtai/tai64.html#tai64n.  Adds an <svg>; or
 * nothing, and returns false, when the text has no such lines, or no service was ready after the
 * kernel began.
 */
bool chart_svg(struct buf *out, const char *text);

/*
 * The same in figures: `to-first-service` and `to-last-service`, from where the kernel begins to
 * the start of the first and the readiness of the last, and each service's own time from its start
 * to its readiness; those that tell no readiness have none.  What was worked is CHART_WORK and its
 * name.  On the arena; returns how many.
 */
#define CHART_WORK "work "
struct chart_phase {
	const char *name;
	nstime took;
};
size_t chart_phases(struct arena *a, const char *text, struct chart_phase **out);

#endif
