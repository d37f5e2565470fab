/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/fs.h"

#include "build/base/arena.h"
#include "build/form/blockmap.h"
#include "build/image/blocks.h"
#include "build/image/fsindex.h"
#include "build/image/fsplan.h"

#include <endian.h>
#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

#define INODE_SIZE 256
#define INODE_PER (16 << 10) /* one inode for so many bytes of filesystem.. */
#define INODE_SPARE 1000     /* ..and never fewer to spare than this */
#define JOURNAL_PART 32	     /* the journal gets that part of the filesystem.. */
#define JOURNAL_MIN 1024     /* ..in blocks; the kernel takes no smaller one */
#define JOURNAL_MAX 16384
#define RESERVED_PART 20 /* root, and who is mounted as its like, has that part to himself */

static int
lib_fail(struct err *e, errcode_t why, const char *name, const char *doing)
{
	fail(e, "%s: %s: %s", name, doing, error_message(why));
	err_full(e, (int)why, name); /* what the system said is errno */
	e->code = EXIT_SYSTEM;
	return -1;
}

/* what every Linux since 3.6 mounts, chosen one by one: a distribution's mke2fs.conf has no say */
static void
set_features(struct ext2_super_block *sb)
{
	ext2fs_set_feature_xattr(sb);
	ext2fs_set_feature_dir_index(sb);
	ext2fs_set_feature_filetype(sb);
	ext2fs_set_feature_extents(sb);
	ext2fs_set_feature_64bit(sb);
	ext2fs_set_feature_flex_bg(sb);
	ext2fs_set_feature_sparse_super(sb);
	ext2fs_set_feature_large_file(sb);
	ext2fs_set_feature_huge_file(sb);
	ext2fs_set_feature_dir_nlink(sb);
	ext2fs_set_feature_extra_isize(sb);
	ext2fs_set_feature_metadata_csum(sb);
}

/* what mke2fs would ask for */
static void
ask_for(const struct fs_opts *o, const struct tree *t, struct ext2_super_block *sb)
{
	uint64_t inodes = o->size / INODE_PER;

	if (inodes < t->n + FS_INO_FIRST + INODE_SPARE)
		inodes = t->n + FS_INO_FIRST + INODE_SPARE;
	sb->s_rev_level = EXT2_DYNAMIC_REV;
	sb->s_log_block_size = sb->s_log_cluster_size = 2; /* 4 KiB */
	sb->s_inode_size = INODE_SIZE;
	sb->s_inodes_count =
	    inodes < UINT32_MAX ? (uint32_t)inodes : UINT32_MAX; /* which the library refuses */
	sb->s_log_groups_per_flex = 4;
	sb->s_min_extra_isize = sb->s_want_extra_isize =
	    sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE;
	ext2fs_blocks_count_set(sb, o->size / FS_BLOCK);
	set_features(sb);
}

/* what the library would take from the clock, the machine or by chance */
static void
settle(const struct fs_opts *o, ext2_filsys fs)
{
	struct ext2_super_block *super = fs->super;

	fs->now = o->epoch;
	super->s_mkfs_time = super->s_lastcheck = (uint32_t)o->epoch;
	memcpy(super->s_uuid, o->uuid, sizeof o->uuid);
	memcpy(super->s_hash_seed, o->uuid, sizeof o->uuid);
	super->s_def_hash_version = EXT2_HASH_HALF_MD4;
	/* else it is what char happens to be on this machine */
	super->s_flags &= ~(uint32_t)EXT2_FLAGS_UNSIGNED_HASH;
	super->s_flags |= EXT2_FLAGS_SIGNED_HASH;
	super->s_errors = EXT2_ERRORS_RO; /* nothing more is written to what is damaged */
	ext2fs_r_blocks_count_set(super, ext2fs_blocks_count(super) / RESERVED_PART);
	super->s_max_mnt_count = -1;
	super->s_checkinterval = 0;
	super->s_checksum_type = EXT2_CRC32C_CHKSUM;
	strncpy((char *)super->s_volume_name, o->label, sizeof super->s_volume_name);
	ext2fs_init_csum_seed(fs);
}

