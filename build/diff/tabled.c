/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/tabled.h"

#include "build/base/arena.h"
#include "build/diff/fsdiff.h"
#include "build/files/digest.h"
#include "build/files/filetable.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDERS_MOST 1000000 /* that a filesystem leads into: a cycle has no end */

struct checking {
	struct arena *a;
	const char *name; /* of the filesystem */
	const struct filetable *t;
	ext2_filsys fs;
	struct folder {
		const char *path; /* "" or "/etc" */
		ext2_ino_t ino;
	} * v;		       /* to be looked into; it grows while it is gone through */
	size_t n, seen_folder; /* the one that is looked into */
	size_t seen;	       /* names */
	struct err *e;
	bool bad; /* e is filled */
};

static int
differs(struct checking *c, const char *name, const char *what)
{
	c->bad = true;
	return fail(c->e, "%s: %s", name, what);
}

static int
failed(struct checking *c, const char *name, errcode_t r)
{
	return differs(c, name, arena_printf(c->a, "cannot be read: %s", error_message(r)));
}

static int
digest_inode(
    struct checking *c, const char *name, ext2_ino_t ino, char hex[DIGEST_HEX], uint64_t size)
{
	struct digest *d = digest_new();
	char block[65536];
	unsigned n = 0;
	ext2_file_t f;
	errcode_t r = ext2fs_file_open(c->fs, ino, 0, &f);

	if (r) {
		digest_end(d, hex);
		return failed(c, name, r);
	}
	while (size && !(r = ext2fs_file_read(f, block, sizeof block, &n)) && n) {
		digest_add(d, block, n);
		size -= n < size ? n : size;
	}
	ext2fs_file_close(f);
	digest_end(d, hex);
	return r ? failed(c, name, r) : 0;
}

static int
check_file(
    struct checking *c, const struct filetable_row *row, ext2_ino_t ino, const struct ext2_inode *i)
{
	char hex[DIGEST_HEX];

	if (EXT2_I_SIZE(i) != row->size)
		return differs(c, row->name, "has another size than the table of files says");
	if (digest_inode(c, row->name, ino, hex, row->size) < 0)
		return -1;
	return strcmp(hex, row->sha256) != 0
		   ? differs(c, row->name, "has another content than the table of files says")
		   : 0;
}

/* short ones are where others have their blocks */
static int
check_link(
    struct checking *c, const struct filetable_row *row, ext2_ino_t ino, struct ext2_inode *i)
{
	char text[4096 + 1], hex[DIGEST_HEX], want[DIGEST_HEX];
	uint64_t size = EXT2_I_SIZE(i);

	if (size != strlen(row->target) || size >= sizeof text)
		return differs(c, row->name, "leads elsewhere than the table of files says");
	if (ext2fs_is_fast_symlink(i)) {
		memcpy(text, i->i_block, size < sizeof i->i_block ? size : sizeof i->i_block);
		digest_bytes(text, size < sizeof i->i_block ? size : 0, hex);
	} else if (digest_inode(c, row->name, ino, hex, size) < 0) {
		return -1;
	}
	digest_bytes(row->target, size, want);
	return strcmp(hex, want) != 0
		   ? differs(c, row->name, "leads elsewhere than the table of files says")
		   : 0;
}

/* capabilities and access lists are extended attributes; a table has no words for any */
static int
check_attributes(struct checking *c, const char *name, ext2_ino_t ino, const struct ext2_inode *i)
{
	const unsigned usual = EXT4_EXTENTS_FL | EXT2_INDEX_FL | EXT4_HUGE_FILE_FL;
	struct ext2_xattr_handle *h;
	size_t n = 0;
	errcode_t r;

	if (i->i_flags & ~usual)
		return differs(c, name, "has attributes of chattr(1)");
	r = ext2fs_xattrs_open(c->fs, ino, &h);
	if (r)
		return failed(c, name, r);
	r = ext2fs_xattrs_read(h);
	if (!r)
		r = ext2fs_xattrs_count(h, &n);
	ext2fs_xattrs_close(&h);
	if (r)
		return failed(c, name, r);
	return n ? differs(c, name, "has extended attributes, of which a table of files has none")
		 : 0;
}

/* as the kernel keeps them: the old form in the first word, else the new one in the second */
static int
check_device(struct checking *c, const struct filetable_row *row, const struct ext2_inode *i)
{
	uint32_t old = i->i_block[0], new = i->i_block[1];
	unsigned major = old ? old >> 8 & 0xff : (new & 0xfff00) >> 8,
		 minor = old ? old & 0xff : (new & 0xff) | (new >> 12 & 0xfff00);

	return major != row->major || minor != row->minor
		   ? differs(c, row->name, "is another device than the table of files says")
		   : 0;
}

