/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/fsdiff.h"

#include "build/base/arena.h"
#include "build/diff/differences.h"
#include "build/diff/fsfields.h"
#include "build/diff/spans.h"
#include "build/files/elf.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INODE_MAX 256		     /* bytes of an inode that are looked at */
#define FILE_MAX (UINT64_C(1) << 30) /* bytes of a file */

/* what a block is for */
enum kind {
	FREE,
	SUPER,
	DESCRIPTORS,
	BLOCK_BITMAP,
	INODE_BITMAP,
	INODE_TABLE,
	MAP, /* of an inode whose extents have no room in it, or its xattrs */
	DATA
};

struct use {
	unsigned char kind; /* enum kind */
	uint32_t of;	    /* group, or inode */
};

/* a path of one filesystem */
struct seen {
	const char *path; /* "/etc/passwd"; "/" */
	ext2_ino_t ino, parent;
	const char *order; /* of a folder: its names as they stand there, NULL: no folder */
};

struct side {
	const struct fs_side *at;
	ext2_filsys fs;
	struct seen *v; /* sorted by path */
	size_t n;
	struct use *uses; /* by block */
	bool *told;	  /* by inode: what differs in it has been said */
};

struct pair {
	struct arena *a;
	const char *name;
	struct differences *d;
	struct side s[2];
	uint64_t blocks;    /* that both have */
	unsigned block;	    /* bytes */
	bool same_seed;	    /* else every checksum differs, and none is worth a word */
	bool other_content; /* so structures have to differ */
	bool descriptors;   /* have been compared */
	size_t moved, renumbered;
	const struct seen *first_moved, *first_renumbered;
	ext2_ino_t other_number;
};

/* ---- reading one ---- */

static int
open_side(struct arena *a, const struct fs_side *at, struct side *s, const char **why)
{
	char options[64];
	errcode_t r;

	s->at = at;
	snprintf(options, sizeof options, "offset=%" PRIu64, at->offset);
	r = ext2fs_open2(at->image, options, EXT2_FLAG_64BITS | EXT2_FLAG_IGNORE_CSUM_ERRORS, 0, 0,
	    unix_io_manager, &s->fs);
	if (!r && ext2fs_blocks_count(s->fs->super) * s->fs->blocksize > at->size) {
		*why = "it is larger than its partition";
		return -1;
	}
	*why = r ? error_message(r) : NULL;
	if (r)
		return -1;
	s->uses = arena_array(a, ext2fs_blocks_count(s->fs->super), sizeof *s->uses);
	s->told = arena_array(a, (size_t)s->fs->super->s_inodes_count + 1, sizeof *s->told);
	return 0;
}

struct listing {
	struct arena *a;
	struct side *s;
	const char *folder; /* "" or "/etc" */
	ext2_ino_t ino;	    /* its */
	char *order;
};

static int
list_name(ext2_ino_t dir, int entry, struct ext2_dir_entry *de, int offset, int blocksize,
    char *buf, void *arg)
{
	struct listing *l = arg;
	char *name = arena_strndup(l->a, de->name, (size_t)ext2fs_dirent_name_len(de));

	(void)dir, (void)entry, (void)offset, (void)blocksize, (void)buf;
	if (!strcmp(name, ".") || !strcmp(name, "..") || !de->inode ||
	    de->inode > l->s->fs->super->s_inodes_count)
		return 0;
	l->order = arena_printf(l->a, "%s%s/", l->order, name);
	l->s->v = arena_more(l->a, l->s->v, l->s->n, sizeof *l->s->v);
	l->s->v[l->s->n++] = (struct seen){ .path = arena_printf(l->a, "%s/%s", l->folder, name),
		.ino = de->inode,
		.parent = l->ino };
	return 0;
}

static int
by_path(const void *x, const void *y)
{
	return strcmp(((const struct seen *)x)->path, ((const struct seen *)y)->path);
}

