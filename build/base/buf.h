/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_BUF_H
#define BUILD_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

/*
 * Growing bytes, on the heap; `struct buf b = { 0 };` is empty.  p[n] is always
 * a NUL once something was added, so text can be printed as it is.
 */
struct buf {
	char *p;
	size_t n, cap;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void buf_drop(struct buf *b, size_t n); /* forget the first n bytes */
void buf_clear(struct buf *b);		/* empty, memory kept */
void buf_free(struct buf *b);		/* empty, memory gone */

#endif
