/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/qcow2.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/form/whole.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/*
 * In docs/interop/qcow2.txt of QEMU all of this has its names.  A table of the second level (L2)
 * has an entry a cluster of the disk; one of the first level (L1), an entry an L2 table.  Each
 * cluster of the file is counted as often as something refers to it.
 */
#define CLUSTER ((uint64_t)65536)
#define CLUSTER_BITS 16
#define L2_ENTRIES (CLUSTER / 8)
#define REFCOUNTS (CLUSTER / 2) /* of two bytes, in a cluster of them */
#define COPIED (UINT64_C(1) << 63)
#define COMPRESSED (UINT64_C(1) << 62)
#define SECTORS_SHIFT (62 - (CLUSTER_BITS - 8)) /* of the further sectors of a packed cluster */
#define SECTOR 512
#define WINDOW (-12) /* deflate without a header, as QEMU inflates it */
#define LEVEL 6

struct header {
	uint32_t magic, version;
	uint64_t backing;
	uint32_t backing_size, cluster_bits;
	uint64_t size;
	uint32_t encryption, l1_size;
	uint64_t l1, refcounts;
	uint32_t refcount_clusters, nsnapshots;
	uint64_t snapshots, incompatible, compatible, autoclear;
	uint32_t refcount_order, header_length;
	uint64_t no_extensions;
};

_Static_assert(sizeof(struct header) == 112, "as it is in the file");

struct writer {
	struct arena *a;
	const char *image, *path;
	int in, out;
	uint64_t size;	/* of the disk, bytes */
	uint64_t at;	/* where the file ends so far */
	uint64_t *map;	/* an L2 entry a cluster of the disk, whole tables */
	uint64_t *l1;	/* an entry a table */
	size_t ntables; /* as many as the disk has */
	uint16_t *refs; /* a count a cluster of the file */
	size_t nrefs;
	unsigned char *cluster, *packed;
	z_stream z;
};

/* the clusters that these bytes of the file are in, each one time more */
static void
refer(struct writer *w, uint64_t at, uint64_t n)
{
	size_t last = (size_t)((at + n - 1) / CLUSTER);

	if (last >= w->nrefs) {
		size_t more = 2 * last + 64;

		w->refs = arena_grow(w->a, w->refs, w->nrefs, more, sizeof *w->refs);
		w->nrefs = more;
	}
	for (size_t i = (size_t)(at / CLUSTER); i <= last; i++)
		w->refs[i]++;
}

static void
align(struct writer *w)
{
	w->at = (w->at + CLUSTER - 1) / CLUSTER * CLUSTER;
}

/* whole clusters, filled up with zeros; the last may be a hole in the file until its end is set */
static int
append(struct writer *w, const void *p, uint64_t n, uint64_t *where, struct err *e)
{
	align(w);
	*where = w->at;
	refer(w, w->at, n);
	if (whole_write(w->out, p, n, w->at, w->path, e) < 0)
		return -1;
	w->at += n;
	align(w);
	return 0;
}

/* ---- what the disk holds ---- */

static bool
is_zero(const unsigned char *cluster)
{
	return *cluster == 0 && !memcmp(cluster, cluster + 1, CLUSTER - 1);
}

/* how long it is packed; 0: not shorter */
static size_t
pack(struct writer *w)
{
	z_stream *z = &w->z;

	deflateReset(z);
	z->next_in = w->cluster;
	z->avail_in = CLUSTER;
	z->next_out = w->packed;
	z->avail_out = CLUSTER - 1;
	return deflate(z, Z_FINISH) == Z_STREAM_END ? CLUSTER - 1 - z->avail_out : 0;
}

static int
put_cluster(struct writer *w, uint64_t index, struct err *e)
{
	uint64_t at = index * CLUSTER, n = w->size - at < CLUSTER ? w->size - at : CLUSTER;
	size_t len;

	if (whole_read(w->in, w->cluster, n, at, w->image, e) < 0)
		return -1;
	memset(w->cluster + n, 0, CLUSTER - n);
	if (is_zero(w->cluster))
		return 0;
	len = pack(w);
	if (!len) {
		if (append(w, w->cluster, CLUSTER, &at, e) < 0)
			return -1;
		w->map[index] = htobe64(at | COPIED);
		return 0;
	}
	if (whole_write(w->out, w->packed, len, w->at, w->path, e) < 0)
		return -1;
	refer(w, w->at, len);
	w->map[index] = htobe64(
	    COMPRESSED | w->at | ((w->at + len - 1) / SECTOR - w->at / SECTOR) << SECTORS_SHIFT);
	w->at += len;
	return 0;
}

/* where data begins, from a place on; the size of the disk when nothing but a hole is left */
static uint64_t
data_from(const struct writer *w, uint64_t at)
{
	off_t to = lseek(w->in, (off_t)at, SEEK_DATA);

	if (to >= 0)
		return (uint64_t)to;
	return errno == ENXIO ? w->size : at; /* a filesystem that knows no holes */
}

static int
put_disk(struct writer *w, struct err *e)
{
	for (uint64_t at = 0; (at = data_from(w, at)) < w->size;) {
		if (put_cluster(w, at / CLUSTER, e) < 0)
			return -1;
		at = (at / CLUSTER + 1) * CLUSTER;
	}
	return 0;
}

