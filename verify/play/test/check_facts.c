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
	const char *overlay, *all;
} rows[] = {
	{ NULL, 0, "no", "" },
	{ services, 1, "no", "services" },
	{ both, 2, "yes", "services overlay" },
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
	ck_assert_str_eq(names_get(&names, "added"), rows[_i].all);
	arena_free(a);
}
END_TEST

static struct man_part parts[] = { { .name = "rootfs" }, { .name = "rwfs" }, { .name = "userfs" } };

/* without swap, all behind it have another number */
START_TEST(tells_which_device_a_partition_is)
{
	struct arena *a = arena_new();
	struct names names = { .a = a };
	struct image image = { .base = NULL };

	fake_manifest(&image.m);
	image.m.parts = parts;
	image.m.nparts = sizeof parts / sizeof *parts;
	facts_set(&names, &image, 1);
	ck_assert_str_eq(names_get(&names, "rootfs.device"), "vda1");
	ck_assert_str_eq(names_get(&names, "rwfs.device"), "vda2");
	ck_assert_ptr_null(names_get(&names, "swap.device"));
	arena_free(a);
}
END_TEST

/* whose version is not that of its manifest */
START_TEST(tells_what_was_overridden)
{
	static struct man_package packages[] = { { .name = "s6", .version = "2", .modified = true },
		{ .name = "musl", .version = "1.2.5" },
		{ .name = "busybox", .version = "1.37.0", .modified = true } };
	struct arena *a = arena_new();
	struct names names = { .a = a };
	struct image image = { .base = NULL };

	fake_manifest(&image.m);
	image.m.packages = packages;
	image.m.npackages = sizeof packages / sizeof *packages;
	facts_set(&names, &image, 1);
	ck_assert_str_eq(names_get(&names, "modified"), "s6 busybox");
	ck_assert_str_eq(names_get(&names, "version.musl"), "1.2.5");
	arena_free(a);
}
END_TEST

Suite *
facts_suite(void)
{
	Suite *s = suite_of("facts", (const TTest *[]){ tells_which_device_a_partition_is,
					 tells_what_was_overridden, NULL });

	tcase_add_loop_test(harness_case(s, "overlay"), tells_whose_files_lie_over_ours, 0,
	    sizeof rows / sizeof *rows);
	return s;
}
