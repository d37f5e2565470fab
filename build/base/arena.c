/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 10
/* it does not see that a chunk is kept in the list when only its data is handed out */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* small things share a chunk; what is larger than a quarter of one gets its own */
#define CHUNK 65536
#define ALIGN 16

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(ALIGN) char data[];
};

struct arena {
	struct chunk *head; /* the one being filled */
};

static void
no_memory(void)
{
	fprintf(stderr, "%s: fatal: out of memory\n", program_invocation_short_name);
	_Exit(111);
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		no_memory();
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		no_memory();
	return p;
}

struct arena *
arena_new(void)
{
	struct arena *a = xmalloc(sizeof *a);

	a->head = NULL;
	return a;
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static struct chunk *
chunk_new(size_t size)
{
	struct chunk *c = calloc(1, sizeof *c + size);

	if (!c)
		no_memory();
	c->size = size;
	return c;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct chunk *c = a->head;
	void *p;

	if (n > SIZE_MAX - 2 * CHUNK)
		no_memory();
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (n > CHUNK / 4) {
		/* behind the head, which goes on being filled */
		struct chunk *own = chunk_new(n);

		own->used = n;
		if (c) {
			own->next = c->next;
			c->next = own;
		} else {
			a->head = own;
		}
		return own->data;
	}
	if (!c || c->size - c->used < n) {
		c = chunk_new(CHUNK);
		c->next = a->head;
		a->head = c;
	}
	p = c->data + c->used;
	c->used += n;
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		no_memory();
	return arena_alloc(a, n * size);
}

void *
arena_grow(struct arena *a, const void *old, size_t oldn, size_t newn, size_t size)
{
	void *p = arena_array(a, newn, size);

	if (oldn)
		memcpy(p, old, oldn * size);
	return p;
}

void *
arena_more(struct arena *a, void *v, size_t n, size_t size)
{
	/* the capacity is the next power of two, so it is full when n is one, or nothing is there
	 */
	return n & (n - 1) ? v : arena_grow(a, v, n, n ? 2 * n : 1, size);
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	int n;
	char *p;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}
