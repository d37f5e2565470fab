/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_ARGV_H
#define BUILD_BASE_ARGV_H

#include <stddef.h>

struct arena;

/*
 * A NULL-terminated vector being built, on an arena.  Start with
 * `struct argv v = { .a = a };`; v.v is always valid for execve after a push.
 */
struct argv {
	struct arena *a;
	char **v;
	size_t n, cap;
};

void argv_push(struct argv *v, const char *word); /* copies */
void argv_pushf(struct argv *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void argv_pushv(struct argv *v, ...); /* words up to a NULL */
/* the word as sh reads it: as it is, or in single quotes */
char *sh_quoted(struct arena *a, const char *word);
/* one line that sh would read as the same words; on the vector's arena */
char *argv_quoted(const struct argv *v);

#endif
