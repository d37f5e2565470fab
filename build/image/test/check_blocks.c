/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/image/blocks.h"
#include "build/image/fsplan.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFFSET (1 << 20)
#define SIZE ((size_t)8 << 20)

struct disk {
	struct arena *a;
	char *path, *bytes;
	struct blocks b;
};

/* an image full of marks, so that what was not written to shows */
static struct disk
disk(void)
{
	struct disk d = { .a = arena_new() };
	struct err e = { 0 };

	d.path = arena_printf(d.a, "%s/disk", test_dir());
	d.bytes = arena_alloc(d.a, SIZE);
	memset(d.bytes, '#', SIZE);
	ck_assert_int_eq(file_write(d.path, d.bytes, SIZE, 0644, &e), 0);
	ck_assert_int_eq(blocks_open(d.path, OFFSET, &d.b, &e), 0);
	return d;
}

static char *
source(struct disk *d, const char *name, char c, size_t n)
{
	char *path = arena_printf(d->a, "%s/%s", test_dir(), name), *p = arena_alloc(d->a, n + 1);
	struct err e = { 0 };

	memset(p, c, n);
	ck_assert_int_eq(file_write(path, p, n, 0644, &e), 0);
	return path;
}

static void
finish(struct disk *d)
{
	struct err e = { 0 };
	size_t n;

	ck_assert_msg(blocks_flush(&d->b, &e) == 0, "%s", e.msg);
	blocks_close(&d->b);
	ck_assert_int_eq(file_read(d->a, d->path, &d->bytes, &n, &e), 0);
	ck_assert_uint_eq(n, SIZE);
}

/* block by block: the byte that fills all of it, '~' when they differ */
static char *
map(struct disk *d, size_t blocks)
{
	char *text = arena_alloc(d->a, blocks + 1);

	for (size_t i = 0; i < blocks; i++) {
		const char *p = d->bytes + OFFSET + i * FS_BLOCK;

		text[i] = *p ? *p : '0';
		for (size_t k = 1; k < FS_BLOCK; k++)
			if (p[k] != *p)
				text[i] = '~';
	}
	return text;
}

START_TEST(runs_apart_and_side_by_side)
{
	static const struct fs_run two[] = { { 1, 2 }, { 5, 1 } }, behind[] = { { 6, 2 } },
				   before[] = { { 3, 1 } };
	struct disk d = disk();
	struct err e = { 0 };

	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "a", 'a', 3 * FS_BLOCK), 3 * FS_BLOCK, two, 2, &e), 0);
	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "b", 'b', 2 * FS_BLOCK), 2 * FS_BLOCK, behind, 1, &e),
	    0);
	ck_assert_int_eq(blocks_add_file(&d.b, source(&d, "none", 'n', 0), 0, NULL, 0, &e), 0);
	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "c", 'c', FS_BLOCK), FS_BLOCK, before, 1, &e), 0);
	finish(&d);
	ck_assert_str_eq(map(&d, 10), "#aac#abb##");
	arena_free(d.a);
}
END_TEST

/* what is left of the last block is zero, not what was in the buffer before */
START_TEST(tails_are_zero)
{
	static const struct fs_run first[] = { { 0, 2 } }, second[] = { { 10, 2 } };
	static const char zeros[FS_BLOCK];
	struct disk d = disk();
	struct err e = { 0 };

	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "a", 'a', 2 * FS_BLOCK), 2 * FS_BLOCK, first, 1, &e),
	    0);
	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "b", 'b', FS_BLOCK + 1), FS_BLOCK + 1, second, 1, &e),
	    0);
	ck_assert_int_eq(blocks_add(&d.b, "target", 6, 20, &e), 0);
	finish(&d);
	ck_assert_mem_eq(d.bytes + OFFSET + 11 * FS_BLOCK, "b", 1);
	ck_assert_mem_eq(d.bytes + OFFSET + 11 * FS_BLOCK + 1, zeros, FS_BLOCK - 1);
	ck_assert_mem_eq(d.bytes + OFFSET + 20 * FS_BLOCK, "target", 6);
	ck_assert_mem_eq(d.bytes + OFFSET + 20 * FS_BLOCK + 6, zeros, FS_BLOCK - 6);
	arena_free(d.a);
}
END_TEST

/* more than the buffer holds, in the middle of it, and zeros that stay unwritten */
START_TEST(long_files)
{
	static const struct fs_run head[] = { { 0, 1 } }, run[] = { { 1, 600 } };
	struct disk d = disk();
	struct err e = { 0 };
	char *big = source(&d, "big", 'x', 600 * FS_BLOCK), *expect = arena_alloc(d.a, 604);
	int fd = open(big, O_WRONLY | O_CLOEXEC);
	char *zeros = arena_alloc(d.a, 100 * FS_BLOCK);

	ck_assert_int_eq(pwrite(fd, zeros, 100 * FS_BLOCK, 200 * FS_BLOCK), 100 * FS_BLOCK);
	close(fd);
	ck_assert_int_eq(
	    blocks_add_file(&d.b, source(&d, "a", 'a', FS_BLOCK), FS_BLOCK, head, 1, &e), 0);
	ck_assert_int_eq(blocks_add_file(&d.b, big, 600 * FS_BLOCK, run, 1, &e), 0);
	finish(&d);
	memset(expect, 'x', 601);
	expect[0] = 'a';
	memset(expect + 201, '#', 100);
	memset(expect + 601, '#', 2);
	ck_assert_str_eq(map(&d, 603), expect);
	arena_free(d.a);
}
END_TEST

Suite *
blocks_suite(void)
{
	return suite_of("blocks",
	    (const TTest *[]){ runs_apart_and_side_by_side, tails_are_zero, long_files, NULL });
}
