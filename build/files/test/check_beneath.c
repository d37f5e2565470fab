/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/beneath.h"
#include "build/test/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* root/ with one of each kind, and a secret outside of it that nothing may reach */
static const char *
made(struct arena *a)
{
	const char *root = arena_printf(a, "%s/root", test_dir());
	const char *script = arena_printf(a,
	    "cd %s && mkdir -p outside/deep root/d/e && echo secret >outside/secret && "
	    "echo in >root/d/e/f && ln -s ../outside root/out && ln -s ../outside/secret root/leaf "
	    "&& "
	    "ln -s e root/d/inner && ln -s /etc root/abs && mkfifo root/fifo && ln -s root linked "
	    "&& "
	    "printf 12345 >root/five && echo >'root/na\xc3\xafve\n'",
	    test_dir());

	ck_assert_int_eq(system(script), 0);
	return root;
}

static const struct {
	const char *rel;
	enum beneath type;
	const char *refused; /* of a read, behind the root; NULL: it is read */
} paths[] = {
	{ "d/e/f", BENEATH_FILE, NULL },
	{ "d//e/f", BENEATH_FILE, NULL },
	{ "na\xc3\xafve\n", BENEATH_FILE, NULL },
	{ "d/e", BENEATH_FOLDER, "/d/e: is a folder, not a regular file" },
	{ "", BENEATH_FOLDER, ": is a folder, not a regular file" },
	{ "nothing", BENEATH_NONE, "/nothing: No such file or directory" },
	{ "d/nothing/x", BENEATH_NONE, "/d/nothing/x: No such file or directory" },
	{ "leaf", BENEATH_OTHER, "/leaf: is a symlink, not a regular file" },
	{ "out/secret", BENEATH_OTHER, "/out: is a symlink, not a folder" },
	{ "d/inner/f", BENEATH_OTHER, "/d/inner: is a symlink, not a folder" },
	{ "abs/passwd", BENEATH_OTHER, "/abs: is a symlink, not a folder" },
	{ "d/e/f/g", BENEATH_OTHER, "/d/e/f: is a regular file, not a folder" },
	{ "fifo", BENEATH_OTHER, "/fifo: is a fifo, not a regular file" },
	{ "../outside/secret", BENEATH_OTHER, "/../outside/secret: not a path inside this folder" },
	{ "d/../../outside/secret", BENEATH_OTHER,
	    "/d/../../outside/secret: not a path inside this folder" },
	{ "./five", BENEATH_OTHER, "/./five: not a path inside this folder" },
};

START_TEST(keeps_inside)
{
	struct arena *a = arena_new();
	const char *root = made(a);
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(beneath_type(root, paths[_i].rel), paths[_i].type);
	if (!paths[_i].refused) {
		ck_assert_int_eq(beneath_read(a, root, paths[_i].rel, 100, &text, NULL, &e), 0);
	} else {
		ck_assert_int_eq(beneath_read(a, root, paths[_i].rel, 100, &text, NULL, &e), -1);
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", root, paths[_i].refused));
	}
	arena_free(a);
}
END_TEST

