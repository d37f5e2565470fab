/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/fsfields.h"

#include "build/base/arena.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

enum show {
	DEC,
	OCT,
	HEX,
	BYTES, /* as hexadecimal digits */
	TEXT,
	SUM,	/* a checksum: in hexadecimal, and only when nothing else is told */
	HIDDEN, /* told elsewhere, in its own words */
};

struct field {
	const char *name;
	size_t at, size;
	enum show show;
	bool follows; /* from what the filesystem holds */
};

static const struct field super[] = {
	{ "inodes", 0x00, 4, DEC, true },
	{ "blocks", 0x04, 4, DEC, false },
	{ "reserved blocks", 0x08, 4, DEC, false },
	{ "free blocks", 0x0c, 4, DEC, true },
	{ "free inodes", 0x10, 4, DEC, true },
	{ "first block", 0x14, 4, DEC, false },
	{ "block size", 0x18, 4, DEC, false },
	{ "cluster size", 0x1c, 4, DEC, false },
	{ "blocks per group", 0x20, 4, DEC, false },
	{ "clusters per group", 0x24, 4, DEC, false },
	{ "inodes per group", 0x28, 4, DEC, true },
	{ "last mount", 0x2c, 4, DEC, false },
	{ "last write", 0x30, 4, DEC, false },
	{ "mounts", 0x34, 2, DEC, false },
	{ "mounts between checks", 0x36, 2, DEC, false },
	{ "magic", 0x38, 2, HEX, false },
	{ "state", 0x3a, 2, HEX, false },
	{ "on errors", 0x3c, 2, DEC, false },
	{ "minor revision", 0x3e, 2, DEC, false },
	{ "last check", 0x40, 4, DEC, false },
	{ "time between checks", 0x44, 4, DEC, false },
	{ "creator", 0x48, 4, DEC, false },
	{ "revision", 0x4c, 4, DEC, false },
	{ "reserved for user", 0x50, 2, DEC, false },
	{ "reserved for group", 0x52, 2, DEC, false },
	{ "first inode", 0x54, 4, DEC, false },
	{ "inode size", 0x58, 2, DEC, false },
	{ "group of this copy", 0x5a, 2, DEC, false },
	{ "features", 0x5c, 4, HEX, false },
	{ "incompatible features", 0x60, 4, HEX, false },
	{ "read-only features", 0x64, 4, HEX, false },
	{ "uuid", SUPER_UUID, 16, BYTES, true },
	{ "label", 0x78, 16, TEXT, false },
	{ "last mounted on", 0x88, 64, TEXT, false },
	{ "reserved descriptor blocks", 0xce, 2, DEC, false },
	{ "journal uuid", 0xd0, 16, BYTES, true },
	{ "journal inode", 0xe0, 4, DEC, false },
	{ "journal device", 0xe4, 4, DEC, false },
	{ "first orphan", 0xe8, 4, DEC, false },
	{ "hash seed", 0xec, 16, BYTES, true },
	{ "hash version", 0xfc, 1, DEC, false },
	{ "kind of journal copy", 0xfd, 1, DEC, false },
	{ "descriptor size", 0xfe, 2, DEC, false },
	{ "mount options", 0x100, 4, HEX, false },
	{ "made", 0x108, 4, DEC, false },
	{ "copy of the journal's inode", 0x10c, 68, BYTES, true },
	{ "extra inode size, least", 0x15c, 2, DEC, false },
	{ "extra inode size, wanted", 0x15e, 2, DEC, false },
	{ "flags", 0x160, 4, HEX, false },
	{ "groups per flex group", 0x174, 1, DEC, false },
	{ "kind of checksum", 0x175, 1, DEC, false },
	{ "KiB written", 0x178, 8, DEC, false },
	{ "errors", 0x194, 4, DEC, false },
	{ "overhead", 0x248, 4, DEC, true },
	{ "checksum seed", 0x270, 4, HEX, true },
	{ "checksum", 0x3fc, 4, SUM, false },
};

static const struct field group[] = {
	{ "block bitmap at", 0x00, 4, DEC, true },
	{ "inode bitmap at", 0x04, 4, DEC, true },
	{ "inode table at", 0x08, 4, DEC, true },
	{ "free blocks", 0x0c, 2, DEC, true },
	{ "free inodes", 0x0e, 2, DEC, true },
	{ "folders", 0x10, 2, DEC, true },
	{ "flags", 0x12, 2, HEX, false },
	{ "checksum of the block bitmap", 0x18, 2, SUM, false },
	{ "checksum of the inode bitmap", 0x1a, 2, SUM, false },
	{ "unused inodes", 0x1c, 2, DEC, true },
	{ "checksum", 0x1e, 2, SUM, false },
	{ "checksum of the block bitmap, high half", 0x38, 2, SUM, false },
	{ "checksum of the inode bitmap, high half", 0x3a, 2, SUM, false },
};