/*
 * A filesystem in memory, nothing written: its groups, tables and free blocks are as
 * they will be.  /dev/null does for the image when nothing shall ever be written.
 */
static int
start(const struct fs_opts *o, const struct tree *t, ext2_filsys *out, struct err *e)
{
	struct ext2_super_block sb = { 0 };
	char offset[32];
	ext2_filsys fs;
	blk64_t used;
	errcode_t r;

	initialize_ext2_error_table();
	ask_for(o, t, &sb);
	r = ext2fs_initialize(o->image, EXT2_FLAG_64BITS, &sb, unix_io_manager, &fs);
	if (r)
		return lib_fail(e, r, t->name, "lay out ext4");
	snprintf(offset, sizeof offset, "offset=%" PRIu64, o->offset);
	r = io_channel_set_options(fs->io, offset);
	if (!r) {
		settle(o, fs);
		r = ext2fs_allocate_tables(fs);
	}
	if (!r)
		r = ext2fs_convert_subcluster_bitmap(fs, &fs->block_map);
	if (!r)
		r = ext2fs_count_used_clusters(
		    fs, fs->super->s_first_data_block, ext2fs_blocks_count(fs->super) - 1, &used);
	if (r) {
		ext2fs_free(fs);
		return lib_fail(e, r, t->name, "lay out ext4");
	}
	fs->super->s_overhead_clusters = (uint32_t)used;
	*out = fs;
	return 0;
}

/* the blocks that no table of the filesystem has taken */
static struct fs_run *
free_runs(struct arena *a, ext2_filsys fs, size_t *n)
{
	blk64_t end = ext2fs_blocks_count(fs->super) - 1, from = fs->super->s_first_data_block,
		stop;
	struct fs_run *v = NULL;
	size_t cap = 0;

	*n = 0;
	while (from <= end &&
	       ext2fs_find_first_zero_block_bitmap2(fs->block_map, from, end, &from) == 0) {
		if (ext2fs_find_first_set_block_bitmap2(fs->block_map, from, end, &stop) != 0)
			stop = end + 1;
		if (*n == cap) {
			v = arena_grow(a, v, *n, cap ? 2 * cap : 16, sizeof *v);
			cap = cap ? 2 * cap : 16;
		}
		v[(*n)++] = (struct fs_run){ .start = from, .len = stop - from };
		from = stop;
	}
	return v;
}

/* as the superblock says: half MD4 over signed characters, and the uuid for a seed */
static uint32_t
hash(const unsigned char seed[16], const char *name, uint32_t *minor)
{
	ext2_dirhash_t major = 0;
	__u32 words[4];

	memcpy(words, seed, sizeof words);
	ext2fs_dirhash(EXT2_HASH_HALF_MD4, name, (int)strlen(name), words, &major, minor);
	return major;
}

static int
make_plan(struct arena *a, ext2_filsys fs, const struct tree *t, const struct fs_opts *o,
    struct fs_plan *p, struct err *e)
{
	struct fs_space space = {
		.journal = o->size / FS_BLOCK / JOURNAL_PART, .hash = hash, .seed = o->uuid
	};

	space.free = free_runs(a, fs, &space.nfree);
	if (space.journal < JOURNAL_MIN)
		space.journal = JOURNAL_MIN;
	if (space.journal > JOURNAL_MAX)
		space.journal = JOURNAL_MAX;
	return fs_plan_make(a, t, &space, p, e);
}

/* how many blocks are lacking at this size; 0: it fits */
static int
lacking(const struct tree *t, const unsigned char uuid[16], uint64_t size, uint64_t *blocks,
    struct err *e)
{
	struct fs_opts o = { .image = "/dev/null", .size = size, .label = t->name, .epoch = 1 };
	struct arena *a = arena_new();
	struct fs_plan p;
	ext2_filsys fs;
	int r;

