/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/sysdeps.h"
#include "build/base/arena.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#define FACTS                                                                                      \
	"short x\ngcc a-gcc\nbinutils a-\ncflags -O2 -g # two words\nelf ELF32 386\nkernel-arch "  \
	"x86\nkernel-image b\nqemu q\nmachine pc\nmemory 1\n"

START_TEST(facts)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct sysdeps s;
	struct err e = { 0 };
	const char *triple;
	size_t building = 0;

	ck_assert_str_eq(
	    sysdeps_supported(a, top), "i486-linux-musl x86_64-linux-musl"); /* not README */
	ck_assert_int_eq(sysdeps_default(a, top, &triple, &e), 0);
	ck_assert_str_eq(triple, "x86_64-linux-musl");
	checkout_file(a, top, "sysdeps/default", "");
	ck_assert_int_eq(sysdeps_default(a, top, &triple, &e), 0);
	ck_assert_str_eq(triple, "i486-linux-musl");
	checkout_file(a, top, "sysdeps/new-triple/facts",
	    FACTS "console ttyX\ndiffers files /a why not # said\ndiffers services b is missing\n");
	ck_assert_str_eq(sysdeps_supported(a, top), "i486-linux-musl new-triple x86_64-linux-musl");
	ck_assert_msg(sysdeps_read(a, top, "new-triple", &s, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(s.triple, "new-triple");
	ck_assert_str_eq(s.dir, arena_printf(a, "%s/sysdeps/new-triple", top));
	ck_assert_str_eq(sysdeps_get(&s, "cflags"), "-O2 -g");
	ck_assert_str_eq(sysdeps_get(&s, "console"), "ttyX");
	ck_assert_ptr_null(sysdeps_get(&s, "cpu"));
	ck_assert_str_eq(s.facts[0].key, "short"); /* file order */
	ck_assert_uint_eq(s.ndiffers, 2);
	ck_assert_str_eq(s.differs[0].word, "/a");
	ck_assert_str_eq(s.differs[0].reason, "why not");
	ck_assert_str_eq(s.differs[1].subject, "services");
	for (size_t i = 0; i < s.nfacts; i++)
		building += fact_builds(&s.facts[i]);
	ck_assert_uint_eq(building, s.nfacts - 3); /* qemu machine memory */
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ FACTS, ": missing required key console" },
	{ FACTS "console\n", ":11: console: has no value" },
	{ FACTS "gcc b\n", ":11: gcc: duplicate key" },
	{ FACTS "differs files /a\n", ":11: differs: needs SUBJECT WORD REASON" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct sysdeps s;
	struct err e = { 0 };

	checkout_file(a, top, "sysdeps/t/facts", bad[_i].text);
	ck_assert_int_eq(sysdeps_read(a, top, "t", &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/sysdeps/t/facts%s", top, bad[_i].message));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

START_TEST(unsupported)
{
	static const char *const names[] = { "", ".", "..", "README", "mips-linux-musl",
		"../sysdeps/i486-linux-musl" };
	struct arena *a = arena_new();
	char *top = checkout_new(a);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sysdeps s;
		struct err e = { 0 };

		ck_assert_int_eq(sysdeps_read(a, top, names[i], &s, &e), -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a,
			       "TRIPLE %s: not supported; one of i486-linux-musl x86_64-linux-musl",
			       *names[i] ? names[i] : "is empty"));
	}
	arena_free(a);
}
END_TEST

Suite *
sysdeps_suite(void)
{
	Suite *s = suite_create("sysdeps");
	TCase *tc = harness_case(s, "sysdeps");

	tcase_add_test(tc, facts);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, unsupported);
	return s;
}