/* ---- the tables ---- */

static bool
is_used(const uint64_t *table)
{
	for (size_t i = 0; i < L2_ENTRIES; i++)
		if (table[i])
			return true;
	return false;
}

static int
put_maps(struct writer *w, uint64_t *l1, struct err *e)
{
	uint64_t at;

	for (size_t i = 0; i < w->ntables; i++) {
		const uint64_t *table = &w->map[i * L2_ENTRIES];

		if (!is_used(table))
			continue;
		if (append(w, table, CLUSTER, &at, e) < 0)
			return -1;
		w->l1[i] = htobe64(at | COPIED);
	}
	return append(w, w->l1, w->ntables * sizeof *w->l1, l1, e);
}

/* the counts themselves are counted, too: as many clusters of them as that makes necessary */
static int
put_refcounts(struct writer *w, uint64_t *table, uint64_t *clusters, struct err *e)
{
	uint64_t first = w->at / CLUSTER, nblocks = 0, ntable = 0, total, *blocks;
	uint16_t *counts;

	do {
		total = first + nblocks + ntable;
		nblocks = (total + REFCOUNTS - 1) / REFCOUNTS;
		ntable = (nblocks * 8 + CLUSTER - 1) / CLUSTER;
	} while (total < first + nblocks + ntable);
	refer(w, w->at, (nblocks + ntable) * CLUSTER);
	counts = arena_array(w->a, nblocks * REFCOUNTS, sizeof *counts);
	for (uint64_t i = 0; i < total; i++)
		counts[i] = htobe16(w->refs[i]);
	blocks = arena_array(w->a, ntable * L2_ENTRIES, sizeof *blocks);
	for (uint64_t i = 0; i < nblocks; i++)
		blocks[i] = htobe64((first + i) * CLUSTER);
	*table = (first + nblocks) * CLUSTER;
	*clusters = ntable;
	if (whole_write(w->out, counts, nblocks * CLUSTER, w->at, w->path, e) < 0 ||
	    whole_write(w->out, blocks, ntable * CLUSTER, *table, w->path, e) < 0)
		return -1;
	return 0;
}

static int
put_header(struct writer *w, uint64_t l1, uint64_t refcounts, uint64_t clusters, struct err *e)
{
	const struct header h = { .magic = htobe32(0x514649fb),
		.version = htobe32(3),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(w->size),
		.l1_size = htobe32((uint32_t)w->ntables),
		.l1 = htobe64(l1),
		.refcounts = htobe64(refcounts),
		.refcount_clusters = htobe32((uint32_t)clusters),
		.refcount_order = htobe32(4),
		.header_length = htobe32(104) };

	return whole_write(w->out, &h, sizeof h, 0, w->path, e);
}

/* ---- all of it ---- */

static int
put_all(struct writer *w, struct err *e)
{
	uint64_t l1, refcounts, clusters;

	w->ntables = (size_t)((w->size + CLUSTER * L2_ENTRIES - 1) / (CLUSTER * L2_ENTRIES));
	w->map = arena_array(w->a, w->ntables * L2_ENTRIES, sizeof *w->map);
	w->l1 = arena_array(w->a, w->ntables, sizeof *w->l1);
	w->cluster = arena_alloc(w->a, CLUSTER);
	w->packed = arena_alloc(w->a, CLUSTER);
	w->at = CLUSTER; /* the header has the first to itself */
	refer(w, 0, CLUSTER);
	if (put_disk(w, e) < 0 || put_maps(w, &l1, e) < 0)
		return -1;
	return put_refcounts(w, &refcounts, &clusters, e) < 0
		   ? -1
		   : put_header(w, l1, refcounts, clusters, e);
}

static int
convert(struct writer *w, struct err *e)
{
	struct stat st;
	int r;

	if (fstat(w->in, &st) < 0)
		return fail_errno(e, "%s", w->image);
	w->size = (uint64_t)st.st_size;
	if (!w->size || w->size % SECTOR)
		return fail(e, "%s: not whole sectors of %d bytes", w->image, SECTOR);
	if (deflateInit2(&w->z, LEVEL, Z_DEFLATED, WINDOW, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		return fail(e, "%s: zlib: %s", w->path, w->z.msg ? w->z.msg : "no memory");
	r = put_all(w, e);
	deflateEnd(&w->z);
	return r;
}

int
qcow2_write(const char *image, const char *path, struct err *e)
{
	struct arena *a = arena_new();
	const char *tmp = arena_printf(a, "%s.tmp", path);
	struct writer w = { .a = a, .image = image, .path = tmp, .out = -1 };
	int r = -1;

	w.in = file_open(image, O_NOFOLLOW, e);
	if (w.in < 0)
		goto free_arena;
	if (file_remove(tmp, e) < 0)
		goto close_in;
	w.out = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (w.out < 0) {
		fail_errno(e, "%s", tmp);
		goto close_in;
	}
	r = convert(&w, e);
	if (close(w.out) < 0 && r == 0)
		r = fail_errno(e, "%s", tmp);
	if (r == 0 && rename(tmp, path) < 0)
		r = fail_errno(e, "%s", path);
	if (r < 0)
		unlink(tmp);
close_in:
	close(w.in);
free_arena:
	arena_free(a);
	return r;
}

const char *
qcow2_library(void)
{
	return zlibVersion();
}