	memcpy(o.uuid, uuid, sizeof o.uuid);
	r = start(&o, t, &fs, e);
	if (r == 0) {
		r = make_plan(a, fs, t, &o, &p, e);
		ext2fs_free(fs);
	}
	if (r == 0)
		*blocks = p.blocks > p.room ? p.blocks - p.room : 0;
	arena_free(a);
	return r;
}

/* blocks without which there is nothing to lay out: journal, inodes, bytes */
static uint64_t
least(const struct tree *t)
{
	uint64_t blocks = JOURNAL_MIN + (t->n + FS_INO_FIRST + INODE_SPARE) * INODE_SIZE / FS_BLOCK;

	for (size_t i = 0; i < t->n; i++)
		blocks += (t->v[i].size + FS_BLOCK - 1) / FS_BLOCK;
	return blocks;
}

int
fs_need(const struct tree *t, const unsigned char uuid[16], uint64_t *mib, struct err *e)
{
	uint64_t blocks = least(t);

	/* what is lacking is lacking at least: more room wants larger tables as well */
	for (*mib = blocks * FS_BLOCK / MIB + 1;; *mib += (blocks * FS_BLOCK + MIB - 1) / MIB) {
		if (lacking(t, uuid, *mib * MIB, &blocks, e) < 0)
			return -1;
		if (blocks == 0)
			return 0;
	}
}

/* a name just below the root, and the bytes of all files in it */
struct share {
	const char *name;
	size_t len;
	uint64_t bytes;
};