/* all paths; folders are added to the list while it is gone through */
static errcode_t
list_paths(struct arena *a, struct side *s)
{
	bool *been = arena_array(a, (size_t)s->fs->super->s_inodes_count + 1, sizeof *been);
	errcode_t r = 0;

	s->v = arena_more(a, NULL, 0, sizeof *s->v);
	s->v[s->n++] = (struct seen){ .path = "/", .ino = EXT2_ROOT_INO, .parent = EXT2_ROOT_INO };
	for (size_t i = 0; i < s->n && !r; i++) {
		struct listing l = { .a = a,
			.s = s,
			.folder = i ? s->v[i].path : "",
			.ino = s->v[i].ino,
			.order = arena_strdup(a, "") };

		if (been[s->v[i].ino] || ext2fs_check_directory(s->fs, s->v[i].ino))
			continue;
		been[s->v[i].ino] = true; /* a damaged one may lead back to itself */
		r = ext2fs_dir_iterate2(s->fs, s->v[i].ino, 0, NULL, list_name, &l);
		s->v[i].order = l.order;
	}
	qsort(s->v, s->n, sizeof *s->v, by_path);
	return r;
}

struct claim {
	struct side *s;
	uint32_t ino;
};

static void
use(struct side *s, blk64_t block, enum kind kind, uint32_t of)
{
	if (block < ext2fs_blocks_count(s->fs->super))
		s->uses[block] = (struct use){ (unsigned char)kind, of };
}

static int
claim_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref, int offset, void *arg)
{
	const struct claim *c = arg;

	(void)fs, (void)ref, (void)offset;
	use(c->s, *block, count < 0 ? MAP : DATA, c->ino);
	return 0;
}

static void
claim_inode(struct side *s, ext2_ino_t ino)
{
	struct claim c = { s, ino };
	struct ext2_inode i;

	if (ext2fs_read_inode(s->fs, ino, &i))
		return;
	if (ext2fs_inode_has_valid_blocks2(s->fs, &i))
		ext2fs_block_iterate3(s->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, claim_block, &c);
	if (ext2fs_file_acl_block(s->fs, &i))
		use(s, ext2fs_file_acl_block(s->fs, &i), MAP, ino);
}

static void
claim_blocks(struct side *s)
{
	ext2_filsys fs = s->fs;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		blk64_t sb, old, new;

		ext2fs_super_and_bgd_loc2(fs, g, &sb, &old, &new, NULL);
		if (sb || g == 0)
			use(s, sb, SUPER, g);
		for (blk64_t i = 0; old && i < fs->desc_blocks; i++)
			use(s, old + i, DESCRIPTORS, g);
		if (new)
			use(s, new, DESCRIPTORS, g);
		use(s, ext2fs_block_bitmap_loc(fs, g), BLOCK_BITMAP, g);
		use(s, ext2fs_inode_bitmap_loc(fs, g), INODE_BITMAP, g);
		for (blk64_t i = 0; i < fs->inode_blocks_per_group; i++)
			use(s, ext2fs_inode_table_loc(fs, g) + i, INODE_TABLE, g);
	}
	for (ext2_ino_t ino = 1; ino < EXT2_FIRST_INODE(fs->super); ino++)
		if (ino != EXT2_ROOT_INO)
			claim_inode(s, ino);
	for (size_t i = 0; i < s->n; i++)
		claim_inode(s, s->v[i].ino);
}

/* ---- paths ---- */

/* an inode's bytes as they are on disk, as many as both filesystems have */
static size_t
inode_bytes(const struct pair *p, int side, ext2_ino_t ino, unsigned char out[INODE_MAX])
{
	size_t n = INODE_MAX;

	for (int i = 0; i < 2; i++)
		if (EXT2_INODE_SIZE(p->s[i].fs->super) < n)
			n = EXT2_INODE_SIZE(p->s[i].fs->super);
	memset(out, 0, INODE_MAX);
	ext2fs_read_inode_full(p->s[side].fs, ino, (struct ext2_inode *)(void *)out, (int)n);
	return n;
}

static struct ext2_inode_large
inode_of(const unsigned char *bytes)
{
	struct ext2_inode_large i;

	memcpy(&i, bytes, sizeof i);
	return i;
}

