/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After Microsoft's "FAT: General Overview of On-Disk Format", version 1.03: a boot sector, two
 * copies of the table, the root folder, and clusters, which are counted from 2.
 */
#include "build/image/fat.h"

#include "build/base/arena.h"
#include "build/base/fd.h"
#include "build/form/blockmap.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SECTOR = 512,
	ENTRY = 32,	    /* bytes of one in a folder */
	ROOT_ENTRIES = 512, /* the root folder lies before the clusters, and cannot grow */
	ROOT_SECTORS = ROOT_ENTRIES * ENTRY / SECTOR,
	FATS = 2,
	ALIAS = 11,	       /* 8 and 3 characters, padded with blanks */
	PER_ENTRY = 13,	       /* characters of a long name */
	CLUSTERS_LEAST = 4085, /* of fewer, a reader takes it for FAT12, of more for FAT32 */
	CLUSTERS_MOST = 65524,
	CLUSTER_MOST = 64, /* sectors */
	LAST = 0xffff,	   /* of a chain */
	MEDIA = 0xf8,	   /* a fixed disk */
	ATTR_LABEL = 0x08,
	ATTR_FOLDER = 0x10,
	ATTR_FILE = 0x20,
	ATTR_LONG_NAME = 0x0f,
};

/* a file, or a folder that the path of one names */
struct node {
	const char *name;
	size_t parent;
	const struct fat_file *file; /* NULL: a folder */
	unsigned char alias[ALIAS];
	unsigned longs; /* entries of its name, before its own, if that is no alias as it is */
	uint32_t bytes; /* of a folder: of its entries */
	uint32_t first, clusters;
};

struct fat {
	struct arena *a;
	struct node *v; /* v[0] is the root folder */
	size_t n;
	uint32_t sectors, per_cluster, reserved, fat_sectors, clusters;
	uint32_t taken; /* clusters */
	uint16_t date, time;
};

static void
put(unsigned char *p, uint32_t v, unsigned n)
{
	while (n--) {
		*p++ = (unsigned char)v;
		v >>= 8;
	}
}

/* ---- names ---- */

static bool
is_plain(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static bool
fits(const char *s, size_t n, size_t most)
{
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s[i]))
			return false;
	return n && n <= most;
}

static void
copy_upper(unsigned char *to, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)(is_plain(s[i]) ? toupper((unsigned char)s[i]) : '_');
}

static bool
alias_taken(const struct fat *f, const struct node *of)
{
	for (size_t i = 1; i < f->n; i++)
		if (&f->v[i] != of && f->v[i].parent == of->parent &&
		    !memcmp(f->v[i].alias, of->alias, ALIAS))
			return true;
	return false;
}

/* NAME.EXT as it is; else, with the long name before it, in upper case, or begun and numbered */
static void
make_alias(const struct fat *f, struct node *n)
{
	const char *dot = strrchr(n->name, '.');
	size_t base = dot ? (size_t)(dot - n->name) : strlen(n->name);
	size_t ext = dot ? strlen(dot + 1) : 0;
	bool whole = fits(n->name, base, 8) && (!dot || fits(dot + 1, ext, 3)), upper = true;

	for (const char *s = n->name; *s; s++)
		upper = upper && !islower((unsigned char)*s);
	n->longs = whole && upper ? 0 : (unsigned)((strlen(n->name) + PER_ENTRY - 1) / PER_ENTRY);
	memset(n->alias, ' ', ALIAS);
	copy_upper(n->alias, n->name, base < 8 ? base : 8);
	if (dot)
		copy_upper(n->alias + 8, dot + 1, ext < 3 ? ext : 3);
	for (unsigned i = 1; !whole && (i == 1 || alias_taken(f, n)); i++) {
		char number[12];
		size_t len = (size_t)snprintf(number, sizeof number, "~%u", i);

		memcpy(n->alias + (base < 8 - len ? base : 8 - len), number, len);
	}
}

static unsigned char
alias_sum(const unsigned char *alias)
{
	unsigned char sum = 0;

	for (int i = 0; i < ALIAS; i++)
		sum = (unsigned char)((sum >> 1 | sum << 7) + alias[i]);
	return sum;
}

