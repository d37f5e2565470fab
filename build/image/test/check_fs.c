/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/form/blockmap.h"
#include "build/image/fs.h"
#include "build/test/suites.h"

#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define EPOCH 1782864000
#define OFFSET (3 * MIB)

static const unsigned char some_uuid[16] = { 1, 18, 35, 52, 69, 86, 103, 120, 137, 154, 171, 188,
	205, 222, 239, 0 };

static struct fs_opts
options(const char *image, uint64_t mib)
{
	struct fs_opts o = {
		.image = image, .offset = OFFSET, .size = mib * MIB, .label = "rwfs", .epoch = EPOCH
	};

	memcpy(o.uuid, some_uuid, sizeof o.uuid);
	return o;
}

static char *
blank(struct arena *a, const char *name, uint64_t mib)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)(OFFSET + (mib + 1) * MIB)), 0);
	close(fd);
	return path;
}

/* bytes that no block of which is zero, the same for the same seed */
static void
fill(unsigned char *p, size_t n, unsigned seed)
{
	uint32_t x = 2463534242u + seed;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (unsigned char)(x >> 8);
	}
}

/* the edges of a block, of a run of 1 MiB, and holes at the start, in the middle, at the end */
static const struct {
	const char *path;
	size_t size, zero_from, zero_to;
} files[] = {
	{ "bin/empty", 0, 0, 0 },
	{ "bin/one", 1, 0, 0 },
	{ "bin/short", 4095, 0, 0 },
	{ "bin/block", 4096, 0, 0 },
	{ "bin/over", 4097, 0, 0 },
	{ "bin/mib", 1 << 20, 0, 0 },
	{ "bin/more", (1 << 20) + 1, 0, 0 },
	{ "bin/much", 5000000, 0, 0 },
	{ "bin-x", 10, 0, 0 }, /* '-' is before '/' */
	{ "bin.x", 10, 0, 0 },
	{ "zero/all", 3 << 20, 0, 3 << 20 },
	{ "zero/start", 2 << 20, 0, 1 << 20 },
	{ "zero/middle", 2 << 20, 100000, 1900000 },
	{ "zero/end", 1234567, 4096, 1234567 },
	{ "a/b/c/d/e/f/g/deep", 77, 0, 0 },
};

#define NFILES (sizeof files / sizeof *files)
#define NSMALL 700

static void
put(struct arena *a, const char *dir, const char *path, const unsigned char *p, size_t n,
    bool sparse, size_t zero_from, size_t zero_to)
{
	char *full = arena_printf(a, "%s/%s", dir, path);
	struct err e = { 0 };
	int fd;

	ck_assert_int_eq(file_mkparent(full, &e), 0);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	if (!sparse)
		ck_assert_int_eq(fd_write(fd, p, n, full, &e), 0);
	else {
		ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
		ck_assert_int_eq(pwrite(fd, p, zero_from, 0), (ssize_t)zero_from);
		ck_assert_int_eq(
		    pwrite(fd, p + zero_to, n - zero_to, (off_t)zero_to), (ssize_t)(n - zero_to));
	}
	close(fd);
}

static void
link_of(struct arena *a, const char *dir, const char *name, size_t len)
{
	char *target = arena_alloc(a, len + 1);

	memset(target, 't', len);
	for (size_t i = 100; i < len; i += 101)
		target[i] = '/';
	ck_assert_int_eq(symlink(target, arena_printf(a, "%s/%s", dir, name)), 0);
}

