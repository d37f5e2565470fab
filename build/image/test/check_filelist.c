/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/image/filelist.h"
#include "build/image/tree.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

START_TEST(writes)
{
	struct arena *a = arena_new();
	struct tree rootfs, rwfs, *trees[] = { &rootfs, &rwfs };
	char *path = arena_printf(a, "%s/files", test_dir()), *text;
	const struct filetable_row *r;
	struct filetable t;
	struct err e = { 0 };

	tree_init(a, "rootfs", &rootfs);
	tree_init(a, "rwfs", &rwfs);
	checkout_file(a, test_dir(), "hello", "hello\n");
	tree_push(
	    &rootfs, &(struct entry){
			 .path = "bin", .type = ENTRY_DIR, .mode = 0755, .package = "busybox" });
	tree_push(&rootfs, &(struct entry){ .path = "bin/a b\\\n\xff",
			       .type = ENTRY_FILE,
			       .mode = 04755,
			       .size = 6,
			       .from = arena_printf(a, "%s/hello", test_dir()),
			       .package = "s6" });
	tree_push(&rootfs, &(struct entry){ .path = "bin/sh",
			       .type = ENTRY_LINK,
			       .mode = 0777,
			       .target = "busy box",
			       .package = "busybox" });
	tree_push(&rootfs, &(struct entry){ .path = "bin/tty",
			       .type = ENTRY_CHAR,
			       .mode = 0600,
			       .major = 4,
			       .minor = 300,
			       .package = "layout" });
	tree_push(&rwfs, &(struct entry){ .path = "fifo",
			     .type = ENTRY_FIFO,
			     .mode = 0600,
			     .uid = 3,
			     .gid = 70000,
			     .package = "layout" });
	ck_assert_msg(filelist_write(trees, 2, path, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_str_eq(text,
	    "lh-files 2\n"
	    "rootfs:/ 040755 0 0 - - lh-build\n"
	    "rootfs:/bin 040755 0 0 - - busybox\n"
	    "rootfs:/bin/a\\040b\\134\\012\\377 104755 0 0 6 "
	    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 s6\n"
	    "rootfs:/bin/sh 120777 0 0 - busy\\040box busybox\n"
	    "rootfs:/bin/tty 020600 0 0 4:300 - layout\n"
	    "rootfs:/lost+found 040700 0 0 - - lh-build\n"
	    "rwfs:/ 040755 0 0 - - lh-build\n"
	    "rwfs:/fifo 010600 3 70000 - - layout\n"
	    "rwfs:/lost+found 040700 0 0 - - lh-build\n");
	ck_assert_msg(filetable_read(a, path, &t, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(t.n, 9);
	r = filetable_find(&t, "rootfs:/bin/a b\\\n\xff");
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->package, "s6");
	ck_assert_uint_eq(r->mode, 0104755);
	ck_assert_uint_eq(r->size, 6);
	ck_assert_str_eq(filetable_find(&t, "rootfs:/bin/sh")->target, "busy box");
	ck_assert_uint_eq(filetable_find(&t, "rootfs:/bin/tty")->major, 4);
	ck_assert_uint_eq(filetable_find(&t, "rootfs:/bin/tty")->minor, 300);
	ck_assert_uint_eq(filetable_find(&t, "rwfs:/fifo")->gid, 70000);
	ck_assert_ptr_null(filetable_find(&t, "rootfs:/fifo"));
	arena_free(a);
}
END_TEST

Suite *
filelist_suite(void)
{
	return suite_of("filelist", (const TTest *[]){ writes, NULL });
}
