/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/diff/compare.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/image/disk.h"
#include "build/image/fs.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <elf.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define ROOTFS_AT (1 * MIB)
#define SWAP_AT (9 * MIB)
#define DISK (14 * MIB)

static const char source[] = "set -e; umask 022; mkdir -p src/etc src/bin; cd src; printf "
			     "'root:x:0:0\\n' >etc/passwd; printf abc >etc/aa; printf abc >etc/bb;"
			     " head -c 9000 /dev/zero >bin/tool; ln -s tool bin/sh; ";

static const struct disk_part parts[] = {
	{ "rootfs", "linux", ROOTFS_AT, 8 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a01" },
	{ "swap", "swap", SWAP_AT, 4 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a02" },
};

/* how the second image is not like the first one */
struct change {
	const char *script;		/* run in the source of the second */
	void (*tree)(struct tree *t);	/* before it is written */
	void (*raw)(const char *image); /* when it is written */
	struct disk_part parts[2];	/* name set: instead of those */
	const char *disk_uuid, *swap_label;
	const char *told;
};

static void
sh(struct arena *a, const char *script)
{
	ck_assert_int_eq(system(arena_printf(a, "cd %s; %s", test_dir(), script)), 0);
}

/* ---- changing an image ---- */

static void
patch(const char *image, uint64_t at, const void *p, size_t n)
{
	int fd = open(image, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, p, n, (off_t)at), (ssize_t)n);
	close(fd);
}

static void
flip(const char *image, uint64_t at, unsigned char x)
{
	int fd = open(image, O_RDWR | O_CLOEXEC);
	unsigned char b;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &b, 1, (off_t)at), 1);
	b ^= x;
	ck_assert_int_eq(pwrite(fd, &b, 1, (off_t)at), 1);
	close(fd);
}

static ext2_filsys
open_rootfs(const char *image)
{
	ext2_filsys fs;

	ck_assert_int_eq(
	    ext2fs_open2(image, "offset=1048576", EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs), 0);
	return fs;
}

enum where { BLOCK_BITMAP, INODE_BITMAP, INODE_TABLE, JOURNAL, ETC, PASSWD, LAST };

