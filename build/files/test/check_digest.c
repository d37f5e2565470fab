/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* FIPS 180-4 examples, as NIST publishes them */
static const struct {
	const char *text, *hex;
} vectors[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

START_TEST(sha256)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/f", test_dir());
	char hex[DIGEST_HEX];
	struct err e = { 0 };

	digest_bytes(vectors[_i].text, strlen(vectors[_i].text), hex);
	ck_assert_str_eq(hex, vectors[_i].hex);
	ck_assert_int_eq(file_write(path, vectors[_i].text, strlen(vectors[_i].text), 0644, &e), 0);
	ck_assert_int_eq(digest_file(path, hex, &e), 0);
	ck_assert_str_eq(hex, vectors[_i].hex);
	arena_free(a);
}
END_TEST

/* a 1 MiB image with bytes at an offset; zeros written or left as a hole elsewhere */
static void
image(const char *path, off_t at, const char *bytes, int sparse)
{
	static const char zeros[1 << 20];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	if (!sparse)
		ck_assert_int_eq(write(fd, zeros, sizeof zeros), (ssize_t)sizeof zeros);
	ck_assert_int_eq(ftruncate(fd, sizeof zeros), 0);
	ck_assert_int_eq(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
	close(fd);
}

START_TEST(disk_sees_content_not_holes)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/disk", test_dir());
	char one[DIGEST_HEX], other[DIGEST_HEX];
	struct err e = { 0 };

	image(path, 500000, "rootfs", 1);
	ck_assert_int_eq(digest_disk(path, one, &e), 0);
	image(path, 500000, "rootfs", 0);
	ck_assert_int_eq(digest_disk(path, other, &e), 0);
	ck_assert_str_eq(one, other);
	/* moved by a block, another byte, another size: all must show */
	image(path, 504096, "rootfs", 1);
	ck_assert_int_eq(digest_disk(path, other, &e), 0);
	ck_assert_str_ne(one, other);
	image(path, 500000, "rootfT", 1);
	ck_assert_int_eq(digest_disk(path, other, &e), 0);
	ck_assert_str_ne(one, other);
	image(path, 500000, "rootfs", 1);
	ck_assert_int_eq(truncate(path, (1 << 20) + 4096), 0);
	ck_assert_int_eq(digest_disk(path, other, &e), 0);
	ck_assert_str_ne(one, other);
	arena_free(a);
}
END_TEST

static const char *const changes[] = {
	"echo x >$D/a/new",
	"echo y >$D/a/f",
	"chmod 755 $D/a/f",
	"mv $D/a/f $D/a/g",
	"ln -sf b $D/link",
	"rm $D/a/f && mkdir $D/a/f",
	"mkfifo $D/p",
};

START_TEST(tree_sees_every_change)
{
	struct arena *a = arena_new();
	char *cmd = arena_printf(
	    a, "D=%s; cd $D && umask 022 && mkdir a && echo x >a/f && ln -s a link", test_dir());
	char before[DIGEST_HEX], after[DIGEST_HEX];
	struct err e = { 0 };

	ck_assert_int_eq(system(cmd), 0);
	ck_assert_int_eq(digest_tree(test_dir(), before, &e), 0);
	ck_assert_int_eq(system(arena_printf(a, "touch -d 2001-01-01 %s/a/f", test_dir())), 0);
	ck_assert_int_eq(digest_tree(test_dir(), after, &e), 0);
	ck_assert_str_eq(before, after);
	ck_assert_int_eq(
	    system(arena_printf(a, "umask 022; D=%s; %s", test_dir(), changes[_i])), 0);
	ck_assert_int_eq(digest_tree(test_dir(), after, &e), 0);
	ck_assert_str_ne(before, after);
	arena_free(a);
}
END_TEST

Suite *
digest_suite(void)
{
	Suite *s = suite_of("digest", (const TTest *[]){ disk_sees_content_not_holes, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, sha256, 0, sizeof vectors / sizeof *vectors);
	tcase_add_loop_test(tc, tree_sees_every_change, 0, sizeof changes / sizeof *changes);
	return s;
}
