/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/form/blockmap.h"
#include "build/test/suites.h"

/* runs are added in turn; what comes out is "start+len" */
static const struct {
	struct map_run in[5];
	const char *out;
} adds[] = {
	{ { { 0, 0 } }, "" },
	{ { { 3, 2 } }, "3+2" },
	{ { { 0, 4 }, { 4, 1 } }, "0+5" },
	{ { { 0, 4 }, { 5, 1 } }, "0+4 5+1" },
	{ { { 0, 4 }, { 2, 1 } }, "0+4" },
	{ { { 0, 4 }, { 2, 9 }, { 12, 1 } }, "0+11 12+1" },
	{ { { 0, 4 }, { 9, 0 }, { 4, 2 } }, "0+6" },
	{ { { 7, 1 }, { 7, 1 } }, "7+1" },
};

START_TEST(adds_up)
{
	struct arena *a = arena_new();
	struct blockmap m = { .a = a };
	const char *out = "";
	uint64_t blocks = 0;

	for (size_t i = 0; i < 5; i++)
		if (adds[_i].in[i].len || i == 0 || adds[_i].in[i].start)
			blockmap_add(&m, adds[_i].in[i].start, adds[_i].in[i].len);
	for (size_t i = 0; i < m.n; i++) {
		out = arena_printf(
		    a, "%s%s%d+%d", out, i ? " " : "", (int)m.v[i].start, (int)m.v[i].len);
		blocks += m.v[i].len;
	}
	ck_assert_str_eq(out, adds[_i].out);
	ck_assert_uint_eq(blockmap_blocks(&m), blocks);
	arena_free(a);
}
END_TEST

Suite *
blockmap_suite(void)
{
	Suite *s = suite_create("blockmap");

	tcase_add_loop_test(harness_case(s, "tables"), adds_up, 0, sizeof adds / sizeof *adds);
	return s;
}