/* where on the disk that is */
static uint64_t
place(const char *image, enum where w)
{
	ext2_filsys fs = open_rootfs(image);
	blk64_t at = 0;
	ext2_ino_t ino = 0;

	switch (w) {
	case BLOCK_BITMAP:
		at = ext2fs_block_bitmap_loc(fs, 0);
		break;
	case INODE_BITMAP:
		at = ext2fs_inode_bitmap_loc(fs, 0);
		break;
	case INODE_TABLE:
		at = ext2fs_inode_table_loc(fs, 0);
		break;
	case LAST:
		at = ext2fs_blocks_count(fs->super) - 1;
		break;
	case JOURNAL:
		ino = EXT2_JOURNAL_INO;
		break;
	case ETC:
		ck_assert_int_eq(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/etc", &ino), 0);
		break;
	case PASSWD:
		ck_assert_int_eq(
		    ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/etc/passwd", &ino), 0);
		break;
	}
	if (ino)
		ck_assert_int_eq(ext2fs_bmap2(fs, ino, NULL, NULL, 0, 0, NULL, &at), 0);
	ext2fs_close_free(&fs);
	return ROOTFS_AT + at * 4096;
}

static void
mount_count(const char *image)
{
	patch(image, ROOTFS_AT + 1024 + 0x34, "\3", 1);
}

static void
boot_block(const char *image)
{
	patch(image, ROOTFS_AT + 510, "\x55", 1);
}

static void
descriptor(const char *image)
{
	flip(image, ROOTFS_AT + 4096 + 0x12, 1);
}

static void
block_bit(const char *image)
{
	flip(image, place(image, BLOCK_BITMAP) + 1999 / 8, 1 << 1999 % 8);
}

static void
inode_bit(const char *image)
{
	flip(image, place(image, INODE_BITMAP) + (500 - 1) / 8, 1 << (500 - 1) % 8);
}

static void
unused_inode(const char *image)
{
	patch(image, place(image, INODE_TABLE) + (700 - 1) * 256 + 0x64, "\7", 1);
}

static void
sum_of_inode(const char *image)
{
	flip(image, place(image, INODE_TABLE) + (9 - 1) * 256 + 0x7c, 0xff);
}

static void
journal(const char *image)
{
	patch(image, place(image, JOURNAL) + 0x18, "\1", 1);
}

static void
free_block(const char *image)
{
	patch(image, place(image, LAST) + 7, "x", 1);
}

static void
behind_the_end(const char *image)
{
	patch(image, place(image, PASSWD) + 100, "x", 1);
}

/* aa and bb are next to each other, and as long: each entry 12 bytes, inode first, name at 8 */
static void
order(const char *image)
{
	uint64_t at = place(image, ETC) + 24;
	unsigned char both[24], turned[24];
	int fd = open(image, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, both, sizeof both, (off_t)at), sizeof both);
	close(fd);
	memcpy(turned, both + 12, 12);
	memcpy(turned + 12, both, 12);
	patch(image, at, turned, sizeof turned);
}

static void
mtime(const char *image)
{
	ext2_filsys fs;
	struct ext2_inode i;
	ext2_ino_t ino;

	ck_assert_int_eq(ext2fs_open2(image, "offset=1048576", EXT2_FLAG_64BITS | EXT2_FLAG_RW, 0,
			     0, unix_io_manager, &fs),
	    0);
	ck_assert_int_eq(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/etc/passwd", &ino), 0);
	ck_assert_int_eq(ext2fs_read_inode(fs, ino, &i), 0);
	i.i_mtime = 77;
	ck_assert_int_eq(ext2fs_write_inode(fs, ino, &i), 0);
	fs->super->s_wtime = 5; /* else it is the time of this test */
	ext2fs_free(fs);
}

static void
xattr(const char *image)
{
	struct ext2_xattr_handle *h;
	ext2_filsys fs;
	ext2_ino_t ino;

	ck_assert_int_eq(ext2fs_open2(image, "offset=1048576", EXT2_FLAG_64BITS | EXT2_FLAG_RW, 0,
			     0, unix_io_manager, &fs),
	    0);
	ck_assert_int_eq(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/bin/tool", &ino), 0);
	ck_assert_int_eq(ext2fs_xattrs_open(fs, ino, &h), 0);
	ck_assert_int_eq(ext2fs_xattr_set(h, "user.x", "ab", 2), 0);
	ext2fs_xattrs_close(&h);
	ext2fs_free(fs);
}

static void
no_filesystem(const char *image)
{
	flip(image, ROOTFS_AT + 1024 + 0x38, 0xff);
}

static void
behind_the_table(const char *image)
{
	patch(image, 600 * 512, "x", 1);
}

static void
mode(struct tree *t)
{
	tree_find(t, "bin/tool")->mode = 04755;
}

static void
owner(struct tree *t)
{
	tree_find(t, "etc")->uid = 100000;
}

static void
device(struct tree *t)
{
	struct entry *n = tree_find(t, "bin/sh");

	*n = (struct entry){ .path = "bin/sh",
		.type = ENTRY_CHAR,
		.mode = 0600,
		.major = 5,
		.minor = 1,
		.package = "tools" };
}

static const struct change changes[] = {
	{ .told = "equal: image\n" },
	{ .script = "printf ROOT | dd of=etc/passwd conv=notrunc status=none",
	    .told = "rootfs:/etc/passwd: 4 bytes differ, the first at 0x0: 72 -> 52\n" },
	{ .script = "printf x | dd of=bin/tool bs=1 seek=8999 conv=notrunc status=none",
	    .told = "rootfs:/bin/tool: 1 byte differs, the first at 0x2327: 00 -> 78\n" },
	{ .script = "echo end >>etc/passwd",
	    .told = "rootfs:/etc/passwd: size 11 -> 15, equal as far as the shorter one goes\n" },
	{ .script = "ln -sf nowhere bin/sh", .told = "rootfs:/bin/sh: target tool -> nowhere\n" },
	{ .tree = mode, .told = "rootfs:/bin/tool: mode 0100644 -> 0104755\n" },
	{ .tree = owner,
	    .told = "rootfs:/etc: owner 0 -> 34464\nrootfs:/etc: owner, high half 0 -> 1\n" },
	{ .tree = device, .told = "rootfs:/bin/sh: is a symlink -> character device\n" },
	{ .raw = mtime, .told = "rootfs:/etc/passwd: mtime 1784000000 -> 77\n" },
	{ .raw = xattr, .told = "rootfs:/bin/tool: xattrs none -> user.x=6162\n" },
	{ .raw = order, .told = "rootfs:/etc: order of names: the 1. is aa -> bb\n" },
	{ .raw = mount_count, .told = "rootfs: superblock: mounts 0 -> 3\n" },
	{ .raw = boot_block, .told = "rootfs: boot block: byte 0x1fe 00 -> 55\n" },
	{ .raw = descriptor, .told = "rootfs: group 0: flags 0x4 -> 0x5\n" },
	{ .raw = block_bit,
	    .told = "rootfs: block bitmap of group 0: 1 bit differs, the first is block 1999: free "
		    "-> used\n" },
	{ .raw = inode_bit,
	    .told = "rootfs: inode bitmap of group 0: 1 bit differs, the first is inode 500: free "
		    "-> used\n" },
	{ .raw = unused_inode, .told = "rootfs: inode 700: generation 0 -> 7\n" },
	{ .raw = sum_of_inode, .told = "rootfs: inode 9: checksum 0x4e8a -> 0x4e75\n" },
	{ .raw = journal, .told = "rootfs: journal: byte 0x18 of block 3 00 -> 01\n" },
	{ .raw = free_block,
	    .told = "rootfs: block 2047: byte 0x7 differs, and nothing uses it\n" },
	{ .raw = behind_the_end,
	    .told = "rootfs:/etc/passwd: byte 0x64 of block 1104, which is in no name and behind "
		    "its end: 00 -> 78\n" },
	{ .raw = no_filesystem,
	    .told = "rootfs: not ext4 in the second: Bad magic number in super-block\n" },
	{ .raw = behind_the_table,
	    .told = "partition table: 1 block of 4096 bytes differs, the first at 0x4b000\n" },
	{ .swap_label = "other",
	    .told = "swap: 1 block of 4096 bytes differs, the first at 0x900000\n" },
	{ .parts = { { "root", "linux", ROOTFS_AT, 8 * MIB,
			 "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a01" },
	      { "swap", "linux", SWAP_AT, 4 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a02" } },
	    .told = "rootfs: partition: name rootfs -> root\nswap: partition: type swap -> linux\n"
		    "partition table: 3 blocks of 4096 bytes differ, the first at 0x0\n" },
	{ .disk_uuid = "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4aff",
	    .told = "partition table: uuid 0B3D9DD1-2F4A-8C0E-9B3F-6D0F1F6F4A00 -> "
		    "0B3D9DD1-2F4A-8C0E-9B3F-6D0F1F6F4AFF\n"
		    "partition table: 2 blocks of 4096 bytes differ, the first at 0x0\n" },
};

/* ---- making one ---- */

static char *
make_image(struct arena *a, const char *name, const struct change *c)
{
	char *image = arena_printf(a, "%s/%s", test_dir(), name);
	struct fs_opts o = { .image = image,
		.offset = ROOTFS_AT,
		.size = 8 * MIB,
		.label = "rootfs",
		.uuid = { 1, 2, 3 },
		.epoch = 1784000000 };
	struct err e = { 0 };
	struct tree t;

	sh(a, arena_printf(a, "rm -rf src; %s%s", source, c && c->script ? c->script : ""));
	sh(a, arena_printf(a, "truncate -s %ju %s", (uintmax_t)DISK, name));
	tree_init(a, "rootfs", &t);
	ck_assert_int_eq(tree_add(&t, arena_printf(a, "%s/src", test_dir()), "tools", &e), 0);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	if (c && c->tree)
		c->tree(&t);
	ck_assert_msg(disk_write(image,
			  c && c->disk_uuid ? c->disk_uuid : "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a00",
			  c && c->parts[0].name ? c->parts : parts, 2, &e) == 0,
	    "%s", e.msg);
	ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(swap_write(image, SWAP_AT, 4 * MIB,
			     c && c->swap_label ? c->swap_label : "swap", o.uuid, &e),
	    0);
	if (c && c->raw)
		c->raw(image);
	return image;
}

START_TEST(one_change)
{
	struct arena *a = arena_new();
	const char *const paths[2] = { make_image(a, "one", NULL),
		make_image(a, "two", &changes[_i]) };
	struct verdict v;
	struct err e = { 0 };

	ck_assert_msg(compare(a, paths, &v, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(v.told, changes[_i].told);
	ck_assert_int_eq(v.differences == 0, _i == 0);
	arena_free(a);
}
END_TEST

/* a program with one section; the byte is the fourth one in it */
static void
put_program(const char *path, unsigned char byte)
{
	struct program {
		Elf64_Ehdr head;
		unsigned char text[16];
		char names[8];
		Elf64_Shdr sections[3];
	} p = { .head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		    .e_shoff = offsetof(struct program, sections),
		    .e_shentsize = sizeof(Elf64_Shdr),
		    .e_shnum = 3,
		    .e_shstrndx = 2 },
		.text = { 0, 0, 0, byte },
		.names = "\0.text",
		.sections = { { 0 },
		    { .sh_name = 1,
			.sh_type = SHT_PROGBITS,
			.sh_offset = offsetof(struct program, text),
			.sh_size = 16 },
		    { .sh_type = SHT_STRTAB,
			.sh_offset = offsetof(struct program, names),
			.sh_size = 8 } } };
	struct err e;

	ck_assert_int_eq(file_write(path, &p, sizeof p, 0755, &e), 0);
}

/* of a program it says which section the byte is in */
START_TEST(names_the_section)
{
	struct arena *a = arena_new();
	struct change c[2] = { { .script = "cp ../program0 bin/tool" },
		{ .script = "cp ../program1 bin/tool" } };
	const char *paths[2];
	struct verdict v;
	struct err e = { 0 };

	for (int i = 0; i < 2; i++)
		put_program(arena_printf(a, "%s/program%d", test_dir(), i), (unsigned char)i);
	for (int i = 0; i < 2; i++)
		paths[i] = make_image(a, i ? "two" : "one", &c[i]);
	ck_assert_msg(compare(a, paths, &v, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(
	    v.told, "rootfs:/bin/tool: 1 byte differs, the first at 0x43 (.text+0x3): 00 -> 01\n");
	arena_free(a);
}
END_TEST

/* a file more moves the others: that comes last, and in few words */
START_TEST(what_follows_comes_last)
{
	struct arena *a = arena_new();
	struct change c = { .script = "mkdir -p bin/more/and; echo new >bin/more/and/more" };
	const char *const paths[2] = { make_image(a, "one", NULL), make_image(a, "two", &c) };
	struct verdict v;
	struct err e = { 0 };

	ck_assert_msg(compare(a, paths, &v, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(v.told, "rootfs:/bin/more: a folder that only the second has\n"
				 "rootfs:/bin: links 2 -> 3\n"
				 "rootfs: 6 inode numbers, the first of /bin/sh: 13 -> 16\n"
				 "rootfs: 5 things in other blocks, the first is /bin/tool\n"
				 "rootfs: superblock: free blocks 943 -> 940\n"
				 "rootfs: superblock: free inodes 1006 -> 1003\n"
				 "rootfs: group 0: free blocks 943 -> 940\n"
				 "and 5 more that follow from others\n");
	arena_free(a);
}
END_TEST

/* a name has one line, and no word with the terminal */
START_TEST(strange_names)
{
	struct arena *a = arena_new();
	struct change c = {
		.script = "echo >\"$(printf 'bin/x\\nrootfs: y\\033[31m')\"; ln -sf \"$(printf "
			  "'b\\033')\" bin/sh"
	};
	const char *const paths[2] = { make_image(a, "one", NULL), make_image(a, "two", &c) };
	struct verdict v;
	struct err e = { 0 };

	ck_assert_msg(compare(a, paths, &v, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    strstr(
		v.told, "rootfs:/bin/x\\x0arootfs: y\\x1b[31m: a file that only the second has\n"),
	    "%s", v.told);
	ck_assert_msg(strstr(v.told, " -> b\\x1b\n") && !strchr(v.told, '\033'), "%s", v.told);
	arena_free(a);
}
END_TEST

/* ---- whole folders ---- */

#define KEY_ONE "config COUNTRY_CODE \nnode target/tools\n"
#define KEY_TWO "config COUNTRY_CODE fr\nnode target/tools\n"

static const struct {
	const char *script; /* run in the second folder */
	bool other_key;	    /* of the package tools */
	const char *told;
} folders[] = {
	{ ":", false, "equal: manifest, kernel, System.map, files, image\n" },
	{ "sed -i 's/^set .*/set 2024-10/; s/^hostname .*/hostname other/' manifest", false,
	    "manifest: set: 2026-07 -> 2024-10\nmanifest: hostname: lh -> other\n" },
	{ "sed -i 's,^path .*,path /elsewhere/,' manifest", false,
	    "equal: manifest, kernel, System.map, files, image\n" },
	{ "sed -i 's,/su 0:0 4755,/su 0:0 4711,; s/socket 2 here/socket 2 there/' manifest", false,
	    "manifest: differs socket 2: here -> there\nmanifest: special rootfs:/bin/su: 0:0 4755 "
	    "-> 0:0 4711\n" },
	{ "sed -i '/^country/d' manifest; echo 'address 10.0.0.1' >>manifest", false,
	    "manifest: country: only the first has it\nmanifest: address: only the second has "
	    "it\n" },
	{ "printf KERNEL | dd of=kernel conv=notrunc status=none", false,
	    "kernel: 6 bytes differ, the first at 0x0 (linux, recipes/linux)\n" },
	{ "echo more >>System.map", false,
	    "System.map: size 4 -> 9, the first byte that differs at 0x4 (linux, "
	    "recipes/linux)\n" },
	{ "rm kernel", false, "kernel: only the first has it\n" },
	{ "for d in . ../one; do echo map >$d/b; echo form bmap b 00 >>$d/manifest; done", false,
	    "equal: manifest, kernel, System.map, files, image, b\n" },
	{ "for d in . ../one; do echo map >$d/b; echo form bmap b 00 >>$d/manifest; done; echo mad "
	  ">b; sed -i 's/b 00/b 01/' manifest",
	    false, "b: 1 byte differs, the first at 0x2\nmanifest: form bmap b: 00 -> 01\n" },
	{ "echo map >b; echo form bmap b 00 >>manifest", false,
	    "manifest: form bmap b: only the second has it\n" },
	{ "printf x | dd of=image bs=1 seek=$((0x%jx)) conv=notrunc status=none", false,
	    "rootfs:/etc/passwd: 1 byte differs, the first at 0x0: 72 -> 78 (tools, "
	    "recipes/tools)\n"
	    "tools: same inputs (key %.8s..), different result: its build is not "
	    "reproducible\n" },
	{ "printf x | dd of=image bs=1 seek=$((0x%jx)) conv=notrunc status=none", true,
	    "manifest: package tools: 1.0 %.8s.. -> 1.0 %.8s..\n"
	    "rootfs:/etc/passwd: 1 byte differs, the first at 0x0: 72 -> 78 (tools, "
	    "recipes/tools)\n"
	    "tools: built from different inputs\n  config COUNTRY_CODE: (empty) -> fr\n" },
	{ "rm -r keys; printf x | dd of=image bs=1 seek=$((0x%jx)) conv=notrunc status=none", true,
	    "manifest: package tools: 1.0 %.8s.. -> 1.0 %.8s..\n"
	    "rootfs:/etc/passwd: 1 byte differs, the first at 0x0: 72 -> 78 (tools, "
	    "recipes/tools)\n"
	    "tools: built from different inputs\n  key %.8s.. -> %.8s..; the key files are "
	    "missing beside the manifest of the second\n" },
};

static void
make_folder(struct arena *a, const char *name, const char *key, char hex[DIGEST_HEX])
{
	char *image = make_image(a, arena_printf(a, "%s-image", name), NULL);

	digest_bytes(key, strlen(key), hex);
	checkout_file(a, test_dir(), arena_printf(a, "%s/manifest", name),
	    arena_printf(a,
		"lh-manifest 2\ntriple t\nset 2026-07\nhostname lh\ncountry uk\nqemu q\nmachine "
		"m\nconsole c\nkernel kernel\nimage image\npackage tools 1.0 %s\nspecial "
		"rootfs:/bin/ping 0:0 4755\nspecial rootfs:/bin/su 0:0 4755\npath /here/\npath "
		"/there/\ndiffers socket 1 here\ndiffers socket 2 here\n",
		hex));
	checkout_file(a, test_dir(), arena_printf(a, "%s/keys/target-tools", name), key);
	checkout_file(a, test_dir(), arena_printf(a, "%s/kernel", name), "kernel\n");
	checkout_file(a, test_dir(), arena_printf(a, "%s/System.map", name), "map\n");
	checkout_file(a, test_dir(), arena_printf(a, "%s/kernel-config", name), "y\n");
	checkout_file(a, test_dir(), arena_printf(a, "%s/files", name),
	    "lh-files 2\nrootfs:/ 040755 0 0 - - lh-build\nrootfs:/etc/passwd 100644 0 0 11 "
	    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
	    " tools\n");
	ck_assert_int_eq(rename(image, arena_printf(a, "%s/%s/image", test_dir(), name)), 0);
}

START_TEST(two_folders)
{
	struct arena *a = arena_new();
	const char *const paths[2] = { arena_printf(a, "%s/one", test_dir()),
		arena_printf(a, "%s/two/manifest", test_dir()) };
	char hex[2][DIGEST_HEX];
	struct verdict v;
	struct err e = { 0 };

	make_folder(a, "one", KEY_ONE, hex[0]);
	make_folder(a, "two", folders[_i].other_key ? KEY_TWO : KEY_ONE, hex[1]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	sh(a, arena_printf(a, arena_printf(a, "cd two; %s", folders[_i].script),
		  (uintmax_t)place(arena_printf(a, "%s/one/image", test_dir()), PASSWD)));
	ck_assert_msg(compare(a, paths, &v, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(v.told, arena_printf(a, folders[_i].told, hex[0], hex[1], hex[0], hex[1]));
#pragma GCC diagnostic pop
	arena_free(a);
}
END_TEST

static const struct {
	const char *script, *one, *message;
	int code;
} wrong[] = {
	{ ":", "absent", "absent: no such file or folder", EXIT_USAGE },
	{ "mkdir empty", "empty",
	    "empty: has no manifest; name a folder that an image was built in, such as "
	    "output/TRIPLE",
	    EXIT_USAGE },
	{ "echo 'lh-manifest 1' >odd", "odd",
	    "odd:1: not a manifest: its first line must be \"lh-manifest 2\"", EXIT_USAGE },
	{ "mkdir bad; printf 'lh-manifest 2\\ntriple t\\nqemu q\\nmachine m\\nconsole c\\nkernel "
	  "k\\n' >bad/manifest; echo short line >bad/files",
	    "bad",
	    "files:1: not a table of files: its first line must be \"lh-files 2\"; build the image "
	    "again",
	    EXIT_USAGE },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	const char *const paths[2] = { wrong[_i].one, "/dev/null" };
	struct verdict v;
	struct err e = { 0 };

	sh(a, wrong[_i].script);
	ck_assert_int_eq(chdir(test_dir()), 0);
	ck_assert_int_eq(compare(a, paths, &v, &e), -1);
	ck_assert_str_eq(e.msg + (strlen(e.msg) - strlen(wrong[_i].message)), wrong[_i].message);
	ck_assert_int_eq(e.code, wrong[_i].code);
	arena_free(a);
}
END_TEST

Suite *
compare_suite(void)
{
	Suite *s = suite_of("compare",
	    (const TTest *[]){ what_follows_comes_last, names_the_section, strange_names, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, one_change, 0, sizeof changes / sizeof *changes);
	tcase_add_loop_test(tc, two_folders, 0, sizeof folders / sizeof *folders);
	tcase_add_loop_test(tc, refuses, 0, sizeof wrong / sizeof *wrong);
	return s;
}
