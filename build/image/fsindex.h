/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_FSINDEX_H
#define BUILD_IMAGE_FSINDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * The index of a folder of ext4 that has more names than a block has room for.  Its first block is
 * a table of hashes; the names, in order of their hashes, are in the blocks behind it, the leaves.
 * When there are more of these than the table has room for, it leads to further tables, the nodes,
 * which then stand between it and the leaves.  Arithmetic, as fsplan.h.
 */
enum {
	FS_INDEX_BLOCK = 4096, /* bytes */
	FS_INDEX_ROOT = 507,   /* entries that the first table has room for */
	FS_INDEX_NODE = 510,   /* and a further one */
};

/* blocks in front of so many leaves; 0: an index cannot have them */
uint64_t fs_index_blocks(uint64_t leaves);
/*
 * Hash of the first name in a leaf, as its entry has it: bit 0, which is in no hash, says that the
 * leaf before ends with a name of the same.
 */
uint32_t fs_index_hash(uint32_t first, uint32_t before);
/*
 * The i-th of these blocks, FS_INDEX_BLOCK bytes, but for its checksum: of a folder with that inode
 * and parent, and that many leaves, each with the hash of its entry; the first has no use for one.
 */
void fs_index_format(unsigned char *block, uint64_t i, uint32_t ino, uint32_t parent,
    const uint32_t *hashes, uint64_t leaves);

#endif
