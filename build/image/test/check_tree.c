/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/image/tree.h"
#include "build/test/suites.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *
in_dir(struct arena *a, const char *path)
{
	return arena_printf(a, "%s/%s", test_dir(), path);
}

static void
sh(struct arena *a, const char *script)
{
	ck_assert_int_eq(
	    system(arena_printf(a, "set -e; umask 022; cd %s; %s", test_dir(), script)), 0);
}

/* one line an entry */
static char *
dump(struct arena *a, const struct tree *t)
{
	struct buf b = { 0 };
	char *text;

	for (size_t i = 0; i < t->n; i++) {
		const struct entry *n = &t->v[i];

		buf_addf(&b, "%s /%s %04o %u:%u %s", entry_names[n->type], n->path,
		    (unsigned)n->mode, (unsigned)n->uid, (unsigned)n->gid, n->package);
		if (n->type == ENTRY_FILE)
			buf_addf(&b, " %u", (unsigned)n->size);
		if (n->type == ENTRY_LINK)
			buf_addf(&b, " -> %s", n->target);
		buf_adds(&b, "\n");
	}
	text = arena_strdup(a, b.p);
	buf_free(&b);
	return text;
}

START_TEST(merges_and_sorts)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;

	sh(a, "mkdir -p s6/bin/x s6/run layout/bin layout/bin-x; chmod 1777 s6/run; echo same "
	      ">s6/bin/same; echo same >layout/bin/same; echo 1 >s6/bin/x/y;"
	      " echo 22 >s6/bin.x; ln -s to/there layout/a; ln -s to/there s6/a; mkfifo "
	      "layout/bin/fifo; chmod 775 s6/bin/x; chmod 4555 s6/bin/x/y; chmod 464 s6/bin.x");
	tree_init(a, "rootfs", &t);
	ck_assert_msg(tree_add(&t, in_dir(a, "s6"), "s6", &e) == 0, "%s", e.msg);
	ck_assert_msg(tree_add(&t, in_dir(a, "layout"), "layout", &e) == 0, "%s", e.msg);
	ck_assert_msg(tree_add(&t, in_dir(a, "absent"), "absent", &e) == 0, "%s", e.msg);
	ck_assert_msg(tree_sort(&t, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(a, &t), "folder / 0755 0:0 lh-build\n"
				      "symlink /a 0777 0:0 layout -> to/there\n"
				      "folder /bin 0755 0:0 layout\n"
				      "fifo /bin/fifo 0644 0:0 layout\n"
				      "file /bin/same 0644 0:0 layout 5\n"
				      "folder /bin/x 0755 0:0 s6\n"
				      "file /bin/x/y 4755 0:0 s6 2\n"
				      "folder /bin-x 0755 0:0 layout\n"
				      "file /bin.x 0644 0:0 s6 3\n"
				      "folder /run 1777 0:0 s6\n");
	for (size_t i = 0; i < t.n; i++)
		ck_assert_ptr_eq(tree_find(&t, t.v[i].path), &t.v[i]);
	ck_assert_ptr_null(tree_find(&t, "bin/"));
	ck_assert_ptr_null(tree_find(&t, "bin/z"));
	ck_assert_ptr_null(tree_find(&t, "zz"));
	arena_free(a);
}
END_TEST

static const struct {
	const char *script, *message;
} conflicts[] = {
	{ "echo 1 >a/f; echo 2 >b/f", "rootfs: /f comes from a and from b, and they differ" },
	{ "echo 1 >a/f; echo 12 >b/f", "rootfs: /f comes from a and from b, and they differ" },
	{ "printf '1\\377' >a/f; printf 1x >b/f",
	    "rootfs: /f comes from a and from b, and they differ" },
	{ "echo 1 >a/f; mkdir b/f", "rootfs: /f is a file in a and a folder in b" },
	{ "mkdir a/lib b/usr; ln -s usr b/lib",
	    "rootfs: /lib is a folder in a and a symlink in b" },
	{ "ln -s x a/f; ln -s y b/f", "rootfs: /f points to x in a and to y in b" },
	{ "echo 1 >a/f; echo 1 >b/f; chmod 755 b/f",
	    "rootfs: /f has mode 0644 in a and 0755 in b" },
	{ "mkdir a/d b/d; chmod 700 a/d", "rootfs: /d has mode 0700 in a and 0755 in b" },
};

START_TEST(conflict)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;

	sh(a, "mkdir a b");
	sh(a, conflicts[_i].script);
	for (int swap = 0; swap < 2; swap++) {
		const char *first = swap ? "b" : "a", *second = swap ? "a" : "b";

		tree_init(a, "rootfs", &t);
		ck_assert_int_eq(tree_add(&t, in_dir(a, first), first, &e), 0);
		ck_assert_int_eq(tree_add(&t, in_dir(a, second), second, &e), 0);
		ck_assert_int_eq(tree_sort(&t, &e), -1);
		ck_assert_int_eq(e.code, EXIT_WORK);
		ck_assert_str_eq(e.msg, conflicts[_i].message);
	}
	arena_free(a);
}
END_TEST