/* the same content, made in one order or the other, with holes or without, old or new */
static void
make_source(struct arena *a, const char *dir, bool backwards)
{
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	for (size_t i = 0; i < NFILES; i++) {
		size_t k = backwards ? NFILES - 1 - i : i;
		unsigned char *p = arena_alloc(a, files[k].size + 1);

		fill(p, files[k].size, (unsigned)k);
		memset(p + files[k].zero_from, 0, files[k].zero_to - files[k].zero_from);
		put(a, dir, files[k].path, p, files[k].size, backwards, files[k].zero_from,
		    files[k].zero_to);
	}
	for (unsigned i = 0; i < NSMALL; i++) {
		unsigned k = backwards ? NSMALL - 1 - i : i;
		unsigned char p[300];

		fill(p, sizeof p, k);
		put(a, dir,
		    arena_printf(a, "many/a name that is as long as names come, number %u", k), p,
		    k % sizeof p, false, 0, 0);
	}
	link_of(a, dir, "short", 1);
	link_of(a, dir, "fast", 59);
	link_of(a, dir, "slow", 60);
	link_of(a, dir, "long", 4000);
	ck_assert_int_eq(mkfifo(arena_printf(a, "%s/fifo", dir), 0600), 0);
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/nothing", dir), 0755), 0);
	if (backwards) {
		struct timespec old[2] = { { .tv_sec = 1000000, .tv_nsec = 7 },
			{ .tv_sec = 2000000, .tv_nsec = 9 } };

		ck_assert_int_eq(
		    utimensat(AT_FDCWD, arena_printf(a, "%s/bin/one", dir), old, 0), 0);
		ck_assert_int_eq(utimensat(AT_FDCWD, dir, old, 0), 0);
	}
}

static void
read_source(struct arena *a, const char *dir, struct tree *t)
{
	struct entry *n;
	struct err e = { 0 };

	tree_init(a, "rwfs", t);
	ck_assert_msg(tree_add(t, dir, "package", &e) == 0, "%s", e.msg);
	tree_push(t, &(struct entry){ .path = "console",
			 .type = ENTRY_CHAR,
			 .mode = 0620,
			 .gid = 5,
			 .major = 5,
			 .minor = 1,
			 .package = "x" });
	tree_push(t, &(struct entry){ .path = "disk",
			 .type = ENTRY_BLOCK,
			 .mode = 0660,
			 .major = 259,
			 .minor = 70000,
			 .package = "x" });
	ck_assert_msg(tree_sort(t, &e) == 0, "%s", e.msg);
	n = tree_find(t, "bin/one");
	if (!n)
		return;
	n->mode = 04750;
	n->uid = 70000;
	n->gid = 80000;
	tree_find(t, "nothing")->mode = 02700;
	tree_find(t, "nothing")->uid = 102;
	tree_find(t, "slow")->uid = 7;
}

/*
 * What the image holds, read back through the library: every byte of every file.  A
 * clean fsck would only prove that it hangs together.
 */
struct reading {
	ext2_filsys fs;
	struct tree *t;
	struct arena *a;
	const char *dir; /* path of the folder being read */
	size_t seen;
};

static void check_inode(struct reading *r, const struct entry *n, ext2_ino_t ino);

static int
name_found(struct ext2_dir_entry *d, int offset, int size, char *buf, void *arg)
{
	struct reading *r = arg, sub = *r;
	char *name = arena_strndup(r->a, d->name, (size_t)ext2fs_dirent_name_len(d));
	const struct entry *n;

	(void)offset, (void)size, (void)buf;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return 0;
	if (!*r->dir && !strcmp(name, "lost+found"))
		return 0;
	sub.dir = arena_printf(r->a, "%s%s%s", r->dir, *r->dir ? "/" : "", name);
	n = tree_find(r->t, sub.dir);
	ck_assert_msg(n != NULL, "/%s is in the image and not in the tree", sub.dir);
	check_inode(&sub, n, d->inode);
	r->seen = sub.seen + 1;
	return 0;
}

static void
read_digest(ext2_filsys fs, ext2_ino_t ino, uint64_t size, char hex[DIGEST_HEX])
{
	static char buf[1 << 20];
	struct digest *d = digest_new();
	ext2_file_t f;
	unsigned got;
	uint64_t total = 0;

	ck_assert_int_eq(ext2fs_file_open(fs, ino, 0, &f), 0);
	do {
		ck_assert_int_eq(ext2fs_file_read(f, buf, sizeof buf, &got), 0);
		digest_add(d, buf, got);
		total += got;
	} while (got);
	ext2fs_file_close(f);
	digest_end(d, hex);
	ck_assert_uint_eq(total, size);
}

static void
read_bytes(ext2_filsys fs, ext2_ino_t ino, char *p, unsigned size)
{
	ext2_file_t f;
	unsigned got;

	ck_assert_int_eq(ext2fs_file_open(fs, ino, 0, &f), 0);
	ck_assert_int_eq(ext2fs_file_read(f, p, size, &got), 0);
	ext2fs_file_close(f);
}

