/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/fsindex.h"

#include <endian.h>
#include <string.h>

#define DOT 12	      /* bytes of the entry "." */
#define ROOT_TABLE 32 /* where the tables begin, behind what looks like names to old kernels */
#define NODE_TABLE 8
#define FOLDER 2   /* type of a name */
#define HALF_MD4 1 /* that fs_hash is */
#define INFO_LENGTH 8

uint64_t
fs_index_blocks(uint64_t leaves)
{
	uint64_t nodes = (leaves + FS_INDEX_NODE - 1) / FS_INDEX_NODE;

	if (leaves <= FS_INDEX_ROOT)
		return 1;
	return nodes <= FS_INDEX_ROOT ? 1 + nodes : 0;
}

uint32_t
fs_index_hash(uint32_t first, uint32_t before)
{
	return first | (first == before);
}

static void
put16(unsigned char *p, unsigned value)
{
	uint16_t v = htole16((uint16_t)value);

	memcpy(p, &v, sizeof v);
}

static void
put32(unsigned char *p, uint32_t value)
{
	uint32_t v = htole32(value);

	memcpy(p, &v, sizeof v);
}

static void
put_name(unsigned char *p, uint32_t ino, unsigned len, const char *name)
{
	put32(p, ino);
	put16(p + 4, len);
	p[6] = (unsigned char)strlen(name);
	p[7] = *name ? FOLDER : 0;
	memcpy(p + 8, name, strlen(name));
}

/* a hash and a block an entry, but in the first, whose hash is 0, the size of the table */
static void
put_table(unsigned char *p, unsigned limit, const uint32_t *hashes, uint64_t step, uint64_t n,
    uint64_t first)
{
	for (uint64_t i = 0; i < n; i++) {
		put32(p + 8 * i, hashes[i * step]);
		put32(p + 8 * i + 4, (uint32_t)(first + i));
	}
	put16(p, limit);
	put16(p + 2, (unsigned)n);
}

void
fs_index_format(unsigned char *block, uint64_t i, uint32_t ino, uint32_t parent,
    const uint32_t *hashes, uint64_t leaves)
{
	uint64_t before = fs_index_blocks(leaves), nodes = before - 1, at;

	memset(block, 0, FS_INDEX_BLOCK);
	if (i == 0) {
		put_name(block, ino, DOT, ".");
		put_name(block + DOT, parent, FS_INDEX_BLOCK - DOT, "..");
		block[28] = HALF_MD4;
		block[29] = INFO_LENGTH;
		block[30] = nodes != 0; /* levels of nodes */
		put_table(block + ROOT_TABLE, FS_INDEX_ROOT, hashes, nodes ? FS_INDEX_NODE : 1,
		    nodes ? nodes : leaves, 1);
		return;
	}
	at = (i - 1) * FS_INDEX_NODE;
	put_name(block, 0, FS_INDEX_BLOCK, "");
	put_table(block + NODE_TABLE, FS_INDEX_NODE, hashes + at, 1,
	    leaves - at < FS_INDEX_NODE ? leaves - at : FS_INDEX_NODE, before + at);
}
