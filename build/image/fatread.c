/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/fatread.h"

#include "build/base/arena.h"
#include "build/base/le.h"
#include "build/files/file.h"
#include "build/files/filetable.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum {
	SECTOR = 512,
	ENTRY = 32,
	ALIAS = 11,
	FILES_MOST = 1000,
	DEEP = 8, /* folders in folders */
	GONE = 0xe5,
	ATTR_LABEL = 0x08, /* also of the entries of a long name */
	ATTR_FOLDER = 0x10,
};

struct reading {
	struct arena *a;
	int fd;
	uint64_t offset, data;	    /* of the filesystem; of cluster 2 */
	uint32_t cluster, clusters; /* bytes of one; how many */
	const unsigned char *table;
	struct fat_found *v;
	size_t n, seen; /* files; clusters of all chains, which is where a cycle ends */
	struct err *e;
};

static int
read_at(const struct reading *r, void *to, size_t n, uint64_t at)
{
	return pread(r->fd, to, n, (off_t)(r->offset + at)) == (ssize_t)n
		   ? 0
		   : fail(r->e, "boot: cannot be read");
}

static int
bad(const struct reading *r)
{
	return fail(r->e, "boot: is no FAT16 filesystem that holds together");
}

/* the next cluster of a chain into block; 0: it has none */
static int
next(struct reading *r, uint32_t *at, unsigned char *block)
{
	if (*at < 2 || *at >= r->clusters + 2 || r->seen++ > r->clusters)
		return *at >= 0xfff8 ? 0 : bad(r);
	if (read_at(r, block, r->cluster, r->data + (uint64_t)(*at - 2) * r->cluster) < 0)
		return -1;
	*at = le_get(r->table + 2 * *at, 2);
	return 1;
}

static int
read_file(struct reading *r, const char *path, uint32_t first, uint32_t size)
{
	struct digest *d = digest_new();
	unsigned char *block = arena_alloc(r->a, r->cluster);
	struct fat_found *f;
	uint32_t left = size;
	int more = 1;

	while (left && (more = next(r, &first, block)) > 0) {
		uint32_t n = left < r->cluster ? left : r->cluster;

		digest_add(d, block, n);
		left -= n;
	}
	if (r->n == FILES_MOST || (left && more == 0))
		more = bad(r);
	r->v = arena_more(r->a, r->v, r->n, sizeof *r->v);
	f = &r->v[r->n++];
	*f = (struct fat_found){ .path = path, .size = size };
	digest_end(d, f->sha256);
	return more < 0 ? -1 : 0;
}

/* NAME.EXT */
static const char *
name_of(struct reading *r, const char *folder, const unsigned char *entry)
{
	size_t base = 8, ext = 3;

	while (base && entry[base - 1] == ' ')
		base--;
	while (ext && entry[8 + ext - 1] == ' ')
		ext--;
	return arena_printf(r->a, "%s%s%s%s", folder,
	    filetable_escape(r->a, arena_strndup(r->a, (const char *)entry, base)), ext ? "." : "",
	    filetable_escape(r->a, arena_strndup(r->a, (const char *)entry + 8, ext)));
}

static int read_folder(struct reading *r, const char *path, uint32_t first, unsigned deep);

/* 1: it was the last */
static int
read_entries(struct reading *r, const char *folder, const unsigned char *p, size_t n, unsigned deep)
{
	for (; n >= ENTRY; p += ENTRY, n -= ENTRY) {
		uint32_t first = le_get(p + 26, 2);
		const char *path;

		if (!*p)
			return 1;
		if (*p == GONE || p[ALIAS] & ATTR_LABEL || *p == '.')
			continue;
		path = name_of(r, folder, p);
		if (p[ALIAS] & ATTR_FOLDER
			? read_folder(r, arena_printf(r->a, "%s/", path), first, deep + 1) < 0
			: read_file(r, path, first, le_get(p + 28, 4)) < 0)
			return -1;
	}
	return 0;
}

static int
read_folder(struct reading *r, const char *path, uint32_t first, unsigned deep)
{
	unsigned char *block = arena_alloc(r->a, r->cluster);
	int more, last = 0;

	if (deep > DEEP)
		return bad(r);
	while (!last && (more = next(r, &first, block)) != 0) {
		last = more < 0 ? -1 : read_entries(r, path, block, r->cluster, deep);
		if (last < 0)
			return -1;
	}
	return 0;
}

/* a boot sector, two copies of the table of which readers take the first, the root folder, data */
static int
read_all(struct reading *r, uint64_t size)
{
	unsigned char b[SECTOR], *table, *root;
	uint32_t reserved, fats, entries, per_fat, sectors;
	size_t n;

	if (read_at(r, b, sizeof b, 0) < 0)
		return -1;
	reserved = le_get(b + 14, 2);
	fats = b[16];
	entries = le_get(b + 17, 2);
	per_fat = le_get(b + 22, 2);
	sectors = le_get(b + 19, 2) ? le_get(b + 19, 2) : le_get(b + 32, 4);
	r->cluster = b[13] * SECTOR;
	n = (size_t)per_fat * SECTOR;
	r->data = ((uint64_t)reserved + (uint64_t)fats * per_fat) * SECTOR + entries * ENTRY;
	if (le_get(b + 11, 2) != SECTOR || !r->cluster || !reserved || fats != 2 || !per_fat ||
	    !entries || entries % (SECTOR / ENTRY) || (uint64_t)sectors * SECTOR > size ||
	    r->data >= (uint64_t)sectors * SECTOR)
		return bad(r);
	r->clusters = (uint32_t)(((uint64_t)sectors * SECTOR - r->data) / r->cluster);
	if (r->clusters < 4085 || r->clusters > 65524 || n / 2 < r->clusters + 2)
		return bad(r);
	r->table = table = arena_alloc(r->a, n);
	root = arena_alloc(r->a, entries * ENTRY);
	return read_at(r, table, n, (uint64_t)reserved * SECTOR) < 0 ||
		       read_at(r, root, entries * ENTRY, r->data - entries * ENTRY) < 0 ||
		       read_entries(r, "", root, entries * ENTRY, 0) < 0
		   ? -1
		   : 0;
}

int
fat_read(struct arena *a, const char *image, uint64_t offset, uint64_t size, struct fat_found **out,
    size_t *n, struct err *e)
{
	struct reading r = { .a = a, .offset = offset, .e = e };
	int done;

	r.fd = file_open(image, 0, e);
	if (r.fd < 0)
		return -1;
	done = read_all(&r, size);
	close(r.fd);
	*out = r.v;
	*n = r.n;
	return done;
}