START_TEST(socket_is_refused)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;

	sh(a, "mkdir a");
	ck_assert_int_eq(mknod(in_dir(a, "a/s"), S_IFSOCK | 0644, 0), 0);
	tree_init(a, "rootfs", &t);
	ck_assert_int_eq(tree_add(&t, in_dir(a, "a"), "dropbear", &e), -1);
	ck_assert_str_eq(
	    e.msg, "rootfs: /s from dropbear is a socket, which an image cannot contain");
	arena_free(a);
}
END_TEST

static unsigned
mode_of(const char *path)
{
	struct stat st;

	ck_assert_msg(lstat(path, &st) == 0, "%s", path);
	return st.st_mode & 07777;
}

START_TEST(materialises)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct tree t;
	char *text;

	sh(a, "long=$(printf %0255d 0); mkdir -p a/bin a/log out/old; echo >a/$long; echo hello "
	      ">a/bin/su; ln -s bin/su a/sh; mkfifo "
	      "a/fifo; echo stale >out/old/file; chmod 555 out/old; chmod 444 a/bin/su");
	tree_init(a, "rootfs", &t);
	ck_assert_int_eq(tree_add(&t, in_dir(a, "a"), "a", &e), 0);
	tree_push(&t,
	    &(struct entry){
		.path = "console", .type = ENTRY_CHAR, .major = 5, .minor = 1, .package = "a" });
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	tree_find(&t, "bin/su")->mode = 04711;
	tree_find(&t, "log")->mode = 02500;
	tree_find(&t, "log")->uid = 102;
	ck_assert_msg(tree_materialise(&t, in_dir(a, "out"), &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(in_dir(a, "out/old")));
	ck_assert(!file_exists(in_dir(a, "out.tmp")));
	ck_assert(!file_exists(in_dir(a, "out/console")));
	ck_assert_int_eq(file_read(a, in_dir(a, "out/sh"), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "hello\n");
	ck_assert(file_exists(in_dir(a, arena_printf(a, "out/%0255d", 0))));
	ck_assert_uint_eq(mode_of(in_dir(a, "out")), 0755);
	ck_assert_uint_eq(mode_of(in_dir(a, "out/bin")), 0755);
	ck_assert_uint_eq(mode_of(in_dir(a, "out/bin/su")), 0711);
	ck_assert_uint_eq(mode_of(in_dir(a, "out/log")), 0500);
	ck_assert_uint_eq(mode_of(in_dir(a, "out/fifo")), 0644);
	/* what is written into it must not reach where it came from */
	sh(a, "chmod u+w out/bin/su; echo changed >out/bin/su; grep -q hello a/bin/su");
	arena_free(a);
}
END_TEST

static void
change_mode(struct tree *t)
{
	tree_find(t, "d/f")->mode = 0600;
}

static void
change_owner(struct tree *t)
{
	tree_find(t, "d/f")->uid = 1;
}

static void
change_group(struct tree *t)
{
	tree_find(t, "d")->gid = 1;
}

static void
change_target(struct tree *t)
{
	tree_find(t, "l")->target = "u";
}

static void
change_name(struct tree *t)
{
	tree_find(t, "d/f")->path = "d/g";
}

static void
change_device(struct tree *t)
{
	tree_find(t, "null")->minor = 4;
}

static void
change_kind(struct tree *t)
{
	tree_find(t, "null")->type = ENTRY_BLOCK;
}

static void
change_bytes(struct tree *t)
{
	struct err e = { 0 };

	ck_assert_int_eq(file_write(tree_find(t, "d/f")->from, "two\n", 4, 0644, &e), 0);
}

static void (*const changes[])(struct tree *) = { change_mode, change_owner, change_group,
	change_target, change_name, change_device, change_kind, change_bytes };

START_TEST(digest_sees_every_change)
{
	struct arena *a = arena_new();
	char before[DIGEST_HEX], after[DIGEST_HEX];
	struct err e = { 0 };
	struct tree t;

	sh(a, "mkdir -p a/d; echo one >a/d/f; ln -s t a/l");
	tree_init(a, "rootfs", &t);
	ck_assert_int_eq(tree_add(&t, in_dir(a, "a"), "a", &e), 0);
	tree_push(
	    &t, &(struct entry){
		    .path = "null", .type = ENTRY_CHAR, .major = 1, .minor = 3, .package = "a" });
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	ck_assert_int_eq(tree_digest(&t, before, &e), 0);
	sh(a, "touch -d 2001-01-01 a/d/f");
	tree_find(&t, "d")->package = "b";
	ck_assert_int_eq(tree_digest(&t, after, &e), 0);
	ck_assert_str_eq(before, after);
	changes[_i](&t);
	ck_assert_int_eq(tree_digest(&t, after, &e), 0);
	ck_assert_str_ne(before, after);
	arena_free(a);
}
END_TEST

Suite *
tree_suite(void)
{
	Suite *s = suite_of(
	    "tree", (const TTest *[]){ merges_and_sorts, socket_is_refused, materialises, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, conflict, 0, sizeof conflicts / sizeof *conflicts);
	tcase_add_loop_test(tc, digest_sees_every_change, 0, sizeof changes / sizeof *changes);
	return s;
}