/* ---- where everything will be ---- */

static size_t
child_of(struct fat *f, size_t parent, const char *name, const struct fat_file *file)
{
	for (size_t i = 1; i < f->n; i++)
		if (f->v[i].parent == parent && !strcmp(f->v[i].name, name))
			return i;
	f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
	f->v[f->n] = (struct node){ .name = name, .parent = parent, .file = file };
	make_alias(f, &f->v[f->n]);
	return f->n++;
}

static void
add_file(struct fat *f, const struct fat_file *file)
{
	char *rest = arena_strdup(f->a, file->path), *name;
	size_t at = 0;

	while ((name = strsep(&rest, "/")))
		at = child_of(f, at, name, rest ? NULL : file);
}

/* false: it cannot be FAT16 */
static bool
set_geometry(struct fat *f, uint64_t size)
{
	uint64_t sectors = size / SECTOR;
	uint32_t per = 4, data;

	while (sectors / per > CLUSTERS_MOST && per < CLUSTER_MOST)
		per *= 2;
	while (sectors / per < 2 * CLUSTERS_LEAST && per > 1)
		per /= 2;
	if (sectors / per > CLUSTERS_MOST + 1 || sectors < 2 * CLUSTERS_LEAST / 2)
		return false;
	f->sectors = (uint32_t)sectors;
	f->per_cluster = per;
	f->fat_sectors = (f->sectors / per + 2 + SECTOR / 2 - 1) / (SECTOR / 2);
	/* the clusters begin at a block of the disk */
	f->reserved = 8 + (8 - FATS * f->fat_sectors % 8) % 8;
	data = f->sectors - f->reserved - FATS * f->fat_sectors - ROOT_SECTORS;
	f->clusters = data / per;
	return f->clusters >= CLUSTERS_LEAST && f->clusters <= CLUSTERS_MOST;
}

/* clusters in the order of the nodes, each file and folder in one piece */
static void
place(struct fat *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct node *n = &f->v[i];

		f->v[n->parent].bytes += (n->longs + 1) * ENTRY;
		n->bytes = n->file ? (uint32_t)n->file->n : n->bytes + 2 * ENTRY; /* . and .. */
	}
	for (size_t i = 1; i < f->n; i++) {
		struct node *n = &f->v[i];
		uint32_t bytes = f->per_cluster * SECTOR;

		n->clusters = (uint32_t)(((uint64_t)n->bytes + bytes - 1) / bytes);
		n->first = n->clusters ? 2 + f->taken : 0;
		f->taken += n->clusters;
	}
}

static int
plan(struct fat *f, uint64_t size, const struct fat_file *files, size_t n, const char *variable,
    struct err *e)
{
	uint64_t need = 0;

	if (!set_geometry(f, size))
		return fail_usage(e, "%s %" PRIu64 ": from 3 to 2047 is what a FAT16 filesystem is",
		    variable, size >> 20);
	f->v = arena_more(f->a, NULL, 0, sizeof *f->v);
	f->v[f->n++] = (struct node){ .name = "" };
	for (size_t i = 0; i < n; i++) {
		need += files[i].n;
		add_file(f, &files[i]);
	}
	if (need < size)
		place(f);
	if (need >= size || f->taken > f->clusters)
		return fail_usage(e,
		    "%s %" PRIu64 ": too small for what boots, which is %" PRIu64
		    " bytes; set it to %" PRIu64 " or more",
		    variable, size >> 20, need, (need >> 20) + 2);
	return 0;
}

/* ---- its bytes ---- */

