/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/part.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

static const struct {
	const char *text;
	bool page;
} pages[] = {
	{ "", false },
	{ "\x1f\x8b\x08", false },
	{ "ustar", false },
	{ "diff --git <html>", false },
	{ "<", false },
	{ "<html>", true },
	{ "<!DOCTYPE HTML PUBLIC", true },
	{ "\xef\xbb\xbf\r\n  <Head>", true },
	{ "<!-- the portal of hotel x -->\n<html>", true },
	{ "<?xml version=\"1.0\"?><html>", true },
};

START_TEST(web_page)
{
	struct arena *a = arena_new();
	struct part p;
	uint64_t had;
	struct err e = { 0 };

	checkout_file(a, test_dir(), "x.part", pages[_i].text);
	ck_assert_int_eq(
	    part_open(a, &p, arena_printf(a, "%s/x", test_dir()), false, &had, &e), PART_OURS);
	ck_assert_int_eq(part_is_web_page(&p), pages[_i].page);
	part_close(&p, true);
	arena_free(a);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct arena *a = arena_new();
	const char *file = arena_printf(a, "%s/x", test_dir());
	struct part one, two;
	uint64_t had;
	struct err e = { 0 };

	checkout_file(a, test_dir(), "x.part", "12345");
	ck_assert_int_eq(part_open(a, &one, file, false, &had, &e), PART_OURS);
	ck_assert_uint_eq(had, 5);
	ck_assert_int_eq(part_open(a, &two, file, true, &had, &e), PART_TAKEN);
	ck_assert_int_eq(two.fd, -1);
	part_close(&one, true);
	ck_assert_int_eq(part_open(a, &two, file, true, &had, &e), PART_OURS);
	ck_assert_uint_eq(had, 0);
	part_close(&two, false);
	ck_assert(!file_exists(two.path));
	ck_assert_int_eq(
	    part_open(a, &one, arena_printf(a, "%s/no/x", test_dir()), true, &had, &e), PART_ERROR);
	arena_free(a);
}
END_TEST

Suite *
part_suite(void)
{
	Suite *s = suite_of("part", (const TTest *[]){ one_at_a_time, NULL });

	tcase_add_loop_test(harness_case(s, "web_page"), web_page, 0, sizeof pages / sizeof *pages);
	return s;
}
