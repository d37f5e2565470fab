/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_NEAREST_H
#define VERIFY_SCENARIO_NEAREST_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct stream;

/*
 * What came closest?  Of a text the line that has most of a pattern's literal text; where none has
 * a good part of it, the last line that sounds like trouble; else the last line at all.  NULL when
 * there is no line.
 */
const char *nearest_in(struct arena *a, const char *text, size_t n, const char *wanted);
/* the same in what the console said since an offset; wanted may be NULL */
const char *nearest_line(struct arena *a, struct stream *s, uint64_t from, const char *wanted);

#endif