START_TEST(the_root_is_no_symlink)
{
	struct arena *a = arena_new();
	const char *linked = (made(a), arena_printf(a, "%s/linked", test_dir()));
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(beneath_read(a, linked, "five", 100, &text, NULL, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: is a symlink, not a folder", linked));
	ck_assert_int_eq(beneath_is(linked, "", BENEATH_FOLDER, &e), -1);
	/* but what leads to it is ours */
	ck_assert_int_eq(
	    beneath_read(a, arena_printf(a, "%s/d", linked), "e/f", 100, &text, NULL, &e), 0);
	ck_assert_str_eq(text, "in\n");
	arena_free(a);
}
END_TEST

START_TEST(bounds_what_it_reads)
{
	struct arena *a = arena_new();
	const char *root = made(a), *copy = arena_printf(a, "%s/copy", test_dir());
	struct err e = { 0 };
	struct stat st;
	char *text;
	size_t n;

	ck_assert_int_eq(beneath_read(a, root, "five", 5, &text, &n, &e), 0);
	ck_assert_uint_eq(n, 5);
	ck_assert_int_eq(beneath_read(a, root, "five", 4, &text, &n, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/five: larger than the limit of 4 bytes", root));
	ck_assert_int_eq(beneath_copy(root, "five", copy, 0640, &e), 0);
	ck_assert_int_eq(stat(copy, &st), 0);
	ck_assert_int_eq(st.st_size, 5);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(beneath_copy(root, "leaf", copy, 0640, &e), -1);
	arena_free(a);
}
END_TEST

static int
list(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)e;
	buf_addf(arg, "%s%s ", rel, S_ISLNK(st->st_mode) ? "@" : "");
	return 0;
}

START_TEST(walks_inside)
{
	struct arena *a = arena_new();
	const char *root = made(a);
	struct buf b = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(beneath_walk(root, "d", list, &b, &e), 0);
	ck_assert_str_eq(b.p, "e e/f inner@ ");
	buf_clear(&b);
	ck_assert_int_eq(beneath_walk(root, "nothing", list, &b, &e), 0);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_int_eq(beneath_walk(root, "out", list, &b, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/out: is a symlink, not a folder", root));
	ck_assert_uint_eq(b.n, 0);
	buf_free(&b);
	arena_free(a);
}
END_TEST

static const struct {
	const char *rel;
	bool gone;	     /* it was there, and is not any more */
	const char *refused; /* behind the root */
} removed[] = {
	{ "d/e/f", true, NULL },
	{ "d", true, NULL },
	{ "fifo", true, NULL },
	{ "leaf", true, NULL },
	{ "out", true, NULL },
	{ "nothing", false, NULL },
	{ "nothing/x", false, NULL },
	{ "out/secret", false, NULL },
	{ "d/inner/f", false, NULL },
	{ "abs/passwd", false, NULL },
	{ "five/x", false, NULL },
	{ "../outside", false, "/../outside: not a path inside this folder" },
	{ "d/..", false, "/d/..: not a path inside this folder" },
	{ "d/../../outside", false, "/d/../../outside: not a path inside this folder" },
	{ "d/.", false, "/d/.: not a path inside this folder" },
	{ "d/", false, "/d/: not a path inside this folder" },
	{ "", false, "/: not a path inside this folder" },
};

START_TEST(removes_inside)
{
	struct arena *a = arena_new();
	const char *root = made(a), *rel = removed[_i].rel, *why = removed[_i].refused;
	char *outside = arena_printf(a, "%s/outside/secret", test_dir());
	bool before = beneath_type(root, rel) != BENEATH_NONE;
	struct err e = { 0 };

	if (removed[_i].gone)
		ck_assert(before);
	ck_assert_int_eq(beneath_remove(root, rel, &e), why ? -1 : 0);
	if (why)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", root, why));
	if (removed[_i].gone)
		ck_assert_int_eq(beneath_type(root, rel), BENEATH_NONE);
	ck_assert(file_exists(outside) && file_exists("/etc/passwd"));
	ck_assert_int_eq(
	    file_exists(arena_printf(a, "%s/d/e/f", root)), !removed[_i].gone || rel[0] != 'd');
	arena_free(a);
}
END_TEST

Suite *
beneath_suite(void)
{
	Suite *s = suite_create("beneath");
	TCase *tc = harness_case(s, "beneath");

	tcase_add_loop_test(tc, keeps_inside, 0, sizeof paths / sizeof *paths);
	tcase_add_loop_test(tc, removes_inside, 0, sizeof removed / sizeof *removed);
	tcase_add_test(tc, the_root_is_no_symlink);
	tcase_add_test(tc, bounds_what_it_reads);
	tcase_add_test(tc, walks_inside);
	return s;
}
