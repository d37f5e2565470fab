/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/form/blockmap.h"
#include "build/form/bmap.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCKS 20

/* an image whose n-th block is full of n, and which ends within a block */
static const char *
image(struct arena *a)
{
	char *bytes = arena_alloc(a, BLOCKS * MAP_BLOCK),
	     *path = arena_printf(a, "%s/i.raw", test_dir());
	struct err e = { 0 };

	for (int i = 0; i < BLOCKS; i++)
		memset(bytes + i * MAP_BLOCK, i, MAP_BLOCK);
	ck_assert_int_eq(file_write(path, bytes, BLOCKS * MAP_BLOCK - 512, 0644, &e), 0);
	return path;
}

static const struct map_run runs[] = { { 0, 1 }, { 3, 4 }, { 19, 1 } };

static const char *
write_map(struct arena *a)
{
	const char *path = arena_printf(a, "%s/i.bmap", test_dir());
	struct blockmap m = { .a = a };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
		blockmap_add(&m, runs[i].start, runs[i].len);
	ck_assert_msg(bmap_write(image(a), &m, path, &e) == 0, "%s", e.msg);
	return path;
}

START_TEST(reads_what_it_wrote)
{
	struct arena *a = arena_new();
	char *part = arena_printf(a, "%s/part", test_dir()), hex[DIGEST_HEX], *bytes;
	struct err e = { 0 };
	struct bmap b;

	ck_assert_msg(bmap_read(a, write_map(a), &b, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(b.size, BLOCKS * MAP_BLOCK - 512);
	ck_assert_uint_eq(b.blocks, BLOCKS);
	ck_assert_uint_eq(b.mapped, 6);
	ck_assert_uint_eq(b.n, 3);
	ck_assert_int_eq(file_read(a, image(a), &bytes, NULL, &e), 0);
	for (size_t i = 0; i < b.n; i++) {
		size_t n = runs[i].len * MAP_BLOCK - (i == 2 ? 512 : 0);

		ck_assert_uint_eq(b.v[i].first, runs[i].start);
		ck_assert_uint_eq(b.v[i].last, runs[i].start + runs[i].len - 1);
		digest_bytes(bytes + runs[i].start * MAP_BLOCK, n, hex);
		ck_assert_str_eq(b.v[i].sha256, hex);
	}
	ck_assert(!file_exists(part));
	arena_free(a);
}
END_TEST

/* to a device that held something else: what is mapped is the image's, the rest is as it was */
START_TEST(bmaptool_copies)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	char *got, *want;

	if (access("/usr/bin/bmaptool", X_OK) < 0) /* ci/setup installs it */
		return;
	write_map(a);
	ck_assert_int_eq(
	    system(arena_printf(a,
		"cd %s && head -c %d /dev/zero | tr '\\0' x >to && "
		"bmaptool -q copy --bmap i.bmap i.raw to >log 2>&1 || { cat log >&2; exit 1; }",
		test_dir(), BLOCKS * MAP_BLOCK)),
	    0);
	ck_assert_int_eq(file_read(a, image(a), &want, NULL, &e), 0);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/to", test_dir()), &got, NULL, &e), 0);
	for (size_t i = 0, at = 0; i < 3; at = runs[i].start + runs[i].len, i++) {
		for (size_t j = at * MAP_BLOCK; j < runs[i].start * MAP_BLOCK; j++)
			ck_assert_msg(got[j] == 'x' || got[j] == 0, "byte %zu: %d", j, got[j]);
		ck_assert_mem_eq(got + runs[i].start * MAP_BLOCK, want + runs[i].start * MAP_BLOCK,
		    runs[i].len * MAP_BLOCK - (i == 2 ? 512 : 0));
	}
	/* and it believes no map that lies */
	ck_assert_int_ne(system(arena_printf(a,
			     "cd %s && printf y | dd of=i.raw bs=1 seek=12300 conv=notrunc 2>log "
			     "&& bmaptool -q copy --bmap i.bmap i.raw to 2>>log",
			     test_dir())),
	    0);
	arena_free(a);
}
END_TEST

/* sed of a map, with its digest made anew or not; what is said */
static const struct {
	const char *sed;
	bool sealed;
	const char *message;
} lies[] = {
	{ "s/> 3-6 /> 3-7 /", false, "DIR/i.bmap: its own digest is wrong, or missing" },
	{ "s/> 3-6 /> 3-7 /", true, "DIR/i.bmap: its counts of blocks contradict one another" },
	{ "s/> 3-6 /> 6-3 /", true, "DIR/i.bmap: range 6-3: not ascending blocks of the image" },
	{ "s/> 3-6 /> 0-6 /", true, "DIR/i.bmap: range 0-6: not ascending blocks of the image" },
	{ "s/> 19 /> 20 /", true, "DIR/i.bmap: range 20: not ascending blocks of the image" },
	{ "s/> 19 /> 99999999999999999999 /", true,
	    "DIR/i.bmap: range 99999999999999999999: not ascending blocks of the image" },
	{ "s/> 19 />  /", true, "DIR/i.bmap: range : not ascending blocks of the image" },
	{ "s/chksum=\"[0-9a-f]*\"> 19/> 19/", true, "DIR/i.bmap: range 19: has no sha256" },
	{ "s/chksum=\"..[0-9a-f]*\"> 19/chksum=\"ab\"> 19/", true,
	    "DIR/i.bmap: range 19: has no sha256" },
	{ "s/> 4096 </> 8192 </", true, "DIR/i.bmap: not blocks of 4096 bytes with a sha256" },
	{ "s/ sha256 / sha1 /", true, "DIR/i.bmap: not blocks of 4096 bytes with a sha256" },
	{ "s/> 20 </> 21 </", true, "DIR/i.bmap: its counts of blocks contradict one another" },
	{ "s/> 20 </> many </", true, "DIR/i.bmap: BlocksCount: not a number: many" },
	{ "/BmapFileChecksum/d", false, "DIR/i.bmap: its own digest is wrong, or missing" },
	{ "s/.*//", false, "DIR/i.bmap: its own digest is wrong, or missing" },
	{ "s/<BlockMap>/<!-- <Range> 1 <\\/Range> --><BlockMap>/", true, NULL },
	{ "s/<Other/<Other/; s/<BlockMap>/<Other> x <\\/Other><BlockMap>/", true, NULL },
};

static void
seal(struct arena *a, const char *path)
{
	char *text, *at, hex[DIGEST_HEX];
	struct err e = { 0 };
	size_t n;

	ck_assert_int_eq(file_read(a, path, &text, &n, &e), 0);
	at = strstr(text, "<BmapFileChecksum> ");
	ck_assert_ptr_nonnull(at);
	at += strlen("<BmapFileChecksum> ");
	memset(at, '0', 64);
	digest_bytes(text, n, hex);
	memcpy(at, hex, 64);
	ck_assert_int_eq(file_write(path, text, n, 0644, &e), 0);
}

START_TEST(believes_no_lie)
{
	struct arena *a = arena_new();
	const char *path = write_map(a), *message = lies[_i].message;
	struct err e = { 0 };
	struct bmap b;
	int r;

	ck_assert_int_eq(system(arena_printf(a, "sed -i '%s' %s", lies[_i].sed, path)), 0);
	if (lies[_i].sealed)
		seal(a, path);
	r = bmap_read(a, path, &b, &e);
	if (message) {
		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", test_dir(), message + 3));
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_uint_eq(b.n, 3);
	}
	arena_free(a);
}
END_TEST

START_TEST(fails)
{
	struct arena *a = arena_new();
	struct blockmap m = { .a = a };
	const char *path = arena_printf(a, "%s/i.bmap", test_dir());
	struct err e = { 0 };

	blockmap_add(&m, BLOCKS + 1, 1);
	ck_assert_int_eq(bmap_write("/no/image", &m, path, &e), -1);
	ck_assert_str_eq(e.msg, "/no/image: No such file or directory");
	ck_assert_int_eq(symlink("i.raw", arena_printf(a, "%s/link", test_dir())), 0);
	ck_assert_int_eq(bmap_write(arena_printf(a, "%s/link", test_dir()), &m, path, &e), -1);
	ck_assert(!file_exists(path));
	arena_free(a);
}
END_TEST

Suite *
bmap_suite(void)
{
	Suite *s = suite_of(
	    "bmap", (const TTest *[]){ reads_what_it_wrote, bmaptool_copies, fails, NULL });

	tcase_add_loop_test(
	    harness_case(s, "tables"), believes_no_lie, 0, sizeof lies / sizeof *lies);
	return s;
}
