/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/blocks.h"

#include "build/base/arena.h"
#include "build/base/fd.h"
#include "build/files/file.h"
#include "build/image/fsplan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN 256 /* blocks written at a time: 1 MiB */

int
blocks_open(const char *image, uint64_t offset, struct blocks *b, struct err *e)
{
	*b = (struct blocks){
		.image = image, .offset = offset, .fd = open(image, O_WRONLY | O_CLOEXEC)
	};
	if (b->fd < 0)
		return fail_errno(e, "%s", image);
	b->buf = xmalloc((size_t)RUN * FS_BLOCK);
	return 0;
}

void
blocks_close(struct blocks *b)
{
	close(b->fd);
	free(b->buf);
}

static bool
is_zero(const unsigned char *block)
{
	static const unsigned char zero[FS_BLOCK];

	return !memcmp(block, zero, FS_BLOCK);
}

static int
write_at(const struct blocks *b, const unsigned char *p, size_t n, uint64_t pos, struct err *e)
{
	return fd_pwrite(b->fd, p, n, &pos) < 0 ? fail_errno(e, "%s", b->image) : 0;
}

int
blocks_flush(struct blocks *b, struct err *e)
{
	for (unsigned i = 0, end; i < b->n; i = end) {
		const unsigned char *p = b->buf + (size_t)i * FS_BLOCK;

		end = i + 1;
		if (is_zero(p))
			continue;
		while (end < b->n && !is_zero(b->buf + (size_t)end * FS_BLOCK))
			end++;
		if (write_at(b, p, (size_t)(end - i) * FS_BLOCK, b->offset + (b->at + i) * FS_BLOCK,
			e) < 0)
			return -1;
	}
	b->n = 0;
	return 0;
}

/* room for *n blocks from there on, or for fewer; their tail is not zeroed */
static int
reserve(struct blocks *b, uint64_t block, unsigned *n, unsigned char **p, struct err *e)
{
	if (b->n && (b->n == RUN || block != b->at + b->n) && blocks_flush(b, e) < 0)
		return -1;
	if (b->n == 0)
		b->at = block;
	if (*n > RUN - b->n)
		*n = RUN - b->n;
	*p = b->buf + (size_t)b->n * FS_BLOCK;
	b->n += *n;
	return 0;
}

int
blocks_add(struct blocks *b, const void *p, size_t n, uint64_t block, struct err *e)
{
	unsigned one = 1;
	unsigned char *to;

	if (reserve(b, block, &one, &to, e) < 0)
		return -1;
	memcpy(to, p, n);
	memset(to + n, 0, FS_BLOCK - n);
	return 0;
}

/* as many as are wanted or as there are; -1 and errno */
static ssize_t
read_up_to(int fd, unsigned char *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(fd, p + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int
read_exactly(int fd, unsigned char *p, size_t n, const char *path, struct err *e)
{
	ssize_t r = read_up_to(fd, p, n);

	if (r < 0)
		return fail_errno(e, "%s", path);
	return (size_t)r == n ? 0 : fail(e, "%s: was truncated while the image was made", path);
}

static int
add_run(
    struct blocks *b, int fd, const char *path, uint64_t *left, struct fs_run run, struct err *e)
{
	while (run.len) {
		unsigned n = run.len < RUN ? (unsigned)run.len : RUN;
		unsigned char *p;
		size_t room, len;

		if (reserve(b, run.start, &n, &p, e) < 0)
			return -1;
		room = (size_t)n * FS_BLOCK;
		len = *left < room ? (size_t)*left : room;
		if (read_exactly(fd, p, len, path, e) < 0)
			return -1;
		memset(p + len, 0, room - len);
		*left -= len;
		run.start += n;
		run.len -= n;
	}
	return 0;
}

int
blocks_add_file(struct blocks *b, const char *path, uint64_t size, const struct fs_run *runs,
    size_t nruns, struct err *e)
{
	int fd = file_open(path, O_NOFOLLOW, e), r = 0;
	unsigned char more;

	if (fd < 0)
		return -1;
	for (size_t i = 0; i < nruns && r == 0; i++)
		r = add_run(b, fd, path, &size, runs[i], e);
	if (r == 0 && read_up_to(fd, &more, 1) == 1)
		r = fail(e, "%s: grew while the image was made", path);
	close(fd);
	return r;
}