static const struct field inode[] = {
	{ "mode", 0x00, 2, OCT, false },
	{ "owner", 0x02, 2, DEC, false },
	{ "owner, high half", 0x78, 2, DEC, false },
	{ "group", 0x18, 2, DEC, false },
	{ "group, high half", 0x7a, 2, DEC, false },
	{ "mtime", 0x10, 4, DEC, false },
	{ "mtime, finer", 0x88, 4, DEC, false },
	{ "atime", 0x08, 4, DEC, false },
	{ "atime, finer", 0x8c, 4, DEC, false },
	{ "ctime", 0x0c, 4, DEC, false },
	{ "ctime, finer", 0x84, 4, DEC, false },
	{ "crtime", 0x90, 4, DEC, false },
	{ "crtime, finer", 0x94, 4, DEC, false },
	{ "dtime", 0x14, 4, DEC, false },
	{ "size", 0x04, 4, HIDDEN, false },
	{ "size, high half", 0x6c, 4, HIDDEN, false },
	{ "links", 0x1a, 2, DEC, true },
	{ "sectors", 0x1c, 4, HIDDEN, true },
	{ "flags", 0x20, 4, HEX, false },
	{ "version", 0x24, 4, DEC, false },
	{ "map", 0x28, 60, HIDDEN, true },
	{ "generation", 0x64, 4, DEC, false },
	{ "xattr block", 0x68, 4, HIDDEN, true },
	{ "checksum", 0x7c, 2, SUM, false },
	{ "extra size", 0x80, 2, DEC, false },
	{ "checksum, high half", 0x82, 2, SUM, false },
	{ "version, high half", 0x98, 4, DEC, false },
	{ "project", 0x9c, 4, DEC, false },
	{ "xattrs", 0xa0, 96, HIDDEN, false },
};

static const struct {
	const struct field *v;
	size_t n;
} tables[NFIELDS] = {
	[FIELDS_SUPER] = { super, sizeof super / sizeof *super },
	[FIELDS_GROUP] = { group, sizeof group / sizeof *group },
	[FIELDS_INODE] = { inode, sizeof inode / sizeof *inode },
};

static char *
shown(struct arena *a, const struct field *f, const unsigned char *p)
{
	uint64_t v = 0;
	char *text;

	switch (f->show) {
	case TEXT:
		text = arena_strndup(
		    a, (const char *)p + f->at, strnlen((const char *)p + f->at, f->size));
		return *text ? text : arena_strdup(a, "(empty)");
	case BYTES:
		text = arena_alloc(a, 2 * f->size + 3);
		/* of a long one the beginning */
		for (size_t i = 0; i < f->size && i < 16; i++)
			text = arena_printf(a, "%s%02x", text, p[f->at + i]);
		return f->size > 16 ? arena_printf(a, "%s..", text) : text;
	default:
		for (size_t i = f->size; i-- > 0;)
			v = v << 8 | p[f->at + i];
		return arena_printf(a,
		    f->show == DEC   ? "%" PRIu64
		    : f->show == OCT ? "0%" PRIo64
				     : "0x%" PRIx64,
		    v);
	}
}

/* sums: the checksums, or all other fields */
static size_t
add_fields(struct differences *d, const struct fields *of, bool sums)
{
	const unsigned char *x = of->x, *y = of->y;
	size_t count = 0;

	for (size_t i = 0; i < tables[of->of].n; i++) {
		const struct field *f = &tables[of->of].v[i];

		if (f->at + f->size > of->n || (f->show == SUM) != sums || f->show == HIDDEN ||
		    !memcmp(x + f->at, y + f->at, f->size))
			continue;
		diff_add(d, f->follows ? DIFF_FOLLOWS : of->rank, of->fs, of->path, "%s%s %s -> %s",
		    of->what, f->name, shown(d->a, f, x), shown(d->a, f, y));
		count++;
	}
	return count;
}

/* the first byte that no field has and that differs, or n */
static size_t
stray(const struct fields *of)
{
	const unsigned char *x = of->x, *y = of->y;

	for (size_t i = 0; i < of->n; i++) {
		bool known = x[i] == y[i];

		for (size_t f = 0; f < tables[of->of].n && !known; f++)
			known = i >= tables[of->of].v[f].at &&
				i - tables[of->of].v[f].at < tables[of->of].v[f].size;
		if (!known)
			return i;
	}
	return of->n;
}

size_t
fields_diff(struct differences *d, const struct fields *of)
{
	const unsigned char *x = of->x, *y = of->y;
	size_t count = add_fields(d, of, false), at = stray(of);

	if (at < of->n) {
		diff_add(d, of->rank, of->fs, of->path, "%sbyte 0x%zx %02x -> %02x", of->what, at,
		    x[at], y[at]);
		count++;
	}
	return count || !of->sums ? count : add_fields(d, of, true);
}
