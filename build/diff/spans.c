/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/spans.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN (256 * SPAN_BLOCK)

struct pair {
	const char *const *paths;
	int fd[2];
	unsigned char *buf[2];
};

/* where the next data of a file is, from pos on; UINT64_MAX when there is none */
static int
next_data(const struct pair *p, int i, uint64_t pos, uint64_t size, uint64_t *out, struct err *e)
{
	off_t at;

	*out = UINT64_MAX;
	if (pos >= size)
		return 0;
	at = lseek(p->fd[i], (off_t)pos, SEEK_DATA);
	if (at < 0)
		return errno == ENXIO ? 0 : fail_errno(e, "%s", p->paths[i]);
	*out = (uint64_t)at;
	return 0;
}

static int
load(const struct pair *p, int i, uint64_t pos, struct err *e)
{
	size_t have = 0;
	ssize_t n;

	while (have < RUN &&
	       (n = pread(p->fd[i], p->buf[i] + have, RUN - have, (off_t)(pos + have))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(e, "%s", p->paths[i]);
		have += (size_t)n;
	}
	memset(p->buf[i] + have, 0, RUN - have);
	return 0;
}

static void
add(struct arena *a, struct spans *s, uint64_t block)
{
	struct span *last = s->n ? &s->v[s->n - 1] : NULL;

	if (last && last->start + last->len == block) {
		last->len++;
		return;
	}
	s->v = arena_more(a, s->v, s->n, sizeof *s->v);
	s->v[s->n++] = (struct span){ block, 1 };
}

static void
look(struct arena *a, const struct pair *p, uint64_t pos, struct spans *s)
{
	for (size_t i = 0; i < RUN; i += SPAN_BLOCK) {
		const unsigned char *x = p->buf[0] + i, *y = p->buf[1] + i;

		if (!memcmp(x, y, SPAN_BLOCK))
			continue;
		add(a, s, (pos + i) / SPAN_BLOCK);
		for (size_t j = 0; j < SPAN_BLOCK; j++)
			if (x[j] != y[j] && s->bytes++ == 0)
				s->first = pos + i + j;
	}
}

static int
compare(struct arena *a, const struct pair *p, struct spans *s, struct err *e)
{
	uint64_t pos = 0, data[2] = { 0 };

	for (;;) {
		for (int i = 0; i < 2; i++)
			if (next_data(p, i, pos, s->size[i], &data[i], e) < 0)
				return -1;
		pos = data[0] < data[1] ? data[0] : data[1];
		if (pos == UINT64_MAX)
			return 0;
		pos -= pos % SPAN_BLOCK;
		if (load(p, 0, pos, e) < 0 || load(p, 1, pos, e) < 0)
			return -1;
		look(a, p, pos, s);
		pos += RUN;
	}
}

int
spans_find(struct arena *a, const char *const paths[2], struct spans *out, struct err *e)
{
	struct pair p = { .paths = paths, .fd = { -1, -1 } };
	struct stat st;
	int r = 0;

	*out = (struct spans){ 0 };
	for (int i = 0; i < 2; i++) {
		p.buf[i] = xmalloc(RUN);
		p.fd[i] = r == 0 ? file_open(paths[i], 0, e) : -1;
		if (r == 0 && p.fd[i] < 0)
			r = -1;
		else if (r == 0 && fstat(p.fd[i], &st) < 0)
			r = fail_errno(e, "%s", paths[i]);
		else if (r == 0)
			out->size[i] = (uint64_t)st.st_size;
	}
	if (r == 0)
		r = compare(a, &p, out, e);
	for (int i = 0; i < 2; i++) {
		if (p.fd[i] >= 0)
			close(p.fd[i]);
		free(p.buf[i]);
	}
	return r;
}

bool
spans_touch(const struct spans *s, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < s->n && s->v[i].start < to; i++)
		if (s->v[i].start + s->v[i].len > from)
			return true;
	return false;
}
