/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/guestfs.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "verify/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OFFSET 1048576
/* path, bytes, n, mode, uid, gid */
#define FILE_OF(...) (&(struct guestfs_file){ __VA_ARGS__ })

/* runs a script with $IMG, the image, and $D, the test's folder; its output is in out */
static int
sh(struct arena *a, const char *script, struct buf *out)
{
	struct argv v = { .a = a };
	struct err e = { 0 };
	int status;

	argv_pushv(&v, "/bin/sh", "-euc", NULL);
	argv_pushf(&v, "PATH=$PATH:/sbin:/usr/sbin D=%s IMG=%s/img; cd $D; %s", test_dir(),
	    test_dir(), script);
	buf_clear(out);
	ck_assert_msg(child_run(v.v, NULL, out, &status, &e) == 0, "%s", e.msg);
	return status;
}

/* an image whose filesystem lies behind 1 MiB, as in a partition */
static char *
make_image(struct arena *a)
{
	struct buf out = { 0 };

	ck_assert_msg(
	    sh(a,
		"mkdir -p t/etc/real t/many t/run; ln -s real t/etc/link; ln -s ../run/made "
		"t/etc/dangling; ln -s /etc/dangling t/twice; ln -s loop t/loop; ln -s /etc/real/f "
		"t/abs; echo old >t/etc/real/f; chmod 640 t/etc/real/f;"
		"truncate -s 17M img; mke2fs -q -F -t ext4 -E offset=1048576 -d t img 16M",
		&out) == 0,
	    "%s", out.p);
	buf_free(&out);
	return arena_printf(a, "%s/img", test_dir());
}

static int
unmounted(const char *image, struct err *e)
{
	int disk = open(image, O_RDONLY | O_CLOEXEC), r = guestfs_unmounted(disk, image, OFFSET, e);

	close(disk);
	return r;
}

static void
must_be_clean(struct arena *a, const char *image)
{
	struct buf out = { 0 };
	struct err e = { 0 };

	ck_assert_msg(unmounted(image, &e) == 0, "%s", e.msg);
	ck_assert_msg(sh(a, "e2fsck -fn \"$IMG?offset=1048576\" 2>&1", &out) == 0, "%s", out.p);
	buf_free(&out);
}

static const struct {
	const char *put, *read; /* the path written, and another that must show the same */
} paths[] = {
	{ "/etc/real/f", "/etc/real/f" },
	{ "/etc/link/f", "/etc/real/f" },
	{ "/abs", "/etc/real/f" },
	{ "/new", "/new" },
	{ "/a/b/c/d", "/a/b/c/d" },
	{ "/etc/link/sub/g", "/etc/real/sub/g" },
	{ "/etc/dangling", "/run/made" }, /* made where the link leads, as open(2) does */
	{ "/twice", "/run/made" },
};

