/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/form/qcow2.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CLUSTER 65536
#define MIB ((off_t)1 << 20)

static void
sh(struct arena *a, const char *script)
{
	ck_assert_msg(system(arena_printf(a, "cd %s && { %s; } >log 2>&1 || { cat log; exit 1; }",
			  test_dir(), script)) == 0,
	    "%s", script);
}

/* what no compressor makes shorter, or always the same letter */
static void
put(int fd, off_t at, size_t n, bool noise)
{
	static unsigned char buf[CLUSTER];
	static uint64_t x = 88172645463325252u;

	while (n) {
		size_t len = n < sizeof buf ? n : sizeof buf;

		memset(buf, 'a', len);
		for (size_t i = 0; i < len && noise; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf[i] = (unsigned char)(x >> 24);
		}
		ck_assert_int_eq(pwrite(fd, buf, len, at), (ssize_t)len);
		at += (off_t)len;
		n -= len;
	}
}

/* disks of several sizes and contents: the edges of a cluster, and of what one table maps */
static const struct {
	const char *name;
	off_t size;
	struct {
		off_t at;
		size_t n;
		bool noise;
	} data[5];
} disks[] = {
	{ "a sector", 512, { { 0 } } },
	{ "a full sector", 512, { { 0, 512, false } } },
	{ "nothing", 4 * MIB, { { 0 } } },
	{ "first and last", 4 * MIB, { { 0, 512, false }, { 4 * MIB - 512, 512, true } } },
	{ "not a whole cluster", 3 * CLUSTER + 1536, { { 3 * CLUSTER, 1536, true } } },
	{ "packed and not", 8 * MIB,
	    { { 0, 2 * CLUSTER, false }, { 2 * CLUSTER, 3 * CLUSTER, true },
		{ 5 * CLUSTER, CLUSTER, false }, { 7 * CLUSTER + 100, 2 * CLUSTER, true } } },
	{ "two tables", 1024 * MIB,
	    { { 512 * MIB - 4096, 8192, false }, { 512 * MIB + 4 * MIB, 100, true } } },
	{ "the second table alone", 1024 * MIB, { { 1000 * MIB, 70000, true } } },
	{ "full", 5 * MIB, { { 0, 5 << 20, true } } },
	/* more than the 32768 clusters that one cluster of counts has */
	{ "six tables", 3000 * MIB, { { 0, 1, true }, { 2900 * MIB, 1, true } } },
};

#define NDISKS ((int)(sizeof disks / sizeof *disks))

static char *
make(struct arena *a, int i)
{
	char *path = arena_printf(a, "%s/disk.raw", test_dir());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, disks[i].size), 0);
	for (size_t k = 0; k < 5 && disks[i].data[k].n; k++)
		put(fd, disks[i].data[k].at, disks[i].data[k].n, disks[i].data[k].noise);
	close(fd);
	return path;
}

