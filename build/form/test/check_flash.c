/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/form/blockmap.h"
#include "build/form/bmap.h"
#include "build/form/flash.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define SIZE (5 * MIB)	/* of the image */
#define DISK (12 * MIB) /* that it is put on, which is full of 'x' */

/* the image is full of its block's number, from 1 on; blocks that are not mapped are zero */
static const struct map_run runs[] = { { 0, 1 }, { 250, 20 }, { 600, 300 }, { 1279, 1 } };

struct world {
	struct arena *a;
	struct bmap map;
	struct flash f;
	char *bytes;
};

static char *
whole(struct world *w, const char *name)
{
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(
	    file_read(w->a, arena_printf(w->a, "%s/%s", test_dir(), name), &text, NULL, &e), 0);
	return text;
}

static void
make(struct world *w, size_t disk)
{
	struct arena *a = arena_new();
	struct blockmap m = { .a = a };
	char *full = arena_alloc(a, disk);
	const char *image = arena_printf(a, "%s/image", test_dir()),
		   *map = arena_printf(a, "%s/map", test_dir()),
		   *device = arena_printf(a, "%s/disk", test_dir());
	struct err e = { 0 };

	*w = (struct world){ .a = a, .bytes = arena_alloc(a, SIZE) };
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		blockmap_add(&m, runs[i].start, runs[i].len);
		for (uint64_t b = runs[i].start; b < runs[i].start + runs[i].len; b++)
			memset(w->bytes + b * MAP_BLOCK, (int)(b % 255 + 1), MAP_BLOCK);
	}
	memset(w->bytes + 620 * MAP_BLOCK, 0, MAP_BLOCK); /* zeros that are meant */
	memset(full, 'x', disk);
	ck_assert_int_eq(file_write(image, w->bytes, SIZE, 0644, &e), 0);
	ck_assert_int_eq(file_write(device, full, disk, 0644, &e), 0);
	ck_assert_int_eq(bmap_write(image, &m, map, &e), 0);
	ck_assert_msg(bmap_read(a, map, &w->map, &e) == 0, "%s", e.msg);
	w->f = (struct flash){ .image = "image",
		.device = "disk",
		.from = open(image, O_RDONLY | O_CLOEXEC),
		.to = open(device, O_RDWR | O_CLOEXEC),
		.room = disk,
		.map = &w->map };
	ck_assert(w->f.from >= 0 && w->f.to >= 0);
}

static void
end(struct world *w)
{
	close(w->f.from);
	close(w->f.to);
	arena_free(w->a);
}

static bool
all(const char *p, size_t n, char c)
{
	return *p == c && !memcmp(p, p + 1, n - 1);
}

/* the disk has what is mapped, its old bytes where nothing is, and no table at its end */
static void
check_disk(struct world *w, size_t disk)
{
	char *got = whole(w, "disk");
	size_t at = 256; /* the first MiB is the image's, mapped or not */

	ck_assert_mem_eq(got, w->bytes, MIB);
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		size_t from = runs[i].start, to = from + runs[i].len;

		if (from > at)
			ck_assert(all(got + at * MAP_BLOCK, (from - at) * MAP_BLOCK, 'x'));
		ck_assert_mem_eq(
		    got + from * MAP_BLOCK, w->bytes + from * MAP_BLOCK, (to - from) * MAP_BLOCK);
		if (to > at)
			at = to;
	}
	if (disk > SIZE + MIB)
		ck_assert(all(got + SIZE, disk - SIZE - MIB, 'x'));
	if (disk > SIZE)
		ck_assert(all(got + disk - MIB, MIB, 0));
}

static const size_t sizes[] = { DISK, SIZE, SIZE + 2 * MIB };

START_TEST(written_and_compared)
{
	struct world w;
	struct err e = { 0 };

	make(&w, sizes[_i]);
	ck_assert_msg(flash_judge(&w.f, &e) == 0, "%s", e.msg);
	ck_assert_msg(flash_write(&w.f, &e) == 0, "%s", e.msg);
	ck_assert_msg(flash_check(&w.f, &e) == 0, "%s", e.msg);
	check_disk(&w, sizes[_i]);
	end(&w);
}
END_TEST

