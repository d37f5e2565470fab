/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_KEYDIFF_H
#define BUILD_ENGINE_KEYDIFF_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

/*
 * The texts of keys (plan_key), line by line: WHAT VALUE, where WHAT is "section build",
 * "need host/gcc" or "source".
 */
struct key_line {
	const char *what, *value;
};

/* what two keys do not have in common */
struct key_change {
	const char *what;
	const char *was, *is; /* values; NULL: it is new, or gone */
};

/* in their order */
size_t key_lines(struct arena *a, const char *text, struct key_line **out);
/* in the order of the lines of now; what is gone comes last */
size_t key_diff(struct arena *a, const char *old, const char *now, struct key_change **out);

/* a value for people: digests are shortened, hashes of passwords hidden but for their start */
const char *key_value_shown(struct arena *a, const char *value);
/* a line: what: 11223344.. -> 55667788.. */
void key_change_add(struct arena *a, const struct key_change *c, unsigned depth, struct buf *out);
/* all changes, a line each, indented twice depth; false: there are none */
bool key_diff_add(
    struct arena *a, const char *old, const char *now, unsigned depth, struct buf *out);
/* the first change, as "section build changed"; NULL: there is none */
const char *key_first_change(struct arena *a, const char *old, const char *now);

#endif
