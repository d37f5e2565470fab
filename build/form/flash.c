/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/flash.h"

#include "build/base/arena.h"
#include "build/base/clock.h"
#include "build/base/log.h"
#include "build/files/digest.h"
#include "build/form/blockmap.h"
#include "build/form/bmap.h"
#include "build/form/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define HEAD MIB /* what is before all partitions, and at the end behind them */
#define CHUNK ((size_t)1 << 20)
#define PATIENCE                                                                                   \
	(INT64_C(1000) * 1000 * 1000) /* ns that nobody needs to be told why it takes long */

/* a pass over the blocks of the map */
struct pass {
	const struct flash *f;
	const char *what; /* "written" */
	unsigned char *buf;
	nstime began, told;
	uint64_t done; /* bytes */
};

static void
tell(struct pass *p, size_t n)
{
	nstime now = clock_now();

	p->done += n;
	if (now - p->began < PATIENCE || now - p->told < PATIENCE / 4)
		return;
	p->told = now;
	log_status("flash: %s: %" PRIu64 " of %" PRIu64 " MiB", p->what, p->done / MIB,
	    p->f->map->mapped * MAP_BLOCK / MIB);
}

static int
begin(struct pass *p, const struct flash *f, const char *what, struct err *e)
{
	void *buf;

	*p = (struct pass){ .f = f, .what = what, .began = clock_now() };
	errno = posix_memalign(&buf, MAP_BLOCK, CHUNK); /* as O_DIRECT has it */
	if (errno)
		return fail_errno(e, "flash");
	p->buf = buf;
	return 0;
}

static void
end(struct pass *p)
{
	log_status("%s", "");
	free(p->buf);
}

/* the image may end within its last block */
static uint64_t
end_of(const struct flash *f, const struct bmap_range *r)
{
	uint64_t at = (r->last + 1) * MAP_BLOCK;

	return at < f->map->size ? at : f->map->size;
}

/* ---- reading ---- */

/* the bytes of each range, from a descriptor, have the digest that the map has */
static int
compare(struct pass *p, int fd, const char *name, const char *wrong, struct err *e)
{
	const struct flash *f = p->f;

	for (size_t i = 0; i < f->map->n; i++) {
		const struct bmap_range *r = &f->map->v[i];
		uint64_t at = r->first * MAP_BLOCK, to = end_of(f, r);
		struct digest *d = digest_new();
		char hex[DIGEST_HEX];
		int failed = 0;

		while (at < to && !failed) {
			size_t n = to - at < CHUNK ? (size_t)(to - at) : CHUNK;

			failed = whole_read(fd, p->buf, n, at, name, e);
			digest_add(d, p->buf, n);
			tell(p, n);
			at += n;
		}
		digest_end(d, hex);
		if (failed)
			return -1;
		if (strcmp(hex, r->sha256) != 0)
			return fail(e, "%s: blocks %" PRIu64 "-%" PRIu64 " %s", name, r->first,
			    r->last, wrong);
	}
	return 0;
}

int
flash_judge(const struct flash *f, struct err *e)
{
	off_t size = lseek(f->from, 0, SEEK_END);
	struct pass p;
	int r;

	if (size < 0)
		return fail_errno(e, "%s", f->image);
	if ((uint64_t)size != f->map->size)
		return fail(e, "%s: its block map is of an image of another size", f->image);
	if (begin(&p, f, "looked at", e) < 0)
		return -1;
	r = compare(&p, f->from, f->image, "are not what the block map was made of", e);
	end(&p);
	return r;
}

/*
 * Memory has what was written: what the disk has, only it can tell.  A filesystem that cannot read
 * past its memory is no disk, and forgets what it is asked to.
 */
static void
past_memory(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_DIRECT);
}

static void
through_memory(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_DIRECT);
}

int
flash_check(const struct flash *f, struct err *e)
{
	struct pass p;
	int r;

	if (begin(&p, f, "compared", e) < 0)
		return -1;
	if (f->map->size % MAP_BLOCK ==
	    0) /* else the last read would be none that O_DIRECT knows */
		past_memory(f->to);
	r = compare(&p, f->to, f->device,
	    "read back other than they were written: the disk is not to be trusted", e);
	through_memory(f->to);
	end(&p);
	return r;
}

/* ---- writing ---- */

/* of all ranges what lies in [from, to) */
static int
copy(struct pass *p, uint64_t from, uint64_t to, struct err *e)
{
	const struct flash *f = p->f;

	for (size_t i = 0; i < f->map->n; i++) {
		const struct bmap_range *r = &f->map->v[i];
		uint64_t at = r->first * MAP_BLOCK, stop = end_of(f, r);

		if (at < from)
			at = from;
		if (stop > to)
			stop = to;
		while (at < stop) {
			size_t n = stop - at < CHUNK ? (size_t)(stop - at) : CHUNK;

			if (whole_read(f->from, p->buf, n, at, f->image, e) < 0 ||
			    whole_write(f->to, p->buf, n, at, f->device, e) < 0)
				return -1;
			tell(p, n);
			at += n;
		}
	}
	return 0;
}

static int
clear(struct pass *p, uint64_t at, uint64_t n, struct err *e)
{
	memset(p->buf, 0, CHUNK);
	return whole_write(p->f->to, p->buf, n < CHUNK ? (size_t)n : CHUNK, at, p->f->device, e);
}

/* an error of the disk may show no earlier than this */
static int
settle(const struct flash *f, struct err *e)
{
	return fsync(f->to) < 0 ? fail_errno(e, "%s", f->device) : 0;
}

static int
write_all(struct pass *p, struct err *e)
{
	const struct flash *f = p->f;
	uint64_t tail = f->room - f->map->size;

	if (clear(p, 0, f->map->size < HEAD ? f->map->size : HEAD, e) < 0)
		return -1;
	/* a second table was there, if any; on a disk of just this size it is the image's */
	if (tail && clear(p, f->room - (tail < HEAD ? tail : HEAD), tail, e) < 0)
		return -1;
	if (settle(f, e) < 0 || copy(p, HEAD, UINT64_MAX, e) < 0 || settle(f, e) < 0 ||
	    copy(p, 0, HEAD, e) < 0)
		return -1;
	return settle(f, e);
}

int
flash_write(const struct flash *f, struct err *e)
{
	struct pass p;
	int r;

	if (begin(&p, f, "written", e) < 0)
		return -1;
	r = write_all(&p, e);
	end(&p);
	return r < 0 ? wrap(e, "flash: nothing on it can be used") : 0;
}