/* a whole file; NULL when it cannot be read, *n is what there is of it */
static unsigned char *
slurp(const struct side *s, ext2_ino_t ino, uint64_t size, size_t *n)
{
	unsigned char *bytes = xmalloc((size < FILE_MAX ? (size_t)size : FILE_MAX) + 1);
	unsigned got = 1;
	ext2_file_t f;

	*n = 0;
	if (ext2fs_file_open(s->fs, ino, 0, &f) == 0) {
		while (*n < size && *n < FILE_MAX && got &&
		       ext2fs_file_read(f, bytes + *n,
			   (unsigned)(size - *n < 1 << 20 ? size - *n : 1 << 20), &got) == 0)
			*n += got;
		ext2fs_file_close(f);
	}
	return bytes;
}

/* ".rodata+0x2c": the section of an ELF file that an offset is in; NULL: of none */
static const char *
section_at(struct arena *a, const void *bytes, size_t n, uint64_t offset)
{
	const struct elf_section *s = NULL;
	struct elf_file f;

	if (elf_is(bytes, n) && elf_open(a, bytes, n, &f, &(struct err){ 0 }) == 0)
		s = elf_section_at(&f, offset);
	return s ? arena_printf(a, "%s+0x%" PRIx64, s->name, offset - s->offset) : NULL;
}

static bool
diff_bytes(struct pair *p, const char *path, const ext2_ino_t ino[2], const uint64_t size[2])
{
	unsigned char *b[2];
	size_t n[2], both, first = 0, count = 0;
	bool differ;

	for (int i = 0; i < 2; i++)
		b[i] = slurp(&p->s[i], ino[i], size[i], &n[i]);
	both = n[0] < n[1] ? n[0] : n[1];
	for (size_t i = 0; i < both; i++)
		if (b[0][i] != b[1][i] && count++ == 0)
			first = i;
	differ = count || size[0] != size[1] || n[0] != n[1];
	if (differ) {
		const char *where = count ? section_at(p->a, b[0], n[0], first) : NULL;
		const char *sizes =
		    size[0] == size[1]
			? ""
			: arena_printf(p->a, "size %" PRIu64 " -> %" PRIu64 ", ", size[0], size[1]);

		if (!count)
			diff_add(p->d, DIFF_BYTES, p->name, path,
			    "%sequal as far as the shorter one goes", sizes);
		else
			diff_add(p->d, DIFF_BYTES, p->name, path,
			    "%s%zu byte%s differ%s, the first at 0x%zx%s%s%s: %02x -> %02x", sizes,
			    count, count == 1 ? "" : "s", count == 1 ? "s" : "", first,
			    where ? " (" : "", where ? where : "", where ? ")" : "", b[0][first],
			    b[1][first]);
	}
	free(b[0]);
	free(b[1]);
	return differ;
}

static const char *
target_of(
    const struct pair *p, const struct side *s, ext2_ino_t ino, const struct ext2_inode_large *i)
{
	unsigned char *bytes;
	char *text;
	size_t n;

	if (ext2fs_is_fast_symlink((struct ext2_inode *)(void *)(uintptr_t)i))
		return arena_strndup(p->a, (const char *)i->i_block,
		    strnlen((const char *)i->i_block, sizeof i->i_block));
	bytes = slurp(s, ino, EXT2_I_SIZE(i), &n);
	text = arena_strndup(p->a, (char *)bytes, n);
	free(bytes);
	return text;
}

struct xattrs {
	struct arena *a;
	char *text;
};

static int
add_xattr(char *name, char *value, size_t n, void *arg)
{
	struct xattrs *x = arg;

	x->text = arena_printf(x->a, "%s%s%s=", x->text, *x->text ? " " : "", name);
	for (size_t i = 0; i < n && i < 64; i++)
		x->text = arena_printf(x->a, "%s%02x", x->text, (unsigned char)value[i]);
	return 0;
}

static const char *
xattrs_of(const struct pair *p, const struct side *s, ext2_ino_t ino)
{
	struct xattrs x = { p->a, arena_strdup(p->a, "") };
	struct ext2_xattr_handle *h;

	if (ext2fs_xattrs_open(s->fs, ino, &h))
		return "none";
	if (ext2fs_xattrs_read(h) == 0)
		ext2fs_xattrs_iterate(h, add_xattr, &x);
	ext2fs_xattrs_close(&h);
	return *x.text ? x.text : "none";
}

