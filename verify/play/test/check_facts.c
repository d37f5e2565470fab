/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/facts.h"

#include "build/base/arena.h"
#include "verify/image/image.h"
#include "verify/scenario/names.h"
#include "verify/test/fake.h"
#include "verify/test/suites.h"

static struct man_added services[] = { { "services", "d1" } };
static struct man_added both[] = { { "services", "d1" }, { "overlay", "d2" } };

static const struct {
	struct man_added *added;
	size_t n;
	const char *overlay;
} rows[] = {
	{ NULL, 0, "no" },
	{ services, 1, "no" },
	{ both, 2, "yes" },
};

START_TEST(tells_whose_files_lie_over_ours)
{
	struct arena *a = arena_new();
	struct names names = { .a = a };
	struct image image = { .base = NULL };

	fake_manifest(&image.m);
	image.m.added = rows[_i].added;
	image.m.nadded = rows[_i].n;
	facts_set(&names, &image, 1);
	ck_assert_str_eq(names_get(&names, "overlay"), rows[_i].overlay);
	arena_free(a);
}
END_TEST

Suite *
facts_suite(void)
{
	Suite *s = suite_of("facts", (const TTest *[]){ NULL });

	tcase_add_loop_test(harness_case(s, "overlay"), tells_whose_files_lie_over_ours, 0,
	    sizeof rows / sizeof *rows);
	return s;
}
