/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/lint.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ONE "name one\nlicence ISC\nvariant target\nversion 1.0\nsource a.tar\nsha256 " HEX "\nfrom https://a.example/\n" \
	    "version 0.9\nsource b.tar\nsha256 " HEX "\nfrom https://a.example/\n"
#define TWO "name two\nlicence ISC\nvariant target\nneeds target/one\nkit k\nfile f\n"
#define BUILD "[build]\ncat $RECIPE/f\n"

/* a checkout in order, with one file that is not; what is found */
static const struct {
	const char *rel, *text, *told;
	int found;
} cases[] = {
	{ "lh-config.dist", "", "", 0 },
	{ "recipes/two/stray.conf", "", "recipes/two/stray.conf: is not declared as a file of the recipe, so that changing it changes nothing\n", 1 },
	{ "recipes/two/recipe", TWO "[build]\nmake\n", "recipes/two/recipe: file f: no section speaks of it\n", 1 },
	{ "recipes/two/recipe", TWO BUILD "if x\n", "recipes/two/recipe, [build]: *", 1 },
	{ "recipes/sets/2026-07", "one 1.0\nthree 1\n", "recipes/sets/2026-07: three: there is no such recipe\n", 1 },
	{ "recipes/sets/2026-07", "one 3\n",
	    "recipes/sets/2026-07: one 3: the recipe does not pin it\nprofile s6 of set 2026-07: one 3, of set 2026-07: the recipe pins only 1.0 0.9\n", 2 },
	{ "recipes/sets/2024-10", "# none\n", "profile s6 of set 2024-10: one: set 2024-10 names no version of it\n", 1 },
	{ "recipes/sets/new", "one\n", "TOP/recipes/sets/new:1: NAME VERSION is wanted\n", 1 },
	{ "recipes/minimums", "one 1.0 two 1\n", "", 0 },
	{ "recipes/minimums", "one 1.0 two\n", "TOP/recipes/minimums:1: PACKAGE VERSION and pairs NEED MINIMUM are wanted\n", 1 },
	{ "recipes/minimums", "# all\none 1.0 two 1 six 6\n", "TOP/recipes/minimums:2: six: there is no such recipe\n", 1 },
	{ "recipes/profiles/s6", "target/nine\n", "profile s6 of set 2024-10: recipes/profiles/s6:1: target/nine: there is no such recipe\n"
						  "profile s6 of set 2026-07: recipes/profiles/s6:1: target/nine: there is no such recipe\n",
	    2 },
	{ "recipes/kits/unused.sh", "", "recipes/kits/unused.sh: is the kit of no recipe\n", 1 },
	{ "patches/three/0001-x.patch", "", "patches/three: there is no recipe three\n", 1 },
	{ "patches/one/0001-x.patch", "", "", 0 },
	{ "patches/one/fix.patch", "", "patches/one/fix.patch: is not called NNNN-what.patch, and would not be applied\n", 1 },
	{ "patches/README", "", "", 0 },
	{ "sysdeps/new/kernel.conf", "", "sysdeps/new: has no facts\n", 1 },
	{ "sysdeps/new/facts", "short x\n", "TOP/sysdeps/new/facts: tells no gcc\n", 1 },
};

START_TEST(findings)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct config c;
	struct buf out = { 0 };
	struct err e = { 0 };
	const char *told = cases[_i].told;

	checkout_file(a, top, "recipes/one/recipe", ONE "[build]\nmake\n");
	checkout_file(a, top, "recipes/two/recipe", TWO BUILD);
	checkout_file(a, top, "recipes/two/f", "");
	checkout_file(a, top, "recipes/kits/k.sh", "");
	checkout_file(a, top, "recipes/sets/2026-07", "one 1.0\n");
	checkout_file(a, top, cases[_i].rel, cases[_i].text);
	ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(lint_all(a, &c, &out, &e), cases[_i].found);
	if (*told == 'T')
		told = arena_printf(a, "%s%s", top, told + 3);
	if (strchr(told, '*')) /* how it goes on is the shell's affair */
		ck_assert_msg(out.n && !strncmp(out.p, told, strcspn(told, "*")), "%s", out.p);
	else
		ck_assert_str_eq(out.n ? out.p : "", told);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(facts_of_all_triples)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct config c;
	struct buf out = { 0 };
	struct err e = { 0 };

	checkout_file(a, top, "recipes/two/recipe", "name two\nlicence ISC\nvariant target\n");
	checkout_file(a, top, "recipes/sets/2026-07", "");
	checkout_file(a, top, "recipes/sets/2024-10", "");
	checkout_file(a, top, "sysdeps/x86_64-linux-musl/facts", "short x\ngcc g\nbinutils b\ncflags c\nelf e\nkernel-arch k\nkernel-image k\nqemu q\nmachine m\nmemory 1\nconsole c\ncpu z\n");
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), 0);
	ck_assert_int_eq(lint_all(a, &c, &out, &e), 1);
	ck_assert_str_eq(out.p, "sysdeps/x86_64-linux-musl/facts: tells cpu, as i486-linux-musl does not\n");
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
lint_suite(void)
{
	Suite *s = suite_create("lint");
	TCase *tc = harness_case(s, "lint");

	tcase_add_loop_test(tc, findings, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, facts_of_all_triples);
	return s;
}