static void
set_time(struct fat *f, int64_t epoch)
{
	time_t when = (time_t)epoch;
	struct tm tm;

	gmtime_r(&when, &tm);
	if (tm.tm_year < 80) /* it begins in 1980 */
		tm = (struct tm){ .tm_year = 80, .tm_mday = 1 };
	f->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
	f->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

static void
put_label(unsigned char *to, const char *label)
{
	size_t n = strlen(label);

	memset(to, ' ', ALIAS);
	copy_upper(to, label, n < ALIAS ? n : ALIAS);
}

static void
boot_sector(const struct fat *f, const struct fat_opts *o, unsigned char *p)
{
	memcpy(p, "\xeb\x3c\x90lh-build", 11);
	put(p + 11, SECTOR, 2);
	p[13] = (unsigned char)f->per_cluster;
	put(p + 14, f->reserved, 2);
	p[16] = FATS;
	put(p + 17, ROOT_ENTRIES, 2);
	put(p + 19, f->sectors < 0x10000 ? f->sectors : 0, 2);
	p[21] = MEDIA;
	put(p + 22, f->fat_sectors, 2);
	put(p + 24, 63, 2); /* sectors of a track, heads: as who counts by them expects */
	put(p + 26, 255, 2);
	put(p + 28, (uint32_t)(o->offset / SECTOR), 4);
	put(p + 32, f->sectors < 0x10000 ? 0 : f->sectors, 4);
	p[36] = 0x80; /* the first disk */
	p[38] = 0x29; /* the next three are there */
	put(p + 39, o->serial, 4);
	put_label(p + 43, o->label);
	memcpy(p + 54, "FAT16   ", 8);
	memcpy(p + 62, "\xcd\x18\xeb\xfe", 4); /* int 0x18: it is not this that boots */
	memcpy(p + 510, "\x55\xaa", 2);
}

static void
table(const struct fat *f, unsigned char *p)
{
	put(p, 0xff00 | MEDIA, 2);
	put(p + 2, LAST, 2);
	for (size_t i = 1; i < f->n; i++)
		for (uint32_t c = 0; c < f->v[i].clusters; c++)
			put(p + 2 * (f->v[i].first + c),
			    c + 1 < f->v[i].clusters ? f->v[i].first + c + 1 : LAST, 2);
}

static unsigned char *
entry(const struct fat *f, unsigned char *p, const unsigned char *alias, unsigned attr,
    uint32_t first, uint32_t bytes)
{
	memcpy(p, alias, ALIAS);
	p[11] = (unsigned char)attr;
	put(p + 14, f->time, 2);
	put(p + 16, f->date, 2);
	put(p + 18, f->date, 2); /* read */
	put(p + 22, f->time, 2); /* written */
	put(p + 24, f->date, 2);
	put(p + 26, first, 2);
	put(p + 28, bytes, 4);
	return p + ENTRY;
}

/* the last part of the name comes first; behind its end is a 0, and then 0xffff */
static unsigned char *
long_entries(const struct node *n, unsigned char *p)
{
	static const unsigned char at[PER_ENTRY] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28,
		30 };
	size_t len = strlen(n->name);

	for (unsigned part = n->longs; part; part--, p += ENTRY) {
		p[0] = (unsigned char)(part | (part == n->longs ? 0x40 : 0));
		p[11] = ATTR_LONG_NAME;
		p[13] = alias_sum(n->alias);
		for (size_t i = 0; i < PER_ENTRY; i++) {
			size_t c = (part - 1) * PER_ENTRY + i;

			put(p + at[i], c > len ? 0xffff : (unsigned char)n->name[c], 2);
		}
	}
	return p;
}

static void
folder(const struct fat *f, size_t which, const char *label, unsigned char *p)
{
	unsigned char name[ALIAS];

	if (which) {
		const struct node *n = &f->v[which];

		p = entry(f, p, (const unsigned char *)".          ", ATTR_FOLDER, n->first, 0);
		p = entry(f, p, (const unsigned char *)"..         ", ATTR_FOLDER,
		    f->v[n->parent].first, 0);
	} else {
		put_label(name, label);
		p = entry(f, p, name, ATTR_LABEL, 0, 0);
	}
	for (size_t i = 1; i < f->n; i++) {
		const struct node *n = &f->v[i];

		if (n->parent == which)
			p = entry(f, long_entries(n, p), n->alias,
			    n->file ? ATTR_FILE : ATTR_FOLDER, n->first, n->file ? n->bytes : 0);
	}
}