/* a disk that gives back another byte than it was given, in whichever block of the map */
static const struct {
	off_t at;
	const char *message; /* NULL: nobody cares */
} rotten[] = {
	{ 0, "disk: blocks 0-0 read back other than they were written: the disk is not to be "
	     "trusted" },
	{ 260 * 4096 + 5, "disk: blocks 250-269 read back other than they were written: the disk "
			  "is not to be trusted" },
	{ 620 * 4096, "disk: blocks 600-899 read back other than they were written: the disk is "
		      "not to be trusted" },
	{ SIZE - 1,
	    "disk: blocks 1279-1279 read back other than they were written: the disk is not to be "
	    "trusted" },
	{ 300 * 4096, NULL },
	{ SIZE, NULL },
};

START_TEST(disk_lies)
{
	struct world w;
	struct err e = { 0 };

	make(&w, DISK);
	ck_assert_int_eq(flash_write(&w.f, &e), 0);
	ck_assert_int_eq(pwrite(w.f.to, "#", 1, rotten[_i].at), 1);
	ck_assert_int_eq(flash_check(&w.f, &e), rotten[_i].message ? -1 : 0);
	if (rotten[_i].message)
		ck_assert_str_eq(e.msg, rotten[_i].message);
	end(&w);
}
END_TEST

/* a map that lies is found before the first byte is written */
START_TEST(map_lies)
{
	struct world w;
	struct err e = { 0 };

	make(&w, DISK);
	w.map.v[2].sha256[3] ^= 1;
	ck_assert_int_eq(flash_judge(&w.f, &e), -1);
	ck_assert_str_eq(e.msg, "image: blocks 600-899 are not what the block map was made of");
	w.map.size += MAP_BLOCK;
	ck_assert_int_eq(flash_judge(&w.f, &e), -1);
	ck_assert_str_eq(e.msg, "image: its block map is of an image of another size");
	ck_assert(all(whole(&w, "disk"), DISK, 'x'));
	end(&w);
}
END_TEST

/* nothing in the place of a table, at the start or at the end, until all the rest is there */
static void
check_unusable(struct world *w)
{
	char *got = whole(w, "disk");

	ck_assert(all(got, MIB, 0));
	ck_assert(all(got + DISK - MIB, MIB, 0));
	ck_assert_mem_eq(got + MIB, w->bytes + MIB, 14 * MAP_BLOCK);
}

/*
 * The file may be written to up to there: a disk that fails, or, with the signal that the kernel
 * sends for it, a writer that is killed at just that byte.
 */
START_TEST(stops_in_the_middle)
{
	const struct rlimit most = { 700 * MAP_BLOCK, 700 * MAP_BLOCK };
	bool killed = _i;
	struct world w;
	struct err e = { 0 };
	int status;
	pid_t pid;

	make(&w, DISK);
	pid = fork();
	if (pid == 0) {
		if (!killed)
			signal(SIGXFSZ, SIG_IGN);
		w.f.room = SIZE; /* the end of it lies behind that */
		setrlimit(RLIMIT_FSIZE, &most);
		_exit(flash_write(&w.f, &e) < 0 &&
			      !strcmp(e.msg, "flash: nothing on it can be used: disk: at byte "
					     "2867200: File too large (see ulimit -f)")
			  ? 7
			  : 8);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ
			 : WIFEXITED(status) && WEXITSTATUS(status) == 7);
	ck_assert(all(whole(&w, "disk"), MIB, 0));
	/* and the next time it is whole */
	ck_assert_int_eq(flash_write(&w.f, &e), 0);
	ck_assert_int_eq(flash_check(&w.f, &e), 0);
	check_disk(&w, DISK);
	end(&w);
}
END_TEST

START_TEST(image_is_truncated)
{
	struct world w;
	struct err e = { 0 };

	make(&w, DISK);
	ck_assert_int_eq(truncate(arena_printf(w.a, "%s/image", test_dir()), 700 * MAP_BLOCK), 0);
	ck_assert_int_eq(flash_write(&w.f, &e), -1);
	ck_assert_str_eq(e.msg, "flash: nothing on it can be used: image: ends at byte 2867200");
	check_unusable(&w);
	end(&w);
}
END_TEST

Suite *
flash_suite(void)
{
	Suite *s = suite_of("flash", (const TTest *[]){ map_lies, image_is_truncated, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, written_and_compared, 0, 3);
	tcase_add_loop_test(tc, disk_lies, 0, sizeof rotten / sizeof *rotten);
	tcase_add_loop_test(tc, stops_in_the_middle, 0, 2);
	return s;
}