static const char *
type_of(unsigned mode)
{
	return LINUX_S_ISDIR(mode)    ? "folder"
	       : LINUX_S_ISREG(mode)  ? "file"
	       : LINUX_S_ISLNK(mode)  ? "symlink"
	       : LINUX_S_ISCHR(mode)  ? "character device"
	       : LINUX_S_ISBLK(mode)  ? "block device"
	       : LINUX_S_ISFIFO(mode) ? "fifo"
				      : "file of unknown type";
}

static bool
has_blocks(const struct ext2_inode_large *i)
{
	return LINUX_S_ISDIR(i->i_mode) || LINUX_S_ISREG(i->i_mode) ||
	       (LINUX_S_ISLNK(i->i_mode) &&
		   !ext2fs_is_fast_symlink((struct ext2_inode *)(void *)(uintptr_t)i));
}

/* what a folder's names are, and in which order */
static void
diff_order(struct pair *p, const struct seen *x, const struct seen *y)
{
	const char *a = x->order, *b = y->order;
	size_t i = 0;

	if (!a || !b || strlen(a) != strlen(b) ||
	    !strcmp(a, b)) /* other names are told by themselves */
		return;
	while (*a && strcspn(a, "/") == strcspn(b, "/") && !strncmp(a, b, strcspn(a, "/") + 1)) {
		a += strcspn(a, "/") + 1;
		b += strcspn(b, "/") + 1;
		i++;
	}
	diff_add(p->d, DIFF_STRUCTURE, p->name, x->path, "order of names: the %zu. is %.*s -> %.*s",
	    i + 1, (int)strcspn(a, "/"), a, (int)strcspn(b, "/"), b);
}

static void
diff_kind(struct pair *p, const struct seen *x, const struct seen *y, const unsigned char *xb,
    const unsigned char *yb)
{
	struct ext2_inode_large i[2] = { inode_of(xb), inode_of(yb) };
	const ext2_ino_t ino[2] = { x->ino, y->ino };
	const uint64_t size[2] = { EXT2_I_SIZE(&i[0]), EXT2_I_SIZE(&i[1]) };

	if (LINUX_S_ISREG(i[0].i_mode)) {
		diff_bytes(p, x->path, ino, size);
	} else if (LINUX_S_ISLNK(i[0].i_mode)) {
		const char *from = target_of(p, &p->s[0], x->ino, &i[0]),
			   *to = target_of(p, &p->s[1], y->ino, &i[1]);

		if (strcmp(from, to) != 0)
			diff_add(
			    p->d, DIFF_ATTRIBUTE, p->name, x->path, "target %s -> %s", from, to);
	} else if (LINUX_S_ISCHR(i[0].i_mode) || LINUX_S_ISBLK(i[0].i_mode)) {
		if (memcmp(i[0].i_block, i[1].i_block, sizeof i[0].i_block) != 0)
			diff_add(p->d, DIFF_ATTRIBUTE, p->name, x->path, "device 0x%x -> 0x%x",
			    i[0].i_block[0] + i[0].i_block[1], i[1].i_block[0] + i[1].i_block[1]);
	} else {
		if (size[0] != size[1])
			diff_add(p->d, DIFF_STRUCTURE, p->name, x->path,
			    "size of the folder %" PRIu64 " -> %" PRIu64, size[0], size[1]);
		diff_order(p, x, y);
	}
}

