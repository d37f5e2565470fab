/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/err.h"
#include "build/test/suites.h"

#include <errno.h>
#include <string.h>

START_TEST(from_the_outside_in)
{
	struct err e = { 0 };

	errno = ENOSPC;
	ck_assert_int_eq(fail_errno(&e, "sources/%s", "x.tar"), -1);
	ck_assert_int_eq(wrap(&e, "unpack"), -1);
	ck_assert_int_eq(wrap(&e, "%s", "dropbear"), -1);
	ck_assert_str_eq(e.msg, "dropbear: unpack: sources/x.tar: No space left on device");
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
}
END_TEST

START_TEST(names_the_filesystem_that_is_full)
{
	struct err e = { 0 };

	errno = ENOSPC;
	fail_errno(&e, "move /proc/self/absent/x to the store");
	ck_assert_str_eq(e.msg, "move /proc/self/absent/x to the store: No space left on device "
				"(the filesystem /proc)");
	errno = EACCES;
	fail_errno(&e, "/proc/self/x");
	ck_assert_str_eq(e.msg, "/proc/self/x: Permission denied");
	fail(&e, "a");
	err_full(&e, EDQUOT, "/proc");
	ck_assert_str_eq(e.msg, "a (the filesystem /proc)");
	err_full(&e, EDQUOT, "relative");
	ck_assert_str_eq(e.msg, "a (the filesystem /proc)");
}
END_TEST

START_TEST(codes)
{
	struct err e = { 0 };

	fail(&e, "a");
	ck_assert_int_eq(e.code, EXIT_WORK);
	fail_usage(&e, "b");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	wrap(&e, "c");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_str_eq(e.msg, "c: b");
}
END_TEST

START_TEST(too_long_is_cut)
{
	char text[3 * sizeof((struct err *)0)->msg];
	struct err e = { 0 };

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	fail(&e, "%s", text);
	wrap(&e, "head");
	ck_assert_uint_eq(strlen(e.msg), sizeof e.msg - 1);
	ck_assert_int_eq(strncmp(e.msg, "head: xxx", 9), 0);
}
END_TEST

Suite *
err_suite(void)
{
	return suite_of(
	    "err", (const TTest *[]){ from_the_outside_in, names_the_filesystem_that_is_full, codes,
		       too_long_is_cut, NULL });
}
