/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/checked.h"

#include "build/base/arena.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>
#include <unistd.h>

/*
 * what was written a moment ago is not remembered: it may be written again before its times can
 * tell
 */
START_TEST(remembered)
{
	struct arena *a = arena_new();
	struct checked *c = checked_open(a, test_dir());
	char hex[DIGEST_HEX], *text;
	struct err e = { 0 };

	checkout_file(a, test_dir(), "young", "1\n");
	ck_assert_int_eq(symlink("/usr/bin/env", arena_printf(a, "%s/old", test_dir())), 0);
	digest_bytes("1\n", 2, hex);
	ck_assert_str_eq(checked_sha256(c, "young"), hex);
	ck_assert_int_eq(digest_file("/usr/bin/env", hex, &e), 0);
	ck_assert_str_eq(checked_sha256(c, "old"), hex);
	ck_assert_ptr_null(checked_sha256(c, "absent"));
	ck_assert_ptr_null(checked_sha256(c, "."));
	ck_assert_int_eq(checked_save(c, &e), 0);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/.checked", test_dir()), &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(text, " old\n"));
	ck_assert_ptr_null(strstr(text, " young\n"));
	/* and what was, is believed: this is another's digest */
	digest_bytes("2\n", 2, hex);
	memcpy(strstr(text, " old\n") - 2 * (DIGEST_HEX - 1) - 1, hex, DIGEST_HEX - 1);
	checkout_file(a, test_dir(), ".checked", text);
	ck_assert_str_eq(checked_sha256(checked_open(a, test_dir()), "old"), hex);
	arena_free(a);
}
END_TEST

Suite *
checked_suite(void)
{
	return suite_of("checked", (const TTest *[]){ remembered, NULL });
}