/* the same path in both */
static void
diff_path(struct pair *p, const struct seen *x, const struct seen *y)
{
	unsigned char xb[INODE_MAX], yb[INODE_MAX];
	size_t n = inode_bytes(p, 0, x->ino, xb), before = p->d->n;
	struct ext2_inode_large i, j;
	bool other_type;
	const char *from, *to;

	inode_bytes(p, 1, y->ino, yb);
	i = inode_of(xb);
	j = inode_of(yb);
	other_type = strcmp(type_of(i.i_mode), type_of(j.i_mode)) != 0;
	if (other_type) {
		diff_add(p->d, DIFF_THERE, p->name, x->path, "is a %s -> %s", type_of(i.i_mode),
		    type_of(j.i_mode));
	} else {
		diff_kind(p, x, y, xb, yb);
		fields_diff(p->d, &(struct fields){ .of = FIELDS_INODE,
				      .rank = DIFF_ATTRIBUTE,
				      .fs = p->name,
				      .path = x->path,
				      .what = "",
				      .x = xb,
				      .y = yb,
				      .n = n });
		if (n > sizeof i && (memcmp(xb + sizeof i, yb + sizeof i, n - sizeof i) != 0 ||
					i.i_file_acl || j.i_file_acl)) {
			from = xattrs_of(p, &p->s[0], x->ino);
			to = xattrs_of(p, &p->s[1], y->ino);
			if (strcmp(from, to) != 0)
				diff_add(p->d, DIFF_ATTRIBUTE, p->name, x->path, "xattrs %s -> %s",
				    from, to);
		}
	}
	if (x->ino != y->ino && p->renumbered++ == 0) {
		p->first_renumbered = x;
		p->other_number = y->ino;
	}
	if (has_blocks(&i) && memcmp(i.i_block, j.i_block, sizeof i.i_block) != 0 &&
	    p->moved++ == 0)
		p->first_moved = x;
	if (p->d->n == before && x->ino == y->ino &&
	    (!has_blocks(&i) || !memcmp(i.i_block, j.i_block, sizeof i.i_block)))
		return;
	p->s[0].told[x->ino] = p->s[1].told[y->ino] = true;
	if (other_type || x->ino != y->ino) /* which its folder has as well */
		p->s[0].told[x->parent] = p->s[1].told[y->parent] = true;
}

static bool
below(const char *path, const char *folder)
{
	size_t n = folder ? strlen(folder) : 0;

	return folder && !strncmp(path, folder, n) && path[n] == '/';
}

/* a path that only one has; what is below it goes without saying */
static void
only(struct pair *p, int side, const struct seen *x, const char **said)
{
	unsigned char b[INODE_MAX];
	struct ext2_inode_large i;

	p->s[side].told[x->ino] = p->s[side].told[x->parent] = true;
	if (below(x->path, *said))
		return;
	*said = x->path;
	inode_bytes(p, side, x->ino, b);
	i = inode_of(b);
	diff_add(p->d, DIFF_THERE, p->name, x->path, "a %s that only %s has", type_of(i.i_mode),
	    side ? "the second" : "the first");
}

static void
diff_paths(struct pair *p)
{
	const struct side *s = p->s;
	const char *said[2] = { NULL, NULL };
	size_t before = p->d->n;

	for (size_t i = 0, j = 0; i < s[0].n || j < s[1].n;) {
		int c = i == s[0].n ? 1 : j == s[1].n ? -1 : strcmp(s[0].v[i].path, s[1].v[j].path);

		if (c == 0)
			diff_path(p, &s[0].v[i++], &s[1].v[j++]);
		else if (c < 0)
			only(p, 0, &s[0].v[i++], &said[0]);
		else
			only(p, 1, &s[1].v[j++], &said[1]);
	}
	for (size_t i = before; i < p->d->n; i++)
		p->other_content |= p->d->v[i].rank == DIFF_THERE || p->d->v[i].rank == DIFF_BYTES;
}

/* ---- structures ---- */

/* where things are has to differ when the things do */
static enum diff_rank
weight(const struct pair *p)
{
	return p->other_content ? DIFF_FOLLOWS : DIFF_STRUCTURE;
}

static void
read_block(const struct pair *p, int side, uint64_t block, unsigned char *out)
{
	memset(out, 0, p->block);
	io_channel_read_blk64(p->s[side].fs->io, block, 1, out);
}

static size_t
first_difference(const unsigned char *x, const unsigned char *y, size_t n)
{
	size_t i = 0;

	while (i < n && x[i] == y[i])
		i++;
	return i;
}

