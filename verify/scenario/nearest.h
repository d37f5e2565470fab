/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_NEAREST_H
#define VERIFY_SCENARIO_NEAREST_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct stream;

/*
 * What came closest, and what was said that may tell why.  What is only the echo of what was sent
 * to a console is neither, unless nothing else was said.
 */
struct nearest {
	const char *miss; /* nearly matches a pattern (miss.h), or NULL */
	const char
	    *telling; /* the last line that sounds like trouble, or else the last one; or NULL */
};

struct nearest nearest_in(
    struct arena *a, const char *text, size_t n, const char *re, const char *sent);
/* the same in what the console said since an offset; re and sent may be NULL */
struct nearest nearest_line(
    struct arena *a, struct stream *s, uint64_t from, const char *re, const char *sent);

#endif