static void
check_inode(struct reading *r, const struct entry *n, ext2_ino_t ino)
{
	static const unsigned types[] = {
		[ENTRY_DIR] = LINUX_S_IFDIR,
		[ENTRY_FILE] = LINUX_S_IFREG,
		[ENTRY_LINK] = LINUX_S_IFLNK,
		[ENTRY_FIFO] = LINUX_S_IFIFO,
		[ENTRY_CHAR] = LINUX_S_IFCHR,
		[ENTRY_BLOCK] = LINUX_S_IFBLK,
	};
	struct ext2_inode_large i;
	char here[DIGEST_HEX], there[DIGEST_HEX], *target;
	struct err e = { 0 };

	ck_assert_int_eq(ext2fs_read_inode_full(r->fs, ino, (struct ext2_inode *)&i, sizeof i), 0);
	ck_assert_msg(i.i_mode == (types[n->type] | n->mode), "/%s: mode %o", n->path, i.i_mode);
	ck_assert_uint_eq(inode_uid(i), n->uid);
	ck_assert_uint_eq(inode_gid(i), n->gid);
	ck_assert_uint_eq(i.i_atime, EPOCH);
	ck_assert_uint_eq(i.i_ctime, EPOCH);
	ck_assert_uint_eq(i.i_mtime, EPOCH);
	ck_assert_uint_eq(i.i_crtime, EPOCH);
	ck_assert_uint_eq(
	    i.i_atime_extra | i.i_ctime_extra | i.i_mtime_extra | i.i_crtime_extra, 0);
	switch (n->type) {
	case ENTRY_DIR:
		ck_assert_int_eq(ext2fs_dir_iterate(r->fs, ino, 0, NULL, name_found, r), 0);
		break;
	case ENTRY_FILE:
		read_digest(r->fs, ino, n->size, there);
		ck_assert_int_eq(digest_file(n->from, here, &e), 0);
		ck_assert_msg(!strcmp(here, there), "/%s: other bytes", n->path);
		break;
	case ENTRY_LINK:
		target = arena_alloc(r->a, 4097);
		if (ext2fs_is_fast_symlink((struct ext2_inode *)&i))
			memcpy(target, i.i_block, i.i_size);
		else
			read_bytes(r->fs, ino, target, 4096);
		ck_assert_str_eq(target, n->target);
		break;
	case ENTRY_CHAR:
	case ENTRY_BLOCK:
		if (i.i_block[0])
			ck_assert_uint_eq(i.i_block[0], n->major << 8 | n->minor);
		else
			ck_assert_uint_eq(i.i_block[1],
			    (n->minor & 0xff) | n->major << 8 | (n->minor & ~0xffu) << 12);
		break;
	case ENTRY_FIFO:
		break;
	}
}

static ext2_filsys
open_image(const char *image)
{
	char opts[64];
	ext2_filsys fs;

	snprintf(opts, sizeof opts, "offset=%llu", (unsigned long long)OFFSET);
	ck_assert_int_eq(
	    ext2fs_open2(image, opts, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs), 0);
	return fs;
}

static void
check_image(struct arena *a, const char *image, struct tree *t)
{
	struct reading r = { .t = t, .a = a, .dir = "", .fs = open_image(image) };

	check_inode(&r, &t->v[0], EXT2_ROOT_INO);
	ck_assert_uint_eq(r.seen + 1, t->n);
	ext2fs_close_free(&r.fs);
}