static void
diff_super(struct pair *p, uint32_t group, const unsigned char *x, const unsigned char *y)
{
	size_t at = group ? 0 : SUPER_BYTES;
	size_t boot = group ? p->block : first_difference(x, y, p->block);

	if (group) {
		diff_add(
		    p->d, DIFF_FOLLOWS, p->name, NULL, "copy of the superblock in group %u", group);
		return;
	}
	if (boot < SUPER_BYTES)
		diff_add(p->d, DIFF_STRUCTURE, p->name, NULL, "boot block: byte 0x%zx %02x -> %02x",
		    boot, x[boot], y[boot]);
	fields_diff(p->d, &(struct fields){ .of = FIELDS_SUPER,
			      .rank = DIFF_STRUCTURE,
			      .fs = p->name,
			      .what = "superblock: ",
			      .x = x + at,
			      .y = y + at,
			      .n = SUPER_BYTES,
			      .sums = p->same_seed });
	at += SUPER_BYTES;
	if (memcmp(x + at, y + at, p->block - at) != 0)
		diff_add(p->d, DIFF_STRUCTURE, p->name, NULL,
		    "behind the superblock: byte 0x%zx differs",
		    at + first_difference(x + at, y + at, p->block - at));
}

static void
diff_descriptors(struct pair *p, uint32_t group, uint64_t block)
{
	size_t n = EXT2_DESC_SIZE(p->s[0].fs->super);

	if (group) {
		diff_add(p->d, DIFF_FOLLOWS, p->name, NULL,
		    "copy of the group descriptors in group %u, block %" PRIu64, group, block);
		return;
	}
	if (p->descriptors || n != EXT2_DESC_SIZE(p->s[1].fs->super))
		return;
	p->descriptors = true;
	for (dgrp_t g = 0; g < p->s[0].fs->group_desc_count && g < p->s[1].fs->group_desc_count;
	     g++)
		fields_diff(p->d, &(struct fields){ .of = FIELDS_GROUP,
				      .rank = weight(p),
				      .fs = p->name,
				      .what = arena_printf(p->a, "group %u: ", g),
				      .x = ext2fs_group_desc(p->s[0].fs, p->s[0].fs->group_desc, g),
				      .y = ext2fs_group_desc(p->s[1].fs, p->s[1].fs->group_desc, g),
				      .n = n,
				      .sums = p->same_seed });
}

static void
diff_bitmap(
    struct pair *p, uint32_t group, bool inodes, const unsigned char *x, const unsigned char *y)
{
	const struct ext2_super_block *sb = p->s[0].fs->super;
	uint64_t base = inodes ? (uint64_t)group * sb->s_inodes_per_group + 1
			       : (uint64_t)group * sb->s_blocks_per_group + sb->s_first_data_block,
		 first = 0;
	size_t count = 0;
	bool used = false;

	for (size_t i = 0; i < 8 * (size_t)p->block; i++) {
		unsigned bit = 1u << i % 8;

		if (!((x[i / 8] ^ y[i / 8]) & bit) || count++)
			continue;
		first = base + i;
		used = x[i / 8] & bit;
	}
	diff_add(p->d, weight(p), p->name, NULL,
	    "%s bitmap of group %u: %zu bit%s differ%s, the first is %s %" PRIu64 ": %s",
	    inodes ? "inode" : "block", group, count, count == 1 ? "" : "s", count == 1 ? "s" : "",
	    inodes ? "inode" : "block", first, used ? "used -> free" : "free -> used");
}

static void
diff_table(
    struct pair *p, uint32_t group, uint64_t block, const unsigned char *x, const unsigned char *y)
{
	const struct ext2_super_block *sb = p->s[0].fs->super;
	size_t size = EXT2_INODE_SIZE(sb), each = p->block / size;

