/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/filetable.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <sys/stat.h>

#define HEX "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
#define NEEDS "needs FS:/PATH MODE UID GID SIZE CONTENT PACKAGE"

/* what is said behind "DIR/files"; NULL: it is fine */
static const struct {
	const char *lines, *message;
} texts[] = {
	{ "lh-files 2\n", NULL },
	{ "lh-files 2\nr:/ 040755 0 0 - - x\n", NULL },
	{ "lh-files 2\nr:/f 100644 0 0 0 " HEX " x\n", NULL },
	{ "lh-files 2\nr:/l 120777 0 0 - - x\n", NULL },
	{ "lh-files 2\nr:/d 060600 0 0 0:0 - x\n", NULL },
	{ "", ":1: not a table of files: its first line must be \"lh-files 2\"; build the image "
	      "again" },
	{ "r:/ 040755 0 0 - - x\n", ":1: not a table of files: its first line must be \"lh-files "
				    "2\"; build the image again" },
	{ "lh-files 2\nr:/ 040755 0 0 - -\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 040755 0 0 - - x y\n", ":2: " NEEDS },
	{ "lh-files 2\n\n", ":2: " NEEDS },
	{ "lh-files 2\nr 040755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\n:/ 040755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:x 040755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 0755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 140755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 1040755 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 40788 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 040755 -1 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 040755 0 4294967296 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 040755 0 0 0 - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/ 040755 0 0 - y x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/f 100644 0 0 - " HEX " x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/f 100644 0 0 18446744073709551616 " HEX " x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/f 100644 0 0 0 - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/f 100644 0 0 0 " HEX "0 x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/l 120777 0 0 1 y x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/l 120777 0 0 - \\000y x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/l 120777 0 0 - \\400 x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/l 120777 0 0 - \\07 x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/d 060600 0 0 - - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/d 060600 0 0 1:2:3 - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/d 060600 0 0 1: - x\n", ":2: " NEEDS },
	{ "lh-files 2\nr:/a\\040b 040755 0 0 - - x\nr:/c 040755 0 0 - - x\n"
	  "r:/a\\040b 040755 0 0 - - x\n",
	    ": r:/a\\040b: is there twice" },
};

START_TEST(reads)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/files", test_dir());
	struct filetable t;
	struct err e = { 0 };
	int r;

	checkout_file(a, test_dir(), "files", texts[_i].lines);
	r = filetable_read(a, path, &t, &e);
	ck_assert_msg(r == (texts[_i].message ? -1 : 0), "%s", e.msg);
	if (r < 0) {
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, texts[_i].message));
		ck_assert_int_eq(e.code, EXIT_USAGE);
	}
	arena_free(a);
}
END_TEST

/* every byte that a name may have comes back */
START_TEST(there_and_back)
{
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct filetable t;
	char name[260] = "r:/", *to = name + 3;
	struct err e = { 0 };

	for (int c = 1; c < 256; c++)
		*to++ = (char)c;
	filetable_begin(&b);
	filetable_add(
	    &b, &(struct filetable_row){
		    .name = name, .mode = S_IFLNK | 0777, .target = name, .package = " " });
	checkout_file(a, test_dir(), "files", b.p);
	ck_assert_msg(
	    filetable_read(a, arena_printf(a, "%s/files", test_dir()), &t, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_str_eq(t.v[0].name, name);
	ck_assert_str_eq(t.v[0].target, name);
	ck_assert_str_eq(t.v[0].package, " ");
	buf_free(&b);
	arena_free(a);
}
END_TEST

Suite *
filetable_suite(void)
{
	Suite *s = suite_of("filetable", (const TTest *[]){ there_and_back, NULL });

	tcase_add_loop_test(harness_case(s, "reads"), reads, 0, sizeof texts / sizeof *texts);
	return s;
}