START_TEST(put_append_read)
{
	struct arena *a = arena_new();
	char *image = make_image(a), *text, big[300000];
	struct guestfs *g;
	struct err e = { 0 };
	struct buf out = { 0 };
	size_t n;

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 % 251);
	ck_assert_msg(guestfs_open(image, OFFSET, 1, &g, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    guestfs_put(g, FILE_OF(paths[_i].put, big, sizeof big, 0751, 1000, 70000), &e) == 0,
	    "%s", e.msg);
	ck_assert_msg(
	    guestfs_append(g, FILE_OF(paths[_i].put, "tail", 4, 0600, 0, 0), &e) == 0, "%s", e.msg);
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	ck_assert_int_eq(guestfs_open(image, OFFSET, 0, &g, &e), 0);
	ck_assert_msg(guestfs_read(a, g, paths[_i].read, &text, &n, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	ck_assert_uint_eq(n, sizeof big + 4);
	ck_assert_mem_eq(text, big, sizeof big);
	ck_assert_str_eq(text + sizeof big, "tail");
	must_be_clean(a, image);
	sh(a,
	    arena_printf(
		a, "debugfs -R 'stat %s' \"$IMG?offset=1048576\" 2>/dev/null", paths[_i].read),
	    &out);
	ck_assert_msg(strstr(out.p, "Mode:  0751") && strstr(out.p, "User:  1000   Group: 70000"),
	    "%s", out.p);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(shorter_content_frees_blocks)
{
	struct arena *a = arena_new();
	char *image = make_image(a), *text, big[300000] = "";
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(guestfs_open(image, OFFSET, 1, &g, &e), 0);
	ck_assert_int_eq(guestfs_put(g, FILE_OF("/f", big, sizeof big, 0644, 0, 0), &e), 0);
	ck_assert_int_eq(guestfs_put(g, FILE_OF("/f", "x", 1, 0644, 0, 0), &e), 0);
	ck_assert_int_eq(guestfs_read(a, g, "/f", &text, NULL, &e), 0);
	ck_assert_str_eq(text, "x");
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	must_be_clean(a, image);
	arena_free(a);
}
END_TEST

START_TEST(a_folder_grows)
{
	struct arena *a = arena_new();
	char *image = make_image(a);
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(guestfs_open(image, OFFSET, 1, &g, &e), 0);
	for (int i = 0; i < 300; i++)
		ck_assert_msg(
		    guestfs_put(g,
			FILE_OF(arena_printf(a, "/many/a-rather-long-name-of-a-file-%d", i), "x", 1,
			    0644, 0, 0),
			&e) == 0,
		    "%s", e.msg);
	for (int i = 0; i < 300; i += 2)
		ck_assert_msg(
		    guestfs_remove(
			g, arena_printf(a, "/many/a-rather-long-name-of-a-file-%d", i), &e) == 0,
		    "%s", e.msg);
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	must_be_clean(a, image);
	arena_free(a);
}
END_TEST

START_TEST(link_in_a_circle)
{
	struct arena *a = arena_new();
	char *image = make_image(a);
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(guestfs_open(image, OFFSET, 1, &g, &e), 0);
	ck_assert_int_eq(guestfs_put(g, FILE_OF("/loop", "x", 1, 0644, 0, 0), &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s: /loop: Too many symbolic links encountered.", image));
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	must_be_clean(a, image);
	arena_free(a);
}
END_TEST

/* a hole costs the image nothing, and would cost us memory */
START_TEST(a_file_of_holes)
{
	struct arena *a = arena_new();
	char *image = make_image(a), *text;
	struct buf out = { 0 };
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(
	    sh(a, "debugfs -w -R 'sif /etc/real/f size 4294967296' \"$IMG?offset=1048576\" 2>&1",
		&out),
	    0);
	ck_assert_int_eq(guestfs_open(image, OFFSET, 0, &g, &e), 0);
	ck_assert_int_eq(guestfs_read(a, g, "/etc/real/f", &text, NULL, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a,
		       "%s: /etc/real/f: has 4294967296 bytes; at most 256 MiB are read", image));
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	buf_free(&out);
	arena_free(a);
}
END_TEST

static const struct {
	const char *path, *msg; /* behind the image's name; NULL: removed */
} removals[] = {
	{ "/etc/real/f", NULL },
	{ "/abs", NULL }, /* the link, not what it leads to */
	{ "/absent", ": /absent: File not found by ext2_lookup" },
	{ "/etc", ": /etc: is a folder" },
	{ "/no/such", ": /no: File not found by ext2_lookup" },
};

START_TEST(removes)
{
	struct arena *a = arena_new();
	char *image = make_image(a), *text;
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(guestfs_open(image, OFFSET, 1, &g, &e), 0);
	ck_assert_int_eq(guestfs_remove(g, removals[_i].path, &e), removals[_i].msg ? -1 : 0);
	if (removals[_i].msg)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", image, removals[_i].msg));
	else
		ck_assert_int_eq(guestfs_read(a, g, removals[_i].path, &text, NULL, &e), -1);
	if (!strcmp(removals[_i].path, "/abs"))
		ck_assert_int_eq(guestfs_read(a, g, "/etc/real/f", &text, NULL, &e), 0);
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	must_be_clean(a, image);
	arena_free(a);
}
END_TEST

static const struct {
	const char *script, *msg; /* what is done to the image; what guestfs_unmounted says of it */
} harms[] = {
	{ "debugfs -w -R 'feature needs_recovery' $I",
	    "has a journal to replay: it was not unmounted" },
	{ "debugfs -w -R 'ssv state 0' $I", "is not marked clean: it was not unmounted" },
	{ "debugfs -w -R 'ssv state 3' $I", "the guest met 0 errors in it" },
	{ "debugfs -w -R 'ssv error_count 4' $I", "the guest met 4 errors in it" },
	{ "debugfs -w -R 'ssv last_orphan 13' $I", "contains files that were deleted while open" },
};

START_TEST(unclean)
{
	struct arena *a = arena_new();
	char *image = make_image(a);
	struct err e = { 0 };
	struct buf out = { 0 };

	must_be_clean(a, image);
	ck_assert_msg(sh(a, arena_printf(a, "I=\"$IMG?offset=1048576\"; %s 2>&1", harms[_i].script),
			  &out) == 0,
	    "%s", out.p);
	ck_assert_msg(unmounted(image, &e) == -1, "not found: %s", harms[_i].script);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s: filesystem at %d: %s", image, OFFSET, harms[_i].msg));
	buf_free(&out);
	arena_free(a);
}
END_TEST

/* what would be misread, or written in vain, is refused in one line */
static const struct {
	const char *script;
	int writable;
	const char *msg;
} refused[] = {
	{ "ln -s $(printf %0100d 0) t/long; mke2fs -q -F -t ext4 -O inline_data -E offset=1048576 "
	  "-d "
	  "t img 16M",
	    0, "has the feature inline_data, which is not supported here" },
	{ "debugfs -w -R 'feature needs_recovery' 'img?offset=1048576'", 1,
	    "has a journal to replay, which would undo what is written here; run e2fsck on it "
	    "first" },
	{ "debugfs -w -R 'feature needs_recovery' 'img?offset=1048576'", 0, NULL },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	char *image = make_image(a);
	struct buf out = { 0 };
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_msg(sh(a, refused[_i].script, &out) == 0, "%s", out.p);
	if (refused[_i].msg) {
		ck_assert_int_eq(guestfs_open(image, OFFSET, refused[_i].writable, &g, &e), -1);
		ck_assert_str_eq(e.msg,
		    arena_printf(a, "%s: filesystem at %d: %s", image, OFFSET, refused[_i].msg));
	} else {
		ck_assert_msg(guestfs_open(image, OFFSET, 0, &g, &e) == 0, "%s", e.msg);
		ck_assert_int_eq(guestfs_close(g, &e), 0);
	}
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(no_filesystem)
{
	struct arena *a = arena_new();
	char *image = make_image(a);
	struct guestfs *g;
	struct err e = { 0 };

	ck_assert_int_eq(guestfs_open(image, 4096, 0, &g, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "%s: filesystem at 4096: Bad magic number in super-block", image));
	arena_free(a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof *(table))

START_TEST(lists_everything)
{
	struct arena *a = arena_new();
	const char *me = arena_printf(a, "%u:%u", getuid(), getgid());
	const char *const lines[] = {
		"root / d 0755 0:0\n", arena_printf(a, "root /etc/real d 0755 %s\n", me),
		"root /etc/real/f - 0751 1000:70000\n",
		arena_printf(a, "root /etc/link l 0777 %s -> real\n", me),
		arena_printf(a, "root /loop l 0777 %s -> loop\n", me),
		arena_printf(a,
		    "root /long l 0777 %s -> "
		    "/a/target/that/is/too/long/to/be/kept/within/an/inode/of/an/ext4/filesystem\n",
		    me),
		arena_printf(a, "root /pipe p 0600 %s\n", me),
		arena_printf(
		    a, "root /many/9 - 0644 %s\n", me), /* behind the first block of a folder */
	};
	char *image = make_image(a);
	struct buf out = { 0 }, list = { 0 };
	struct err e = { 0 };
	struct guestfs *g;
	size_t there, listed = 0;

	ck_assert_msg(
	    sh(a,
		"rm -r t; mkdir -m 755 -p t/etc/real t/many; ln -s real t/etc/link; ln -s loop "
		"t/loop; mkfifo -m 600 t/pipe;"
		"ln -s /a/target/that/is/too/long/to/be/kept/within/an/inode/of/an/ext4/filesystem "
		"t/long; cd t/many; for i in $(seq 999); do echo >a-name-that-takes-some-room-$i; "
		"done; echo >9; chmod 644 9; cd ../..;"
		"mke2fs -q -F -t ext4 -E offset=1048576,root_owner=0:0 -d t img 16M",
		&out) == 0,
	    "%s", out.p);
	ck_assert_int_eq(guestfs_open(image, OFFSET, 1, &g, &e), 0);
	ck_assert_int_eq(guestfs_put(g, FILE_OF("/etc/real/f", "x", 1, 0751, 1000, 70000), &e), 0);
	ck_assert_msg(guestfs_list(a, g, "root", &list, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(guestfs_close(g, &e), 0);
	for (size_t i = 0; i < ROWS(lines); i++)
		ck_assert_msg(strstr(list.p, lines[i]) != NULL, "lacks %s", lines[i]);
	ck_assert_int_eq(sh(a, "find t -printf x | wc -c", &out), 0);
	there = (size_t)strtoul(out.p, NULL, 10);
	for (size_t i = 0; i < list.n; i++)
		listed += list.p[i] == '\n';
	ck_assert_uint_eq(listed, there + 2); /* lost+found, and f */
	buf_free(&out);
	buf_free(&list);
	arena_free(a);
}
END_TEST

Suite *
guestfs_suite(void)
{
	Suite *s = suite_of("guestfs",
	    (const TTest *[]){ shorter_content_frees_blocks, a_folder_grows, link_in_a_circle,
		a_file_of_holes, no_filesystem, lists_everything, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, put_append_read, 0, ROWS(paths));
	tcase_add_loop_test(tc, removes, 0, ROWS(removals));
	tcase_add_loop_test(tc, unclean, 0, ROWS(harms));
	tcase_add_loop_test(tc, refuses, 0, ROWS(refused));
	return s;
}