	for (size_t i = 0; i < each; i++) {
		uint64_t slot = (block - ext2fs_inode_table_loc(p->s[0].fs, group)) * each + i;
		ext2_ino_t ino = (ext2_ino_t)((uint64_t)group * sb->s_inodes_per_group + slot + 1);
		const unsigned char *xi = x + i * size, *yi = y + i * size;
		const struct fields inode = { .of = FIELDS_INODE,
			.rank = weight(p),
			.fs = p->name,
			.what = arena_printf(p->a, "inode %u: ", ino),
			.x = xi,
			.y = yi,
			.n = size < INODE_MAX ? size : INODE_MAX,
			.sums = p->same_seed };

		if (slot >= sb->s_inodes_per_group || !memcmp(xi, yi, size) || p->s[0].told[ino] ||
		    (ino <= p->s[1].fs->super->s_inodes_count && p->s[1].told[ino]))
			continue;
		if (fields_diff(p->d, &inode) == 0 && p->same_seed) {
			size_t at = first_difference(xi, yi, size);

			diff_add(p->d, weight(p), p->name, NULL, "%sbyte 0x%zx %02x -> %02x",
			    inode.what, at, xi[at], yi[at]);
		}
	}
}

static const char *
path_of(const struct side *s, ext2_ino_t ino)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].ino == ino)
			return s->v[i].path;
	return NULL;
}

/* a block of an inode of which nothing was told: what is left are bytes that no path shows */
static void
diff_hidden(struct pair *p, const struct use *u, uint64_t block, unsigned char *x, unsigned char *y)
{
	const char *path = path_of(&p->s[0], u->of);
	struct ext2_inode inode;
	size_t at;

	/* the checksum at the end of a folder's block, or of a block of extents */
	if (!p->same_seed && u->of != EXT2_JOURNAL_INO &&
	    ext2fs_read_inode(p->s[0].fs, u->of, &inode) == 0 &&
	    (u->kind == MAP || LINUX_S_ISDIR(inode.i_mode)))
		memset(x + p->block - 4, 0, 4), memset(y + p->block - 4, 0, 4);
	at = first_difference(x, y, p->block);
	if (at == p->block)
		return;
	if (u->of == EXT2_JOURNAL_INO)
		diff_add(p->d, p->same_seed ? DIFF_STRUCTURE : DIFF_FOLLOWS, p->name, NULL,
		    "journal: byte 0x%zx of block %" PRIu64 " %02x -> %02x", at, block, x[at],
		    y[at]);
	else
		diff_add(p->d, DIFF_STRUCTURE, p->name, path,
		    "%sbyte 0x%zx of block %" PRIu64 ", which is in %s %02x -> %02x",
		    path ? "" : arena_printf(p->a, "inode %u: ", u->of), at, block,
		    u->kind == MAP ? "its map or xattrs:" : "no name and behind its end:", x[at],
		    y[at]);
}

static bool
was_told(const struct side *s, const struct use *u)
{
	return (u->kind == MAP || u->kind == DATA) && s->told[u->of];
}

static void
diff_block(struct pair *p, uint64_t block, unsigned char *x, unsigned char *y)
{
	const struct use *u = &p->s[0].uses[block], *v = &p->s[1].uses[block];

	if (was_told(&p->s[0], u) || was_told(&p->s[1], v))
		return;
	read_block(p, 0, block, x);
	read_block(p, 1, block, y);
	if (u->kind != v->kind || u->of != v->of) {
		diff_add(p->d, weight(p), p->name, NULL,
		    "block %" PRIu64 ": used for different things", block);
		return;
	}
	switch ((enum kind)u->kind) {
	case FREE:
		diff_add(p->d, weight(p), p->name, NULL,
		    "block %" PRIu64 ": byte 0x%zx differs, and nothing uses it", block,
		    first_difference(x, y, p->block));
		return;
	case SUPER:
		diff_super(p, u->of, x, y);
		return;
	case DESCRIPTORS:
		diff_descriptors(p, u->of, block);
		return;
	case BLOCK_BITMAP:
	case INODE_BITMAP:
		diff_bitmap(p, u->of, u->kind == INODE_BITMAP, x, y);
		return;
	case INODE_TABLE:
		diff_table(p, u->of, block, x, y);
		return;
	case MAP:
	case DATA:
		diff_hidden(p, u, block, x, y);
	}
}

