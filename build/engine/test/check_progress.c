/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/progress.h"

#include "build/base/buf.h"
#include "build/test/suites.h"

static struct progress_row rows[] = {
	{ "x86_64 target/linux", "build", 75.9, 310 },
	{ "i486 target/s6", "configure", 0.2, 0 },
	{ "armv7 image", "image", 3, 4000 },
};

/* a busy machine, and what is too short to be told */
static struct progress_row late[] = {
	{ "target/linux", "build", 311, 310 },
	{ "target/layout-s6", "install", 9, 0.3 },
};

static const struct {
	struct progress p;
	const char *text;
} cases[] = {
	{ { 12, 96, 83, 251.7, rows, 3 }, "[12/96] 3 running, 1:23, about 4:11 left\n"
					  "  x86_64 target/linux  build      1:15 of 5:10\n"
					  "  i486 target/s6       configure  0:00\n"
					  "  armv7 image          image      0:03 of 1:06:40\n" },
	{ { 96, 96, 3600, -1, rows, 0 }, "[96/96] 0 running, 1:00:00\n" },
	{ { 23, 25, 45, 0.9, late, 2 }, "[23/25] 2 running, 0:45\n"
					"  target/linux      build    5:11, last time 5:10\n"
					"  target/layout-s6  install  0:09\n" },
};

START_TEST(golden)
{
	struct buf b = { 0 };

	progress_text(&cases[_i].p, &b);
	ck_assert_str_eq(b.p, cases[_i].text);
	buf_free(&b);
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *s = suite_create("progress");

	tcase_add_loop_test(harness_case(s, "golden"), golden, 0, sizeof cases / sizeof *cases);
	return s;
}