static int
write_at(int fd, const void *bytes, size_t n, uint64_t at, const struct fat_opts *o, struct err *e)
{
	return fd_pwrite(fd, bytes, n, &at) < 0 ? fail_errno(e, "%s", o->image) : 0;
}

static int
write_nodes(const struct fat *f, const struct fat_opts *o, int fd, uint64_t data, struct err *e)
{
	uint32_t bytes = f->per_cluster * SECTOR;

	for (size_t i = 1; i < f->n; i++) {
		const struct node *n = &f->v[i];
		uint64_t at = data + (uint64_t)(n->first - 2) * bytes;
		unsigned char *p;

		if (n->file) {
			if (write_at(fd, n->file->bytes, n->file->n, at, o, e) < 0)
				return -1;
			continue;
		}
		p = arena_alloc(f->a, (size_t)n->clusters * bytes);
		folder(f, i, NULL, p);
		if (write_at(fd, p, (size_t)n->clusters * bytes, at, o, e) < 0)
			return -1;
	}
	return 0;
}

static void
add_used(const struct fat *f, const struct fat_opts *o)
{
	uint64_t end = (f->reserved + FATS * f->fat_sectors + ROOT_SECTORS +
			   (uint64_t)f->taken * f->per_cluster) *
		       SECTOR;

	if (o->used)
		blockmap_add(o->used, o->offset / MAP_BLOCK, (end + MAP_BLOCK - 1) / MAP_BLOCK);
}

static int
write_all(const struct fat *f, const struct fat_opts *o, int fd, struct err *e)
{
	size_t copy = (size_t)f->fat_sectors * SECTOR, first = (size_t)f->reserved * SECTOR;
	size_t n = first + FATS * copy + ROOT_SECTORS * SECTOR;
	unsigned char *head = arena_alloc(f->a, n);

	boot_sector(f, o, head);
	for (size_t i = 0; i < FATS; i++)
		table(f, head + first + i * copy);
	folder(f, 0, o->label, head + first + FATS * copy);
	if (write_at(fd, head, n, o->offset, o, e) < 0 ||
	    write_nodes(f, o, fd, o->offset + n, e) < 0)
		return -1;
	add_used(f, o);
	return 0;
}

/* ---- */

int
fat_check(
    uint64_t size, const struct fat_file *files, size_t n, const char *variable, struct err *e)
{
	struct fat f = { .a = arena_new() };
	int r = plan(&f, size, files, n, variable, e);

	arena_free(f.a);
	return r;
}

int
fat_write(const struct fat_opts *o, const struct fat_file *files, size_t n, struct err *e)
{
	struct fat f = { .a = arena_new() };
	int fd = open(o->image, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), r = -1;

	if (fd < 0)
		fail_errno(e, "%s", o->image);
	else if (plan(&f, o->size, files, n, "size", e) == 0) {
		set_time(&f, o->epoch);
		r = write_all(&f, o, fd, e);
	}
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", o->image);
	arena_free(f.a);
	return r;
}

/* up to the last cluster that its table says is taken */
int
fat_used(const struct fat_opts *o, struct err *e)
{
	struct fat f = { .a = arena_new() };
	int fd = open(o->image, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r = 0;

	if (fd < 0)
		r = fail_errno(e, "%s", o->image);
	else if (!set_geometry(&f, o->size))
		r = fail(e, "%s: its boot partition is no FAT16 filesystem", o->image);
	else {
		size_t n = (size_t)f.fat_sectors * SECTOR;
		unsigned char *p = arena_alloc(f.a, n);

		if (pread(fd, p, n, (off_t)(o->offset + f.reserved * SECTOR)) != (ssize_t)n)
			r = fail_errno(e, "%s", o->image);
		f.taken = f.clusters;
		while (f.taken && !p[2 * (f.taken + 1)] && !p[2 * (f.taken + 1) + 1])
			f.taken--;
	}
	if (fd >= 0)
		close(fd);
	if (r == 0)
		add_used(&f, o);
	arena_free(f.a);
	return r;
}