static int
check_inode(struct checking *c, const char *path, ext2_ino_t ino)
{
	const char *name = filetable_escape(c->a, arena_printf(c->a, "%s:%s", c->name, path));
	const struct filetable_row *row =
	    filetable_find(c->t, arena_printf(c->a, "%s:%s", c->name, path));
	struct ext2_inode i;
	errcode_t r = ext2fs_read_inode(c->fs, ino, &i);

	if (r)
		return failed(c, name, r);
	if (!row)
		return differs(c, name, "is in the image, but not in the table of files");
	c->seen++;
	if (i.i_mode != row->mode)
		return differs(c, name, "has another mode than the table of files says");
	if (inode_uid(i) != row->uid || inode_gid(i) != row->gid)
		return differs(c, name, "has another owner than the table of files says");
	if (check_attributes(c, name, ino, &i) < 0)
		return -1;
	if (S_ISREG(row->mode))
		return check_file(c, row, ino, &i);
	if (S_ISLNK(row->mode))
		return check_link(c, row, ino, &i);
	if (S_ISCHR(row->mode) || S_ISBLK(row->mode))
		return check_device(c, row, &i);
	if (S_ISDIR(row->mode)) {
		if (c->n == FOLDERS_MOST)
			return differs(c, name, "is in too many folders");
		c->v = arena_more(c->a, c->v, c->n, sizeof *c->v);
		c->v[c->n++] = (struct folder){ strcmp(path, "/") != 0 ? path : "", ino };
	}
	return 0;
}

static int
visit(ext2_ino_t dir, int entry, struct ext2_dir_entry *de, int offset, int blocksize, char *buf,
    void *arg)
{
	struct checking *c = arg;
	const struct folder *f = &c->v[c->seen_folder];
	char *name = arena_strndup(c->a, de->name, (size_t)ext2fs_dirent_name_len(de));

	(void)dir, (void)entry, (void)offset, (void)blocksize, (void)buf;
	if (!strcmp(name, ".") || !strcmp(name, "..") || !de->inode)
		return 0;
	return check_inode(c, arena_printf(c->a, "%s/%s", f->path, name), de->inode) < 0
		   ? DIRENT_ABORT
		   : 0;
}

/* names that the table has and the filesystem has not: each name of it was seen once */
static int
check_rest(struct checking *c)
{
	size_t n = strlen(c->name), rows = 0;

	for (size_t i = 0; i < c->t->n; i++)
		rows += !strncmp(c->t->v[i].name, c->name, n) && c->t->v[i].name[n] == ':';
	return rows != c->seen
		   ? differs(c, c->name,
			 arena_printf(c->a, "has %zu names, and the table of files %zu of it",
			     c->seen, rows))
		   : 0;
}

/*
 * A mount may do more than show what is there: it finishes what a journal or a list of orphans
 * says was begun, and obeys options; what a feature means, who knows none of it cannot tell.
 */
static int
check_mount(struct checking *c)
{
	const struct ext2_super_block *s = c->fs->super;
	const uint32_t compat = EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |
				EXT2_FEATURE_COMPAT_DIR_INDEX;
	const uint32_t incompat = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
				  EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG;
	const uint32_t ro_compat =
	    EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
	    EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
	    EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;

	return (s->s_feature_compat & ~compat) || (s->s_feature_incompat & ~incompat) ||
		       (s->s_feature_ro_compat & ~ro_compat) || s->s_last_orphan ||
		       *s->s_mount_opts || s->s_default_mount_opts || s->s_journal_dev
		   ? differs(c, c->name,
			 "has features, options or unfinished work that no image of lh-build has")
		   : 0;
}

/* an empty one: its superblock says that it begins nowhere */
static int
check_journal(struct checking *c)
{
	static const unsigned char magic[] = { 0xc0, 0x3b, 0x39, 0x98 }, nowhere[4];
	enum { BEGINS = 28 };
	unsigned char *block = arena_alloc(c->a, c->fs->blocksize);
	blk64_t at = 0;
	errcode_t r;

	if (!ext2fs_has_feature_journal(c->fs->super))
		return 0;
	r = ext2fs_bmap2(c->fs, EXT2_JOURNAL_INO, NULL, NULL, 0, 0, NULL, &at);
	if (!r)
		r = io_channel_read_blk64(c->fs->io, at, 1, block);
	if (r)
		return failed(c, "journal", r);
	return c->fs->super->s_journal_inum != EXT2_JOURNAL_INO || !at ||
		       memcmp(block, magic, sizeof magic) != 0 ||
		       memcmp(block + BEGINS, nowhere, sizeof nowhere) != 0
		   ? differs(c, c->name, "has a journal, which changes it when it is mounted")
		   : 0;
}

static int
check(struct checking *c)
{
	if (check_mount(c) < 0 || check_journal(c) < 0)
		return -1;
	if (check_inode(c, "/", EXT2_ROOT_INO) < 0)
		return -1;
	for (c->seen_folder = 0; c->seen_folder < c->n; c->seen_folder++) {
		errcode_t r =
		    ext2fs_dir_iterate2(c->fs, c->v[c->seen_folder].ino, 0, NULL, visit, c);

		if (c->bad)
			return -1;
		if (r)
			return failed(c, c->name, r);
	}
	return check_rest(c);
}

int
tabled_check(const struct fs_side *at, const char *name, const struct filetable *t, struct err *e)
{
	struct checking c = { .a = arena_new(), .name = name, .t = t, .e = e };
	char options[64];
	errcode_t r;
	int done;

	snprintf(options, sizeof options, "offset=%" PRIu64, at->offset);
	r = ext2fs_open2(at->image, options, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &c.fs);
	if (r) {
		done = failed(&c, name, r);
	} else {
		done = ext2fs_blocks_count(c.fs->super) * c.fs->blocksize > at->size
			   ? differs(&c, name, "is larger than its partition")
			   : check(&c);
		ext2fs_free(c.fs);
	}
	arena_free(c.a);
	return done;
}
