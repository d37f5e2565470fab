/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/diff/fsdiff.h"
#include "build/diff/tabled.h"
#include "build/files/filetable.h"
#include "build/image/fs.h"
#include "build/image/tree.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* ---- what somebody does to a filesystem whose table stays as it is ---- */

static void
nothing(ext2_filsys fs)
{
	(void)fs;
}

static void
needs_recovery(ext2_filsys fs)
{
	ext2fs_set_feature_journal_needs_recovery(fs->super);
}

static void
another_feature(ext2_filsys fs)
{
	ext2fs_set_feature_casefold(fs->super);
}

static void
orphans(ext2_filsys fs)
{
	fs->super->s_last_orphan = 13;
}

static void
mount_options(ext2_filsys fs)
{
	memcpy(fs->super->s_mount_opts, "acl", 4);
}

static void
journal(ext2_filsys fs)
{
	unsigned char block[4096];
	blk64_t at;

	ck_assert_int_eq(ext2fs_bmap2(fs, EXT2_JOURNAL_INO, NULL, NULL, 0, 0, NULL, &at), 0);
	ck_assert_int_eq(io_channel_read_blk64(fs->io, at, 1, block), 0);
	block[31] = 1; /* s_start, of big-endian bytes */
	ck_assert_int_eq(io_channel_write_blk64(fs->io, at, 1, block), 0);
}

static void
attribute(ext2_filsys fs, const char *path, const char *key)
{
	struct ext2_xattr_handle *h;
	ext2_ino_t ino;

	ck_assert_int_eq(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino), 0);
	ck_assert_int_eq(ext2fs_xattrs_open(fs, ino, &h), 0);
	ck_assert_int_eq(ext2fs_xattrs_read(h), 0);
	ck_assert_int_eq(ext2fs_xattr_set(h, key, "\1\0\0\2\0\4\0\0\0\0\0\0", 12), 0);
	ck_assert_int_eq(ext2fs_xattrs_close(&h), 0);
}

static void
capability(ext2_filsys fs)
{
	attribute(fs, "/hello", "security.capability");
}

static void
attribute_of_root(ext2_filsys fs)
{
	attribute(fs, "/", "user.x");
}

static void
immutable(ext2_filsys fs)
{
	struct ext2_inode i;
	ext2_ino_t ino;

	ck_assert_int_eq(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/hello", &ino), 0);
	ck_assert_int_eq(ext2fs_read_inode(fs, ino, &i), 0);
	i.i_flags |= EXT2_IMMUTABLE_FL;
	ck_assert_int_eq(ext2fs_write_inode(fs, ino, &i), 0);
}

#define OTHER "rootfs: has features, options or unfinished work that no image of lh-build has"

static const struct {
	void (*spoil)(ext2_filsys fs);
	const char *why; /* NULL: it is as its table says */
} rows[] = {
	{ nothing, NULL },
	{ needs_recovery, OTHER },
	{ another_feature, OTHER },
	{ orphans, OTHER },
	{ mount_options, OTHER },
	{ journal, "rootfs: has a journal, which changes it when it is mounted" },
	{ capability,
	    "rootfs:/hello: has extended attributes, of which a table of files has none" },
	{ attribute_of_root,
	    "rootfs:/: has extended attributes, of which a table of files has none" },
	{ immutable, "rootfs:/hello: has attributes of chattr(1)" },
};

START_TEST(spoilt)
{
	struct arena *a = arena_new();
	const char *image = arena_printf(a, "%s/image", test_dir());
	struct fs_opts o = { .image = image,
		.offset = MIB,
		.size = 8 * MIB,
		.label = "rootfs",
		.uuid = { 1 },
		.epoch = 1784000000 };
	struct fs_side at = { image, o.offset, o.size };
	int fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0644), r;
	struct filetable table;
	struct err e = { 0 };
	struct tree t;
	ext2_filsys fs;

	ck_assert(fd >= 0 && ftruncate(fd, 10 * MIB) == 0 && close(fd) == 0);
	checkout_file(a, test_dir(), "src/hello", "hello\n");
	tree_init(a, "rootfs", &t);
	ck_assert_msg(tree_add(&t, arena_printf(a, "%s/src", test_dir()), "x", &e) == 0 &&
			  tree_sort(&t, &e) == 0 && fs_write(&o, &t, &e) == 0,
	    "%s", e.msg);
	ck_assert_int_eq(
	    filetable_parse(a, "files",
		arena_strdup(a,
		    "lh-files 2\nrootfs:/ 040755 0 0 - - x\n"
		    "rootfs:/lost+found 040700 0 0 - - x\n"
		    "rootfs:/hello 100644 0 0 6 5891b5b522d5df086d0ff0b110fbd9d21bb4fc71"
		    "63af34d08286a2e846f6be03 x\n"),
		&table, &e),
	    0);
	ck_assert_int_eq(ext2fs_open2(image, "offset=1048576", EXT2_FLAG_64BITS | EXT2_FLAG_RW, 0,
			     0, unix_io_manager, &fs),
	    0);
	rows[_i].spoil(fs);
	ext2fs_mark_super_dirty(fs);
	ck_assert_int_eq(ext2fs_close_free(&fs), 0);
	r = tabled_check(&at, "rootfs", &table, &e);
	if (rows[_i].why)
		ck_assert_str_eq(e.msg, rows[_i].why);
	ck_assert_msg(r == (rows[_i].why ? -1 : 0), "%s", e.msg);
	arena_free(a);
}
END_TEST

Suite *
tabled_suite(void)
{
	Suite *s = suite_create("tabled");

	tcase_add_loop_test(harness_case(s, "spoilt"), spoilt, 0, sizeof rows / sizeof *rows);
	return s;
}
