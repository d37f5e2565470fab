/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/buf.h"
#include "build/test/suites.h"

#include <string.h>

START_TEST(grows_and_ends_in_nul)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < 5000; i++) {
		buf_addf(&b, "%u,", i % 10);
		ck_assert_uint_eq(b.p[b.n], 0);
	}
	ck_assert_uint_eq(b.n, 10000);
	ck_assert_int_eq(strncmp(b.p + 9994, "7,8,9,", 7), 0);
	buf_free(&b);
	ck_assert_uint_eq(b.n, 0);
}
END_TEST

START_TEST(drop_and_clear)
{
	struct buf b = { 0 };

	buf_adds(&b, "console");
	buf_drop(&b, 3);
	ck_assert_str_eq(b.p, "sole");
	buf_drop(&b, 4);
	ck_assert_str_eq(b.p, "");
	buf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.n, 3);
	buf_clear(&b);
	ck_assert_uint_eq(b.n, 0);
	buf_add(&b, NULL, 0);
	ck_assert_str_eq(b.p, "");
	buf_free(&b);
}
END_TEST

Suite *
buf_suite(void)
{
	return suite_of("buf", (const TTest *[]){ grows_and_ends_in_nul, drop_and_clear, NULL });
}