static void
diff_blocks(struct pair *p, const struct spans *raw)
{
	uint64_t base = p->s[0].at->offset / SPAN_BLOCK, per = p->block / SPAN_BLOCK;
	unsigned char *x = xmalloc(p->block), *y = xmalloc(p->block);
	uint64_t end =
	    base + (p->s[0].at->size > p->s[1].at->size ? p->s[0].at->size : p->s[1].at->size) /
		       SPAN_BLOCK;
	uint64_t last = UINT64_MAX;
	bool behind = false;

	for (size_t i = 0; i < raw->n; i++)
		for (uint64_t b = raw->v[i].start; b < raw->v[i].start + raw->v[i].len; b++) {
			uint64_t block = (b - base) / per;

			if (b < base || b >= end || block == last)
				continue;
			if (block >= p->blocks) {
				if (!behind)
					diff_add(p->d, weight(p), p->name, NULL,
					    "behind the end of both filesystems: byte 0x%" PRIx64,
					    (b - base) * SPAN_BLOCK);
				behind = true;
				continue;
			}
			last = block;
			diff_block(p, block, x, y);
		}
	free(x);
	free(y);
}

static void
sum_up(struct pair *p)
{
	if (p->renumbered)
		diff_add(p->d, weight(p), p->name, NULL,
		    "%zu inode number%s, the first of %s: %u -> %u", p->renumbered,
		    p->renumbered == 1 ? "" : "s", p->first_renumbered->path,
		    p->first_renumbered->ino, p->other_number);
	if (p->moved)
		diff_add(p->d, weight(p), p->name, NULL,
		    "%zu thing%s in other blocks, the first is %s", p->moved,
		    p->moved == 1 ? "" : "s", p->first_moved->path);
	if (!p->same_seed)
		diff_add(p->d, DIFF_FOLLOWS, p->name, NULL,
		    "all checksums, as they begin with the uuid");
}

/* false: they cannot be compared, which is told */
static bool
open_both(struct pair *p, const struct fs_side sides[2])
{
	ext2_filsys x, y;
	const char *why;

	for (int i = 0; i < 2; i++)
		if (open_side(p->a, &sides[i], &p->s[i], &why) < 0) {
			diff_add(p->d, DIFF_STRUCTURE, p->name, NULL, "not ext4 in the %s: %s",
			    i ? "second" : "first", why);
			return false;
		}
	x = p->s[0].fs;
	y = p->s[1].fs;
	p->block = x->blocksize;
	if (p->block != y->blocksize || p->block % SPAN_BLOCK ||
	    EXT2_INODE_SIZE(x->super) != EXT2_INODE_SIZE(y->super)) {
		diff_add(p->d, DIFF_STRUCTURE, p->name, NULL,
		    "block size %u -> %u, inode size %u -> %u: nothing else can be compared",
		    p->block, y->blocksize, EXT2_INODE_SIZE(x->super), EXT2_INODE_SIZE(y->super));
		return false;
	}
	p->blocks = ext2fs_blocks_count(x->super);
	if (ext2fs_blocks_count(y->super) < p->blocks)
		p->blocks = ext2fs_blocks_count(y->super);
	p->same_seed = x->csum_seed == y->csum_seed;
	return true;
}

static int
read_both(struct pair *p, struct err *e)
{
	for (int i = 0; i < 2; i++) {
		errcode_t why = list_paths(p->a, &p->s[i]);

		if (why)
			return fail(
			    e, "%s: %s: %s", p->s[i].at->image, p->name, error_message(why));
		claim_blocks(&p->s[i]);
	}
	return 0;
}

int
fs_diff(const struct fs_side sides[2], const char *name, const struct spans *raw,
    struct differences *d, struct err *e)
{
	struct pair p = { .a = d->a, .name = name, .d = d };
	int r = 0;

	initialize_ext2_error_table();
	if (open_both(&p, sides)) {
		r = read_both(&p, e);
		if (r == 0) {
			diff_paths(&p);
			sum_up(&p);
			diff_blocks(&p, raw);
		}
	}
	for (int i = 0; i < 2; i++)
		if (p.s[i].fs)
			ext2fs_free(p.s[i].fs);
	return r;
}
