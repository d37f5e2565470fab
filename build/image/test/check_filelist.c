/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/image/filelist.h"
#include "build/image/tree.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

START_TEST(there_and_back)
{
	struct arena *a = arena_new();
	struct tree rootfs, rwfs, *trees[] = { &rootfs, &rwfs };
	char *path = arena_printf(a, "%s/files", test_dir()), *text;
	struct filelist l;
	struct err e = { 0 };

	tree_init(a, "rootfs", &rootfs);
	tree_init(a, "rwfs", &rwfs);
	checkout_file(a, test_dir(), "hello", "hello\n");
	tree_push(
	    &rootfs, &(struct entry){
			 .path = "bin", .type = ENTRY_DIR, .mode = 0755, .package = "busybox" });
	tree_push(&rootfs, &(struct entry){ .path = "bin/a b\\\n",
			       .type = ENTRY_FILE,
			       .mode = 04755,
			       .size = 6,
			       .from = arena_printf(a, "%s/hello", test_dir()),
			       .package = "s6" });
	tree_push(&rootfs, &(struct entry){ .path = "bin/sh",
			       .type = ENTRY_LINK,
			       .mode = 0777,
			       .target = "busybox",
			       .package = "busybox" });
	tree_push(&rwfs, &(struct entry){ .path = "fifo",
			     .type = ENTRY_FIFO,
			     .mode = 0600,
			     .uid = 3,
			     .gid = 4,
			     .package = "layout" });
	ck_assert_msg(filelist_write(trees, 2, path, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_str_eq(text,
	    "rootfs:/ 040755 0 0 - - lh-build\n"
	    "rootfs:/bin 040755 0 0 - - busybox\n"
	    "rootfs:/bin/a b\\134\\012 104755 0 0 6 "
	    "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 s6\n"
	    "rootfs:/bin/sh 120777 0 0 7 "
	    "9d75f0d7c398df565d7ac04c6819b62d6d8f9560f5eb4672596ecd8f7e96ae91 busybox\n"
	    "rwfs:/ 040755 0 0 - - lh-build\n"
	    "rwfs:/fifo 010600 3 4 - - layout\n");
	ck_assert_msg(filelist_read(a, path, &l, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(l.n, 6);
	ck_assert_str_eq(filelist_owner(&l, "rootfs", "/bin/a b\\\n"), "s6");
	ck_assert_str_eq(filelist_owner(&l, "rwfs", "/fifo"), "layout");
	ck_assert_ptr_null(filelist_owner(&l, "rootfs", "/fifo"));
	ck_assert_int_eq(filelist_read(a, arena_printf(a, "%s/absent", test_dir()), &l, &e), 0);
	ck_assert_ptr_null(filelist_owner(&l, "rootfs", "/bin"));
	arena_free(a);
}
END_TEST

Suite *
filelist_suite(void)
{
	return suite_of("filelist", (const TTest *[]){ there_and_back, NULL });
}