static int
larger(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* "bin 9, boot 7, rest 25": the three largest of at least 1 MiB, in MiB that add up */
static char *
shares(struct arena *a, const struct tree *t, uint64_t mib)
{
	struct share *v = arena_array(a, t->n + 1, sizeof *v);
	char *text = arena_strdup(a, "");
	size_t n = 0;

	for (size_t i = 1; i < t->n; i++) {
		size_t len = strcspn(t->v[i].path, "/");

		if (n == 0 || v[n - 1].len != len || strncmp(v[n - 1].name, t->v[i].path, len))
			v[n++] = (struct share){ .name = t->v[i].path, .len = len };
		v[n - 1].bytes += t->v[i].size;
	}
	qsort(v, n, sizeof *v, larger);
	for (size_t i = 0; i < n && i < 3 && v[i].bytes >= MIB; i++) {
		text = arena_printf(
		    a, "%s%.*s %" PRIu64 ", ", text, (int)v[i].len, v[i].name, v[i].bytes / MIB);
		mib -= v[i].bytes / MIB;
	}
	return arena_printf(a, "%srest %" PRIu64, text, mib);
}

int
fs_check(const struct tree *t, const unsigned char uuid[16], uint64_t size, const char *variable,
    struct err *e)
{
	uint64_t blocks, mib;
	struct arena *a;

	/* below that the library has no layout at all */
	if (size / FS_BLOCK >= least(t)) {
		if (lacking(t, uuid, size, &blocks, e) < 0)
			return -1;
		if (blocks == 0)
			return 0;
	}
	if (fs_need(t, uuid, &mib, e) < 0)
		return -1;
	a = arena_new();
	fail_usage(e,
	    "%s needs %" PRIu64 " MiB, %s allows %" PRIu64 ": %s; set %s to %" PRIu64 " or more",
	    t->name, mib, variable, size / MIB, shares(a, t, mib), variable, mib);
	arena_free(a);
	return -1;
}

/* everything that one fs_write holds */
struct writer {
	const struct fs_opts *o;
	const struct tree *t;
	struct fs_plan plan;
	ext2_filsys fs;
	struct blocks data;
};

static void
head_extents(struct ext3_extent_header *h, size_t entries, size_t max, unsigned depth)
{
	h->eh_magic = htole16(EXT3_EXT_MAGIC);
	h->eh_entries = htole16((uint16_t)entries);
	h->eh_max = htole16((uint16_t)max);
	h->eh_depth = htole16((uint16_t)depth);
}

static void
fill_extents(struct ext3_extent *x, const struct fs_run *run, size_t n)
{
	uint64_t logical = 0;

	for (size_t i = 0; i < n; i++) {
		x[i].ee_block = htole32((uint32_t)logical);
		x[i].ee_len = htole16((uint16_t)run[i].len);
		x[i].ee_start = htole32((uint32_t)run[i].start);
		x[i].ee_start_hi = htole16((uint16_t)(run[i].start >> 32));
		logical += run[i].len;
	}
}

/* a map too long for the inode goes to a leaf, and the inode points there */
static errcode_t
put_leaf(struct writer *w, const struct fs_node *node, struct ext3_extent_idx *idx)
{
	_Alignas(8) unsigned char block[FS_BLOCK] = { 0 };
	struct ext3_extent_header *h = (struct ext3_extent_header *)block;
	errcode_t r;

	idx->ei_leaf = htole32((uint32_t)node->leaf);
	idx->ei_leaf_hi = htole16((uint16_t)(node->leaf >> 32));
	head_extents(h, node->nruns, FS_LEAF_EXTENTS, 0);
	fill_extents(EXT_FIRST_EXTENT(h), &w->plan.runs[node->run], node->nruns);
	r = ext2fs_extent_block_csum_set(w->fs, node->ino, h);
	return r ? r : io_channel_write_blk64(w->fs->io, node->leaf, 1, block);
}

static errcode_t
map_blocks(struct writer *w, const struct fs_node *node, struct ext2_inode_large *inode)
{
	struct ext3_extent_header *h = (struct ext3_extent_header *)inode->i_block;

	inode->i_flags |= EXT4_EXTENTS_FL;
	if (node->leaf) {
		head_extents(h, 1, FS_ROOT_EXTENTS, 1);
		return put_leaf(w, node, EXT_FIRST_INDEX(h));
	}
	head_extents(h, node->nruns, FS_ROOT_EXTENTS, 0);
	if (node->nruns)
		fill_extents(EXT_FIRST_EXTENT(h), &w->plan.runs[node->run], node->nruns);
	return 0;
}

static void
set_device(struct ext2_inode_large *inode, unsigned major, unsigned minor)
{
	if (major < 256 && minor < 256)
		inode->i_block[0] = major << 8 | minor;
	else
		inode->i_block[1] = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/*
 * marks the node's blocks used, maps them and writes the inode; the caller has filled type, mode,
 * owner
 */
static errcode_t
put_inode(struct writer *w, const struct fs_node *node, struct ext2_inode_large *inode)
{
	union {
		struct ext2_inode_large inode;
		char all[INODE_SIZE];
	} whole = { 0 };
	ext2_filsys fs = w->fs;
	errcode_t r;

	inode->i_links_count =
	    node->links < EXT2_LINK_MAX ? (uint16_t)node->links : 1; /* dir_nlink */
	inode->i_atime = inode->i_ctime = inode->i_mtime = inode->i_crtime = (uint32_t)w->o->epoch;
	inode->i_extra_isize = sizeof *inode - EXT2_GOOD_OLD_INODE_SIZE;
	inode->i_size = (uint32_t)node->bytes;
	inode->i_size_high = (uint32_t)(node->bytes >> 32);
	r = ext2fs_iblk_set(fs, ext2fs_inode(inode), node->blocks + (node->leaf != 0));
	for (size_t i = 0; i < node->nruns; i++)
		ext2fs_block_alloc_stats_range(fs, w->plan.runs[node->run + i].start,
		    (blk_t)w->plan.runs[node->run + i].len, +1);
	if (node->leaf)
		ext2fs_block_alloc_stats2(fs, node->leaf, +1);
	if (node->ino != FS_INO_ROOT &&
	    node->ino != FS_INO_JOURNAL) /* those are marked with the reserved ones */
		ext2fs_inode_alloc_stats2(fs, node->ino, +1, LINUX_S_ISDIR(inode->i_mode));
	if (!r && (node->blocks || LINUX_S_ISREG(inode->i_mode)))
		r = map_blocks(w, node, inode);
	whole.inode = *inode;
	return r ? r
		 : ext2fs_write_inode_full(fs, node->ino, ext2fs_inode(&whole.inode), INODE_SIZE);
}

static const struct {
	unsigned mode, dirent;
} types[] = {
	[ENTRY_DIR] = { LINUX_S_IFDIR, EXT2_FT_DIR },
	[ENTRY_FILE] = { LINUX_S_IFREG, EXT2_FT_REG_FILE },
	[ENTRY_LINK] = { LINUX_S_IFLNK, EXT2_FT_SYMLINK },
	[ENTRY_FIFO] = { LINUX_S_IFIFO, EXT2_FT_FIFO },
	[ENTRY_CHAR] = { LINUX_S_IFCHR, EXT2_FT_CHRDEV },
	[ENTRY_BLOCK] = { LINUX_S_IFBLK, EXT2_FT_BLKDEV },
};

static errcode_t
put_entry_inode(struct writer *w, size_t i)
{
	const struct entry *n = &w->t->v[i];
	const struct fs_node *node = &w->plan.v[i];
	struct ext2_inode_large inode = { 0 };

	inode.i_mode = (uint16_t)(types[n->type].mode | n->mode);
	inode.i_uid = (uint16_t)n->uid;
	inode.i_gid = (uint16_t)n->gid;
	ext2fs_set_i_uid_high(inode, (uint16_t)(n->uid >> 16));
	ext2fs_set_i_gid_high(inode, (uint16_t)(n->gid >> 16));
	if (node->index)
		inode.i_flags |= EXT2_INDEX_FL;
	if (n->type == ENTRY_LINK && !node->blocks)
		memcpy(inode.i_block, n->target, node->bytes);
	if (n->type == ENTRY_CHAR || n->type == ENTRY_BLOCK)
		set_device(&inode, n->major, n->minor);
	return put_inode(w, node, &inode);
}

/* a folder's blocks, filled one after the other */
struct dir_block {
	_Alignas(8) unsigned char bytes[FS_BLOCK];
	const struct fs_node *dir;
	uint64_t index; /* of the block within the folder */
	unsigned used;
	struct ext2_dir_entry *last;
};

static uint64_t
block_of(const struct fs_plan *p, const struct fs_node *n, uint64_t index)
{
	const struct fs_run *r = &p->runs[n->run];

	while (index >= r->len)
		index -= r++->len;
	return r->start + index;
}

static errcode_t
end_block(struct writer *w, struct dir_block *b)
{
	/* the last name, or an unused one, reaches up to the checksum */
	if (!b->last)
		b->last = (struct ext2_dir_entry *)b->bytes;
	b->last->rec_len = (uint16_t)(b->last->rec_len + FS_DIR_ROOM - b->used);
	ext2fs_initialize_dirent_tail(w->fs, EXT2_DIRENT_TAIL(b->bytes, FS_BLOCK));
	return ext2fs_write_dir_block4(
	    w->fs, block_of(&w->plan, b->dir, b->index), b->bytes, 0, b->dir->ino);
}

static errcode_t
put_name(struct writer *w, struct dir_block *b, const char *name, uint32_t ino, unsigned type)
{
	unsigned len = fs_dirent(name);

	if (b->used + len > FS_DIR_ROOM) {
		errcode_t r = end_block(w, b);

		if (r)
			return r;
		memset(b->bytes, 0, sizeof b->bytes);
		b->index++;
		b->used = 0;
	}
	b->last = (struct ext2_dir_entry *)(b->bytes + b->used);
	b->last->inode = ino;
	b->last->rec_len = (uint16_t)len;
	ext2fs_dirent_set_name_len(b->last, (int)strlen(name));
	ext2fs_dirent_set_file_type(b->last, (int)type);
	memcpy(b->last->name, name, strlen(name));
	b->used += len;
	return 0;
}

static errcode_t
put_child(struct writer *w, struct dir_block *b, size_t c)
{
	const struct fs_node *n = &w->plan.v[c];

	return put_name(
	    w, b, n->name, n->ino, c == w->plan.n ? EXT2_FT_DIR : types[w->t->v[c].type].dirent);
}

static errcode_t
put_index(struct writer *w, const struct fs_node *dir, const uint32_t *hashes)
{
	_Alignas(8) unsigned char block[FS_BLOCK];
	errcode_t r = 0;

	for (uint64_t i = 0; i < dir->index && !r; i++) {
		fs_index_format(block, i, dir->ino, w->plan.v[dir->parent].ino, hashes,
		    dir->blocks - dir->index);
		r = ext2fs_write_dir_block4(w->fs, block_of(&w->plan, dir, i), block, 0, dir->ino);
	}
	return r;
}

/* names in the order of their hashes, then the index to where each block of them begins */
static errcode_t
put_indexed(struct writer *w, const struct fs_node *dir)
{
	const struct fs_node *v = w->plan.v;
	struct dir_block b = { .dir = dir, .index = dir->index };
	uint32_t *hashes = xmalloc((size_t)(dir->blocks - dir->index) * sizeof *hashes), before = 0;
	uint64_t at = b.index;
	errcode_t r = 0;

	*hashes = 0;
	for (size_t c = dir->child; c && !r; c = v[c].next) {
		r = put_child(w, &b, c);
		if (b.index != at)
			hashes[b.index - dir->index] = fs_index_hash(v[c].hash, before);
		at = b.index;
		before = v[c].hash;
	}
	if (!r)
		r = end_block(w, &b);
	if (!r)
		r = put_index(w, dir, hashes);
	free(hashes);
	return r;
}

static errcode_t
put_folder(struct writer *w, size_t i)
{
	const struct fs_node *v = w->plan.v, *dir = &v[i];
	struct dir_block b = { .dir = dir };
	errcode_t r;

	if (dir->index)
		return put_indexed(w, dir);
	r = put_name(w, &b, ".", dir->ino, EXT2_FT_DIR);
	if (!r)
		r = put_name(w, &b, "..", v[dir->parent].ino, EXT2_FT_DIR);
	for (size_t c = dir->child; c && !r; c = v[c].next)
		r = put_child(w, &b, c);
	if (!r)
		r = end_block(w, &b);
	while (!r && b.index + 1 < dir->blocks) { /* lost+found */
		b = (struct dir_block){ .dir = dir, .index = b.index + 1 };
		r = end_block(w, &b);
	}
	return r;
}

static errcode_t
put_lost(struct writer *w)
{
	struct ext2_inode_large inode = { .i_mode = LINUX_S_IFDIR | 0700 };
	errcode_t r = put_folder(w, w->plan.n);

	return r ? r : put_inode(w, &w->plan.v[w->plan.n], &inode);
}

/* only its first block says something; the kernel takes zeros for "never used" */
static errcode_t
put_journal(struct writer *w)
{
	const struct fs_node *node = &w->plan.v[w->plan.n + 1];
	struct ext2fs_journal_params params = { .num_journal_blocks = (blk_t)node->blocks };
	struct ext2_inode_large inode = { .i_mode = LINUX_S_IFREG | 0600 };
	struct ext2_super_block *super = w->fs->super;
	char *block;
	errcode_t r = ext2fs_create_journal_superblock2(w->fs, &params, 0, &block);

	if (r)
		return r;
	r = io_channel_write_blk64(w->fs->io, w->plan.runs[node->run].start, 1, block);
	ext2fs_free_mem(&block);
	if (!r)
		r = put_inode(w, node, &inode);
	ext2fs_set_feature_journal(super);
	super->s_journal_inum = FS_INO_JOURNAL;
	super->s_overhead_clusters += (uint32_t)node->blocks;
	/* a second copy of the map, for fsck when the inode is lost */
	super->s_jnl_backup_type = EXT3_JNL_BACKUP_BLOCKS;
	memcpy(super->s_jnl_blocks, inode.i_block, sizeof inode.i_block);
	super->s_jnl_blocks[15] = inode.i_size_high;
	super->s_jnl_blocks[16] = inode.i_size;
	return r;
}

/* inodes 1 to 10, and tables that are zero because the image is a hole */
static errcode_t
put_reserved(struct writer *w)
{
	char zero[INODE_SIZE] = { 0 };
	ext2_filsys fs = w->fs;
	errcode_t r = 0;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		ext2fs_bg_flags_set(fs, g, EXT2_BG_INODE_ZEROED);
		ext2fs_group_desc_csum_set(fs, g);
	}
	for (ext2_ino_t ino = 1; ino < EXT2_FIRST_INODE(fs->super) && !r; ino++) {
		ext2fs_inode_alloc_stats2(fs, ino, +1, ino == FS_INO_ROOT);
		r = ext2fs_write_inode_full(
		    fs, ino, (struct ext2_inode *)zero, INODE_SIZE); /* for its checksum */
	}
	return r;
}

/* the bytes that live outside inodes */
static int
put_data(struct writer *w, const struct entry *n, const struct fs_node *node, struct err *e)
{
	const struct fs_run *runs = &w->plan.runs[node->run];

	if (n->type == ENTRY_FILE)
		return blocks_add_file(&w->data, n->from, n->size, runs, node->nruns, e);
	if (n->type == ENTRY_LINK && node->blocks)
		return blocks_add(&w->data, n->target, node->bytes, runs->start, e);
	return 0;
}

static int
put_tree(struct writer *w, struct err *e)
{
	errcode_t r = put_reserved(w);

	if (!r)
		r = put_journal(w);
	if (!r)
		r = put_lost(w);
	for (size_t i = 0; i < w->t->n && !r; i++) {
		if (put_data(w, &w->t->v[i], &w->plan.v[i], e) < 0)
			return -1;
		if (w->t->v[i].type == ENTRY_DIR)
			r = put_folder(w, i);
		if (!r)
			r = put_entry_inode(w, i);
	}
	return r ? lib_fail(e, r, w->o->image, w->t->name) : blocks_flush(&w->data, e);
}

/* tables, journal, folders, files: zeros, too, are what they should be only when they are written
 */
static void
note_used(struct writer *w)
{
	blk64_t end = ext2fs_blocks_count(w->fs->super) - 1,
		from = w->fs->super->s_first_data_block, stop;

	while (from <= end &&
	       ext2fs_find_first_set_block_bitmap2(w->fs->block_map, from, end, &from) == 0) {
		if (ext2fs_find_first_zero_block_bitmap2(w->fs->block_map, from, end, &stop) != 0)
			stop = end + 1;
		blockmap_add(w->o->used, w->o->offset / MAP_BLOCK + from, stop - from);
		from = stop;
	}
}

int
fs_write(const struct fs_opts *o, const struct tree *t, struct err *e)
{
	struct writer w = { .o = o, .t = t };
	struct arena *a;
	errcode_t why;
	int r = -1;

	if (start(o, t, &w.fs, e) < 0)
		return -1;
	a = arena_new();
	if (make_plan(a, w.fs, t, o, &w.plan, e) < 0)
		goto free_fs;
	if (!w.plan.fits) {
		fail(e, "%s does not fit into %" PRIu64 " MiB", t->name, o->size / MIB);
		goto free_fs;
	}
	if (blocks_open(o->image, o->offset, &w.data, e) < 0)
		goto free_fs;
	r = put_tree(&w, e);
	blocks_close(&w.data);
	if (r < 0)
		goto free_fs;
	if (o->used)
		note_used(&w);
	ext2fs_mark_super_dirty(w.fs);
	why = ext2fs_close2(w.fs, EXT2_FLAG_FLUSH_NO_SYNC);
	arena_free(a);
	return why ? lib_fail(e, why, o->image, t->name) : 0;

free_fs:
	ext2fs_free(w.fs);
	arena_free(a);
	return -1;
}

const char *
fs_library(void)
{
	const char *version = "";

	ext2fs_get_library_version(&version, NULL);
	return version;
}
