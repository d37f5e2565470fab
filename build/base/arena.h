/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_ARENA_H
#define BUILD_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Memory with one end.  A function that is handed an arena leaves its results
 * there; nothing in it is freed by itself.  There is one for the run, one a job,
 * one a guest.  Being out of memory ends the program, here and nowhere else.
 */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */

/* zeroed, aligned for anything; never NULL */
void *arena_alloc(struct arena *a, size_t n);
/* zeroed array of n members */
void *arena_array(struct arena *a, size_t n, size_t size);
/* copies into a larger array; old may be NULL; for vectors that grow by doubling */
void *arena_grow(struct arena *a, const void *old, size_t oldn, size_t newn, size_t size);
/*
 * room for one more member of a vector that started as NULL and only grows by this: doubles it when
 * n is its capacity
 */
void *arena_more(struct arena *a, void *v, size_t n, size_t size);
char *arena_strdup(struct arena *a, const char *s);
/* exactly n bytes, NUL or not, and a NUL: s has that many */
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* for memory that outlives no arena: malloc and realloc that end the program when out of memory */
void *xmalloc(size_t n);
void *xrealloc(void *p, size_t n);

#endif