static void
fsck(struct arena *a, const char *image)
{
	static const char e2fsck[] = "/sbin/e2fsck";
	char *argv[] = { arena_strdup(a, e2fsck), arena_strdup(a, "-fn"),
		arena_printf(a, "%s?offset=%llu", image, (unsigned long long)OFFSET), NULL };
	struct child_opts o = { 0 };
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	if (access(e2fsck, X_OK) < 0) /* ci/setup installs it */
		return;
	ck_assert_msg(child_run(argv, &o, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "e2fsck: %s", out.p);
	buf_free(&out);
}

/* all that is not free, whether it is zero or not, and at its place in the image */
static void
check_used(const struct blockmap *m, const char *image)
{
	ext2_filsys fs = open_image(image);
	uint64_t n = 0;

	ck_assert_int_eq(ext2fs_read_block_bitmap(fs), 0);
	for (size_t i = 0; i < m->n; i++)
		for (uint64_t b = 0; b < m->v[i].len; b++, n++)
			ck_assert(ext2fs_test_block_bitmap2(
			    fs->block_map, m->v[i].start + b - OFFSET / MAP_BLOCK));
	ck_assert_uint_eq(n, fs->super->s_blocks_count - fs->super->s_free_blocks_count);
	ext2fs_close_free(&fs);
}

START_TEST(reads_back_equal)
{
	struct arena *a = arena_new();
	char *source = arena_printf(a, "%s/source", test_dir()), *image = blank(a, "disk", 64);
	struct fs_opts o = options(image, 64);
	struct blockmap used = { .a = a };
	struct err e = { 0 };
	struct stat st;
	struct tree t;

	make_source(a, source, false);
	read_source(a, source, &t);
	o.used = &used;
	ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
	check_image(a, image, &t);
	check_used(&used, image);
	fsck(a, image);
	/* 10 MB of bytes that are not zero, and tables */
	ck_assert_int_eq(stat(image, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)(68 * MIB));
	ck_assert_int_lt(st.st_blocks * 512, 14 << 20);
	arena_free(a);
}
END_TEST

/* names of this length, so many, and how many blocks its index then takes; 0: it has none */
static const struct {
	unsigned names, len;
	uint64_t index;
} folders[] = {
	{ 250, 5, 0 },
	{ 260, 5, 1 },
	{ 20000, 8, 1 },
	{ 507 * 15, 255, 1 }, /* fifteen a leaf: the root is full */
	{ 507 * 15 + 1, 255, 2 },
	{ 511 * 15, 255, 3 },
	{ 20000, 255, 4 },
};

START_TEST(large_folder)
{
	struct arena *a = arena_new();
	struct blockmap used = { .a = a };
	struct err e = { 0 };
	struct ext2_inode inode;
	struct fs_opts o;
	struct tree t;
	ext2_filsys fs;
	ext2_ino_t ino;
	uint64_t mib;

	tree_init(a, "rwfs", &t);
	tree_push(
	    &t, &(struct entry){ .path = "d", .type = ENTRY_DIR, .mode = 0755, .package = "p" });
	for (unsigned i = 0; i < folders[_i].names; i++)
		tree_push(
		    &t, &(struct entry){ .path = arena_printf(a, "d/%0*u", (int)folders[_i].len, i),
			    .type = i % 3 ? ENTRY_FIFO : ENTRY_DIR,
			    .mode = 0700,
			    .package = "p" });
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	ck_assert_int_eq(fs_need(&t, some_uuid, &mib, &e), 0);
	/* not even the inodes fit: the answer is the same as when a block lacks */
	for (uint64_t few = mib - 1; few > 4; few /= 2) {
		ck_assert_int_eq(fs_check(&t, some_uuid, few * MIB, "RWFS_SIZE", &e), -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	}
	o = options(blank(a, "disk", mib), mib);
	o.used = &used;
	ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
	check_image(a, o.image, &t);
	check_used(&used, o.image);
	fsck(a, o.image);
	fs = open_image(o.image);
	ck_assert_int_eq(ext2fs_lookup(fs, EXT2_ROOT_INO, "d", 1, NULL, &ino), 0);
	ck_assert_int_eq(ext2fs_read_inode(fs, ino, &inode), 0);
	ck_assert_int_eq((inode.i_flags & EXT2_INDEX_FL) != 0, folders[_i].index != 0);
	if (folders[_i].index) {
		unsigned char block[4096];
		unsigned count;

		read_bytes(fs, ino, (char *)block, sizeof block);
		count = block[34] | (unsigned)block[35] << 8;
		ck_assert_uint_eq(block[30], folders[_i].index > 1);
		if (folders[_i].index > 1)
			ck_assert_uint_eq(count, folders[_i].index - 1);
		else
			ck_assert_uint_eq(count, inode.i_size / 4096 - 1);
	}
	ext2fs_close_free(&fs);
	arena_free(a);
}
END_TEST

/* ---- trees that nobody thought of ---- */

static uint64_t
draw(uint64_t *x, uint64_t below)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (*x >> 11) % below;
}

/* every length and every byte that a name can have, short ones more often than long ones */
static char *
draw_name(struct arena *a, uint64_t *x)
{
	size_t n = 1 + draw(x, draw(x, 4) ? 12 : 255);
	char *name = arena_alloc(a, n + 1);

	for (size_t i = 0; i < n; i++)
		do
			name[i] = (char)(1 + draw(x, 255));
		while (name[i] == '/');
	return !strcmp(name, ".") || !strcmp(name, "..") ? arena_strdup(a, "dot") : name;
}

static const size_t random_sizes[] = { 0, 1, 59, 60, 4095, 4096, 4097, 70000, 1 << 20, 3333333 };

#define NSIZES (sizeof random_sizes / sizeof *random_sizes)

static void
draw_entry(struct arena *a, uint64_t *x, char *const *sources, const char *dir, struct tree *t)
{
	struct entry n = { .type = (enum entry_type)draw(x, 6),
		.mode = (mode_t)draw(x, 010000),
		.uid = (uid_t)draw(x, draw(x, 2) ? 3 : UINT32_MAX),
		.gid = (gid_t)draw(x, draw(x, 2) ? 3 : UINT32_MAX),
		.major = (unsigned)draw(x, draw(x, 2) ? 256 : 4096),
		.minor = (unsigned)draw(x, draw(x, 2) ? 256 : 1 << 20),
		.package = "p" };
	size_t k = draw(x, draw(x, 8) ? 7 : NSIZES), len;

	n.path = arena_printf(a, "%s%s%s", dir, *dir ? "/" : "", draw_name(a, x));
	if (n.type == ENTRY_FILE) {
		n.from = sources[k];
		n.size = random_sizes[k];
	} else if (n.type == ENTRY_LINK) {
		char *target;

		len = 1 + draw(x, draw(x, 4) ? 70 : 4095);
		target = arena_alloc(a, len + 1);
		memset(target, (int)(1 + draw(x, 255)), len);
		n.target = target;
		n.mode = 0777;
	} else if (n.type != ENTRY_CHAR && n.type != ENTRY_BLOCK)
		n.major = n.minor = 0;
	tree_push(t, &n);
}

/* what is there twice goes, as no two packages may bring it */
static void
drop_twins(struct tree *t)
{
	for (size_t i = 1; i < t->n;) {
		bool twin = false;

		for (size_t k = 0; k < i && !twin; k++)
			twin = !strcmp(t->v[k].path, t->v[i].path);
		if (twin || !strcmp(t->v[i].path, "lost+found"))
			t->v[i] = t->v[--t->n];
		else
			i++;
	}
}

static void
draw_tree(struct arena *a, uint64_t seed, char *const *sources, struct tree *t)
{
	uint64_t x = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	size_t n = 1 + draw(&x, draw(&x, 3) ? 40 : 1500);

	tree_init(a, "rwfs", t);
	for (size_t i = 0; i < n; i++) {
		/* into the last folder or any; a folder that has much is wanted, too */
		size_t at = draw(&x, 2) ? 0 : draw(&x, t->n);

		while (t->v[at].type != ENTRY_DIR)
			at--;
		draw_entry(a, &x, sources, t->v[at].path, t);
	}
	drop_twins(t);
}

/* a folder that was a twin took what was in it along */
static void
drop_orphans(struct tree *t)
{
	for (size_t i = 1; i < t->n;) {
		const char *slash = strrchr(t->v[i].path, '/');
		bool found = !slash;

		for (size_t k = 0; k < t->n && !found; k++)
			found = t->v[k].type == ENTRY_DIR &&
				strlen(t->v[k].path) == (size_t)(slash - t->v[i].path) &&
				!strncmp(t->v[k].path, t->v[i].path, strlen(t->v[k].path));
		if (found)
			i++;
		else {
			t->v[i] = t->v[--t->n];
			i = 1;
		}
	}
}

/* LH_TREES says how many; each is written at the least size that is said to do */
START_TEST(random_trees)
{
	const char *many = getenv("LH_TREES");
	unsigned long n = many ? strtoul(many, NULL, 10) : 40;
	struct arena *sources_a = arena_new();
	char *sources[NSIZES];
	struct err e = { 0 };

	for (size_t i = 0; i < NSIZES; i++) {
		unsigned char *p = arena_alloc(sources_a, random_sizes[i] + 1);

		fill(p, random_sizes[i], (unsigned)i);
		if (random_sizes[i] > 65536) /* a hole */
			memset(p + 10000, 0, 50000);
		sources[i] = arena_printf(sources_a, "%s/s%zu", test_dir(), i);
		ck_assert_int_eq(file_write(sources[i], p, random_sizes[i], 0644, &e), 0);
	}
	for (unsigned long i = 0; i < n; i++) {
		struct arena *a = arena_new();
		struct blockmap used = { .a = a };
		struct fs_opts o;
		struct tree t;
		uint64_t mib;

		draw_tree(a, i, sources, &t);
		drop_orphans(&t);
		ck_assert_msg(tree_sort(&t, &e) == 0, "tree %lu: %s", i, e.msg);
		ck_assert_int_eq(fs_need(&t, some_uuid, &mib, &e), 0);
		o = options(blank(a, "disk", mib), mib);
		o.used = &used;
		ck_assert_msg(fs_write(&o, &t, &e) == 0, "tree %lu: %s", i, e.msg);
		check_image(a, o.image, &t);
		check_used(&used, o.image);
		fsck(a, o.image);
		ck_assert_int_eq(unlink(o.image), 0);
		arena_free(a);
	}
	arena_free(sources_a);
}
END_TEST

START_TEST(same_content_same_bytes)
{
	struct arena *a = arena_new();
	char hex[2][DIGEST_HEX];
	struct err e = { 0 };

	for (int i = 0; i < 2; i++) {
		char *source = arena_printf(a, "%s/source%d", test_dir(), i),
		     *image = blank(a, i ? "one" : "two", 40);
		struct fs_opts o = options(image, 40);
		struct tree t;

		make_source(a, source, i);
		read_source(a, source, &t);
		ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
		ck_assert_int_eq(digest_disk(image, hex[i], &e), 0);
		if (i == 0)
			sleep(1); /* a clock that leaks in shows */
	}
	ck_assert_str_eq(hex[0], hex[1]);
	arena_free(a);
}
END_TEST

/* every option arrives in the superblock, and nothing of the machine does */
START_TEST(superblock)
{
	struct arena *a = arena_new();
	char *image = blank(a, "disk", 16);
	struct fs_opts o = options(image, 16);
	struct ext2_super_block *sb;
	struct ext2_inode journal;
	struct err e = { 0 };
	struct tree t;
	ext2_filsys fs;

	tree_init(a, "rwfs", &t);
	ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
	fs = open_image(image);
	sb = fs->super;
	ck_assert_mem_eq(sb->s_uuid, o.uuid, 16);
	ck_assert_mem_eq(sb->s_hash_seed, o.uuid, 16);
	ck_assert_str_eq((char *)sb->s_volume_name, "rwfs");
	ck_assert_uint_eq(sb->s_mkfs_time, EPOCH);
	ck_assert_uint_eq(sb->s_lastcheck, EPOCH);
	ck_assert_uint_eq(sb->s_wtime, EPOCH);
	ck_assert_uint_eq(sb->s_flags & (EXT2_FLAGS_SIGNED_HASH | EXT2_FLAGS_UNSIGNED_HASH),
	    EXT2_FLAGS_SIGNED_HASH);
	ck_assert_uint_eq(sb->s_feature_compat, 0x2c);
	ck_assert_uint_eq(sb->s_feature_incompat, 0x2c2);
	ck_assert_uint_eq(sb->s_feature_ro_compat, 0x46b);
	ck_assert_uint_eq(sb->s_journal_inum, 8);
	ck_assert_uint_eq(sb->s_inode_size, 256);
	ck_assert_uint_ge(sb->s_free_inodes_count, 1000);
	ck_assert_int_eq(
	    (int16_t)sb->s_max_mnt_count, -1); /* no check because of a count or a date */
	ck_assert_uint_eq(sb->s_checkinterval, 0);
	ck_assert_uint_eq(sb->s_errors, EXT2_ERRORS_RO);
	ck_assert_uint_eq(sb->s_r_blocks_count, sb->s_blocks_count / 20);
	/* all that is used but the root folder and lost+found */
	ck_assert_uint_eq(
	    sb->s_overhead_clusters, sb->s_blocks_count - sb->s_free_blocks_count - 5);
	ck_assert_int_eq(ext2fs_read_inode(fs, 8, &journal), 0);
	ck_assert_mem_eq(sb->s_jnl_blocks, journal.i_block, sizeof journal.i_block);
	ck_assert_uint_eq(sb->s_jnl_blocks[16], journal.i_size);
	ck_assert_uint_eq(journal.i_size, 4 * MIB);
	for (dgrp_t g = 0; g < fs->group_desc_count; g++)
		ck_assert(ext2fs_bg_flags_test(fs, g, EXT2_BG_INODE_ZEROED));
	ext2fs_close_free(&fs);
	fsck(a, image);
	arena_free(a);
}
END_TEST

/* more than 512 MiB in one file do not fit the inode's own four extents */
START_TEST(large_file)
{
	struct arena *a = arena_new();
	char *source = arena_printf(a, "%s/source", test_dir()), *image = blank(a, "disk", 700),
	     *big = arena_printf(a, "%s/big", source);
	struct fs_opts o = options(image, 700);
	struct ext2_inode inode;
	struct err e = { 0 };
	struct tree t;
	ext2_filsys fs;
	int fd;

	ck_assert_int_eq(mkdir(source, 0755), 0);
	fd = open(big, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	for (off_t at = 0; at < (off_t)(600 * MIB); at += 99 * (off_t)MIB)
		ck_assert_int_eq(pwrite(fd, "here", 4, at), 4);
	close(fd);
	read_source(a, source, &t);
	ck_assert_msg(fs_write(&o, &t, &e) == 0, "%s", e.msg);
	check_image(a, image, &t);
	fsck(a, image);
	fs = open_image(image);
	ck_assert_int_eq(ext2fs_read_inode(fs, 12, &inode), 0);
	ck_assert_uint_eq(inode.i_size, 594 * MIB + 4);
	ck_assert_uint_eq(((struct ext3_extent_header *)inode.i_block)->eh_depth, 1);
	ext2fs_close_free(&fs);
	arena_free(a);
}
END_TEST

/*
 * The answer of fs_check is what fs_write then does, at every size around the limit;
 * and a size once large enough stays so.
 */
static const struct {
	const char *name;
	size_t nfiles, size; /* bytes each */
} loads[] = {
	{ "nothing", 0, 0 },
	{ "one byte each", 3000, 1 },
	{ "empty files", 9000, 0 },
	{ "middling", 400, 30000 },
	{ "second group", 1, 118 * MIB },
	{ "third group", 3, 80 * MIB },
};

static void
make_load(struct arena *a, size_t nfiles, size_t size, struct tree *t)
{
	char *zeros = arena_printf(a, "%s/zeros", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(file_write(zeros, "", 0, 0644, &e), 0);
	ck_assert_int_eq(truncate(zeros, (off_t)size), 0);
	tree_init(a, "rwfs", t);
	for (size_t i = 0; i < nfiles; i++)
		tree_push(t, &(struct entry){ .path = arena_printf(a, "f%zu", i),
				 .type = ENTRY_FILE,
				 .mode = 0644,
				 .from = zeros,
				 .size = size,
				 .package = "p" });
	ck_assert_int_eq(tree_sort(t, &e), 0);
}

START_TEST(check_is_what_write_does)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;
	uint64_t need;

	make_load(a, loads[_i].nfiles, loads[_i].size, &t);
	ck_assert_msg(fs_need(&t, some_uuid, &need, &e) == 0, "%s", e.msg);
	for (uint64_t mib = need > 6 ? need - 6 : 1; mib < need + 20; mib++) {
		char *image = blank(a, "disk", mib);
		struct fs_opts o = options(image, mib);
		int said = fs_check(&t, some_uuid, mib * MIB, "RWFS_SIZE", &e), done;

		ck_assert_msg(said == (mib < need ? -1 : 0), "%s: %d MiB of %d", loads[_i].name,
		    (int)mib, (int)need);
		done = fs_write(&o, &t, &e);
		ck_assert_msg(done == said, "%s at %d MiB: check says %d, write %d: %s",
		    loads[_i].name, (int)mib, said, done, e.msg);
		if (done == 0 && mib < need + 2)
			fsck(a, image);
		ck_assert_int_eq(unlink(image), 0);
	}
	arena_free(a);
}
END_TEST

/*
 * the smallest size, whichever way the blocks fall on whole MiB: one symlink more after another
 * gets a block
 */
START_TEST(need_is_least)
{
	static const char slow[] =
	    "a target that is longer than what an inode has room for, which is 59";
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;
	uint64_t need;

	tree_init(a, "rwfs", &t);
	for (unsigned i = 0; i < 600; i++)
		tree_push(&t, &(struct entry){ .path = arena_printf(a, "l%03u", i),
				  .type = ENTRY_LINK,
				  .target = "short",
				  .package = "p" });
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	for (unsigned blocks = 1; blocks < t.n; blocks++) {
		t.v[blocks].target = slow;
		ck_assert_int_eq(fs_need(&t, some_uuid, &need, &e), 0);
		ck_assert_msg(fs_check(&t, some_uuid, need * MIB, "RWFS_SIZE", &e) == 0,
		    "%u blocks: %s", blocks, e.msg);
		ck_assert_msg(fs_check(&t, some_uuid, (need - 1) * MIB, "RWFS_SIZE", &e) < 0,
		    "%u blocks: %d MiB would do", blocks, (int)need - 1);
	}
	arena_free(a);
}
END_TEST

START_TEST(too_small_says_what_to_set)
{
	static const struct {
		const char *path;
		size_t mib;
	} parts[] = { { "bin/a", 6 }, { "bin/b", 3 }, { "boot/k", 7 }, { "etc/x", 1 },
		{ "lib/y", 2 }, { "lone", 0 } };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;
	char *zeros = arena_printf(a, "%s/zeros", test_dir());

	ck_assert_int_eq(file_write(zeros, "", 0, 0644, &e), 0);
	tree_init(a, "rootfs", &t);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *slash = strchr(parts[i].path, '/');

		if (slash)
			tree_push(&t, &(struct entry){ .path = arena_strndup(a, parts[i].path,
							   (size_t)(slash - parts[i].path)),
					  .type = ENTRY_DIR,
					  .package = "p" });
		tree_push(&t, &(struct entry){ .path = parts[i].path,
				  .type = ENTRY_FILE,
				  .from = zeros,
				  .size = parts[i].mib * MIB,
				  .package = "p" });
	}
	ck_assert_msg(tree_sort(&t, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(fs_check(&t, some_uuid, 24 * MIB, "ROOTFS_SIZE", &e), 0);
	ck_assert_int_eq(fs_check(&t, some_uuid, 9 * MIB, "ROOTFS_SIZE", &e), -1);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_str_eq(e.msg, "rootfs needs 24 MiB, ROOTFS_SIZE allows 9: bin 9, boot 7, lib 2, "
				"rest 6; set ROOTFS_SIZE to 24 or more");
	arena_free(a);
}
END_TEST

static void
break_it(struct arena *a, int how, struct tree *t)
{
	struct entry *n = tree_find(t, "f0");

	switch (how) {
	case 0:
		n->size++;
		break;
	case 1:
		n->size--;
		break;
	case 2:
		n->from = arena_printf(a, "%s/none", test_dir());
		break;
	case 3:
		n->path = "lost+found";
		break;
	case 4:
		n->path = "none/f0";
		break;
	}
}

/* no image that is not what the table says */
START_TEST(write_refuses)
{
	static const char *const messages[] = {
		"%s/zeros: was truncated while the image was made",
		"%s/zeros: grew while the image was made",
		"%s/none: No such file or directory",
		"rwfs: /lost+found from p: the filesystem makes its own",
		"rwfs: /none/f0: its parent is not a folder",
	};
	struct arena *a = arena_new();
	char *image = blank(a, "disk", 16), *message = arena_strdup(a, messages[_i]),
	     *at = strstr(message, "%s");
	struct fs_opts o = options(image, 16);
	struct err e = { 0 };
	struct tree t;

	if (at)
		message = arena_printf(a, "%s%s", test_dir(), at + 2);
	make_load(a, 1, 8192, &t);
	break_it(a, _i, &t);
	ck_assert_int_eq(fs_write(&o, &t, &e), -1);
	ck_assert_str_eq(e.msg, message);
	arena_free(a);
}
END_TEST

Suite *
fs_suite(void)
{
	Suite *s = suite_of(
	    "fs", (const TTest *[]){ reads_back_equal, same_content_same_bytes, superblock,
		      large_file, need_is_least, too_small_says_what_to_set, random_trees, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, check_is_what_write_does, 0, sizeof loads / sizeof *loads);
	tcase_add_loop_test(tc, write_refuses, 0, 5);
	tcase_add_loop_test(tc, large_folder, 0, sizeof folders / sizeof *folders);
	return s;
}