/* QEMU finds no fault, no leak, and the same disk */
START_TEST(qemu_reads_it)
{
	struct arena *a = arena_new();
	char *raw = make(a, _i), *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	struct err e = { 0 };
	struct stat st;

	ck_assert_msg(qcow2_write(raw, path, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(st.st_size % CLUSTER, 0);
	if (access("/usr/bin/qemu-img", X_OK) == 0) { /* ci/setup installs it */
		sh(a, "qemu-img check -f qcow2 disk.qcow2; grep -q '^No errors were found' log");
		sh(a, "qemu-img compare -f raw -F qcow2 disk.raw disk.qcow2");
	}
	arena_free(a);
}
END_TEST

/* a guest may write to it: the counts are right for what is packed, too */
START_TEST(qemu_writes_to_it)
{
	struct arena *a = arena_new();
	char *raw = make(a, _i), *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	struct err e = { 0 };

	if (access("/usr/bin/qemu-io", X_OK) < 0)
		return;
	ck_assert_msg(qcow2_write(raw, path, &e) == 0, "%s", e.msg);
	sh(a,
	    "for at in 0 65536 131072 200704 458752; do qemu-io -f qcow2 -c \"write -P 7 $at 512\" "
	    "disk.qcow2 && qemu-io -f raw -c \"write -P 7 $at 512\" disk.raw || exit 1; done");
	sh(a, "qemu-img check -f qcow2 disk.qcow2; grep -q '^No errors were found' log");
	sh(a, "qemu-img compare -f raw -F qcow2 disk.raw disk.qcow2");
	arena_free(a);
}
END_TEST

/* so many bytes of noise, then zeros: how long it is packed */
static size_t
fill(unsigned char *cluster, size_t noise)
{
	static unsigned char out[2 * CLUSTER];
	z_stream z = {
		.next_in = cluster, .avail_in = CLUSTER, .next_out = out, .avail_out = sizeof out
	};

	memset(cluster, 0, CLUSTER);
	for (size_t i = 0; i < noise; i++)
		cluster[i] = (unsigned char)random();
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, -12, 9, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

/*
 * The second packed cluster ends where a cluster of the file does, or a sector: it takes nothing of
 * what follows, which a table or data may be in.
 */
static const struct {
	size_t end;
	bool data_follows;
} edges[] = {
	{ CLUSTER, false },
	{ CLUSTER, true },
	{ CLUSTER - 1, true },
	{ CLUSTER + 1, true },
	{ CLUSTER - 512, false },
};

START_TEST(packed_up_to_an_edge)
{
	struct arena *a = arena_new();
	char *raw = arena_printf(a, "%s/disk.raw", test_dir()),
	     *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	unsigned char *cluster = arena_alloc(a, CLUSTER);
	int fd = open(raw, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t want, tries;
	struct err e = { 0 };

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 8 * CLUSTER), 0);
	srandom(1);
	want = edges[_i].end - fill(cluster, 40000);
	ck_assert_int_eq(pwrite(fd, cluster, CLUSTER, 0), CLUSTER);
	/* other noise each time: it is packed into a few bytes more or less */
	for (tries = 0; tries < 4000 && fill(cluster, want - 200 - tries % 100) != want; tries++)
		;
	ck_assert_uint_lt(tries, 4000);
	ck_assert_int_eq(pwrite(fd, cluster, CLUSTER, CLUSTER), CLUSTER);
	if (edges[_i].data_follows)
		put(fd, 2 * CLUSTER, 2 * CLUSTER, true);
	close(fd);
	ck_assert_msg(qcow2_write(raw, path, &e) == 0, "%s", e.msg);
	if (access("/usr/bin/qemu-img", X_OK) == 0 && access("/usr/bin/qemu-io", X_OK) == 0) {
		sh(a, "qemu-img check -f qcow2 disk.qcow2; "
		      "grep -q '^No errors were found' log");
		sh(a, "for at in 64k 128k 0 256k; do "
		      "qemu-io -f qcow2 -c \"write -P 7 $at 64k\" disk.qcow2 && "
		      "qemu-io -f raw -c \"write -P 7 $at 64k\" disk.raw || exit 1; "
		      "qemu-img compare -f raw -F qcow2 disk.raw disk.qcow2 || exit 1; done");
		sh(a, "qemu-img check -f qcow2 disk.qcow2; "
		      "grep -q '^No errors were found' log");
	}
	arena_free(a);
}
END_TEST

/* holes or zeros, the same bytes; and no larger than what is in it */
START_TEST(same_content_same_bytes)
{
	struct arena *a = arena_new();
	char *raw = make(a, 5), one[DIGEST_HEX], two[DIGEST_HEX];
	char *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	struct err e = { 0 };
	struct stat st;

	ck_assert_int_eq(qcow2_write(raw, path, &e), 0);
	ck_assert_int_eq(digest_file(path, one, &e), 0);
	sh(a, "cat disk.raw >copy && mv copy disk.raw"); /* no hole is left */
	ck_assert_int_eq(qcow2_write(raw, path, &e), 0);
	ck_assert_int_eq(digest_file(path, two, &e), 0);
	ck_assert_str_eq(one, two);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_le(st.st_size, 13 * CLUSTER);
	arena_free(a);
}
END_TEST

static const struct {
	const char *script, *message;
} wrong[] = {
	{ "rm disk.raw", "DIR/disk.raw: No such file or directory" },
	{ "printf 12345 >disk.raw", "DIR/disk.raw: not whole sectors of 512 bytes" },
	{ ": >disk.raw", "DIR/disk.raw: not whole sectors of 512 bytes" },
	{ "mv disk.raw d; ln -s d disk.raw", "DIR/disk.raw: Too many levels of symbolic links" },
	{ "mkdir disk.qcow2", "DIR/disk.qcow2: Is a directory" },
};

/* what was there before stays, and nothing else does */
START_TEST(fails)
{
	struct arena *a = arena_new();
	char *raw = make(a, 3), *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	struct err e = { 0 };

	sh(a, wrong[_i].script);
	ck_assert_int_eq(qcow2_write(raw, path, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", test_dir(), wrong[_i].message + 3));
	sh(a, "test ! -e disk.qcow2.tmp");
	arena_free(a);
}
END_TEST

/* the file may grow to so much and no further: what is half written is gone */
START_TEST(full)
{
	struct arena *a = arena_new();
	char *raw = make(a, 8), *path = arena_printf(a, "%s/disk.qcow2", test_dir());
	const struct rlimit most = { 3 << 20, 3 << 20 };
	struct err e = { 0 };

	sh(a, "echo old >disk.qcow2");
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &most), 0);
	ck_assert_int_eq(qcow2_write(raw, path, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "%s.tmp: at byte 3145728: File too large (see ulimit -f)", path));
	sh(a, "test \"$(cat disk.qcow2)\" = old; test ! -e disk.qcow2.tmp");
	arena_free(a);
}
END_TEST

Suite *
qcow2_suite(void)
{
	Suite *s = suite_of("qcow2", (const TTest *[]){ same_content_same_bytes, full, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, qemu_reads_it, 0, NDISKS);
	tcase_add_loop_test(tc, qemu_writes_to_it, 5, 6);
	tcase_add_loop_test(tc, packed_up_to_an_edge, 0, sizeof edges / sizeof *edges);
	tcase_add_loop_test(tc, fails, 0, sizeof wrong / sizeof *wrong);
	return s;
}
