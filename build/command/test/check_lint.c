/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/command/lint.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ONE                                                                                        \
	"name one\nlicence ISC\nvariant target\nversion 1.0\nsource a.tar\nsha256 " HEX            \
	"\nfrom https://a.example/\n"                                                              \
	"version 0.9\nsource b.tar\nsha256 " HEX "\nfrom https://a.example/\n"
#define TWO "name two\nlicence ISC\nvariant target\nneeds target/one\nkit k\nfile f\n"
#define FACTS                                                                                      \
	"short x\ngcc g\nbinutils b\ncflags c\nelf e\nkernel-arch k\nkernel-image k\nqemu "        \
	"q\nmachine m\nmemory 1\nconsole c\n"
#define BUILD "[build]\ncat $RECIPE/f\n"

/* a checkout in order, with one file that is not; what is found */
static const struct {
	const char *rel, *text, *told;
	int found;
} cases[] = {
	{ "lh-config.dist", "", "", 0 },
	{ "recipes/two/stray.conf", "",
	    "recipes/two/stray.conf: not declared as a file of the recipe, so changing it would "
	    "rebuild nothing\n",
	    1 },
	{ "recipes/two/recipe", TWO "[build]\nmake\n",
	    "recipes/two/recipe: file f: no section mentions it\n", 1 },
	{ "recipes/two/recipe", TWO BUILD "if x\n", "recipes/two/recipe, [build]: *", 1 },
	{ "recipes/sets/2026-07", "one 1.0\nthree 1\n",
	    "recipes/sets/2026-07: three: no such recipe\n", 1 },
	{ "recipes/sets/2026-07", "one 3\n",
	    "recipes/sets/2026-07: one 3: the recipe does not pin this version\nprofile s6 of set "
	    "2026-07: "
	    "one 3, from set 2026-07: the recipe pins only 1.0 0.9\n",
	    2 },
	{ "recipes/sets/2024-10", "# none\n",
	    "profile s6 of set 2024-10: one: set 2024-10 has no version of it; add one to "
	    "recipes/sets/2024-10, or set VERSION_one\n",
	    1 },
	{ "recipes/sets/new", "one\n", "TOP/recipes/sets/new:1: expected NAME VERSION\n", 1 },
	{ "recipes/minimums", "one 1.0 two 1\n", "", 0 },
	{ "recipes/minimums", "one 1.0 two\n",
	    "TOP/recipes/minimums:1: expected PACKAGE VERSION, then pairs NEED MINIMUM\n", 1 },
	{ "recipes/minimums", "# all\none 1.0 two 1 six 6\n",
	    "TOP/recipes/minimums:2: six: no such recipe\n", 1 },
	{ "recipes/profiles/s6", "target/nine\n",
	    "profile s6 of set 2024-10: recipes/profiles/s6:1: target/nine: no such "
	    "recipe; recipes/ has them all\n"
	    "profile s6 of set 2026-07: recipes/profiles/s6:1: target/nine: no such "
	    "recipe; recipes/ has them all\n",
	    2 },
	{ "recipes/kits/unused.sh", "", "recipes/kits/unused.sh: no recipe uses this kit\n", 1 },
	{ "patches/three/0001-x.patch", "", "patches/three: no such recipe: three\n", 1 },
	{ "patches/one/0001-x.patch", "", "", 0 },
	{ "patches/one/fix.patch", "",
	    "patches/one/fix.patch: not named NNNN-WHAT.patch, so it is applied where its name "
	    "falls among the others\n",
	    1 },
	{ "patches/one/0001-x.diff", "",
	    "patches/one/0001-x.diff: not named NNNN-WHAT.patch, so it is not applied\n", 1 },
	{ "patches/README", "", "", 0 },
	{ "patches/two/0001-x.patch", "", "patches/two: two has no source of its own\n", 1 },
	{ "recipes/four/recipe", "name four\nlicence ISC\nvariant host target\nneeds same/four\n",
	    "recipes/four/recipe: dependency cycle: host/four -> host/four\n", 1 },
	{ "recipes/profiles/s6", "target/two\ntarget/one\ntarget/two\n",
	    "recipes/profiles/s6:3: target/two: duplicate\n", 1 },
	{ "recipes/minimums", "one 0.8 two 1\n",
	    "recipes/minimums: one 0.8: the recipe does not pin this version\n", 1 },
	{ "recipes/minimums", "one 1.0 two 1\none 1.0 two 2\n",
	    "recipes/minimums: one 1.0: two: duplicate\n", 1 },
	{ "layout/rootfs/etc/passwd", "", "", 0 },
	{ "layout/owners",
	    "rootfs:/a 0:0 0644\nuserfs:/b 7:8 0644 s6\nrootfs:/a 0:0 0600 minimal\n",
	    "TOP/layout/owners:3: rootfs:/a: line 1 lists it, too\n", 1 },
	{ "layout/owners", "rootfs:/a 0:0 0644 s6\nrootfs:/a 0:0 0600 minimal\n", "", 0 },
	{ "layout/owners", "rootfs:/a 0:0 0999\n",
	    "TOP/layout/owners:1: 0999: not a mode, an octal number up to 7777\n", 1 },
	{ "layout/owners", "rootfs:/a 0:0 0644 s7\n",
	    "TOP/layout/owners:1: s7: no such profile: s6 or minimal\n", 1 },
	{ "sysdeps/new/kernel.conf", "", "sysdeps/new: has no facts\n", 1 },
	{ "sysdeps/new/facts", "short x\n", "TOP/sysdeps/new/facts: missing required key gcc\n",
	    1 },
};

/* text with the checkout's folder where it says TOP */
static const char *
filled(struct arena *a, const char *text, const char *top)
{
	const char *at = strstr(text, "TOP");

	return at ? arena_printf(a, "%.*s%s%s", (int)(at - text), text, top, filled(a, at + 3, top))
		  : text;
}

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
	told = filled(a, told, top);
	if (strchr(told, '*')) /* how it goes on is the shell's affair */
		ck_assert_msg(out.n && !strncmp(out.p, told, strcspn(told, "*")), "%s", out.p);
	else
		ck_assert_str_eq(out.n ? out.p : "", told);
	buf_free(&out);
	arena_free(a);
}
END_TEST

/* what takes more than one file: recipes in a circle, accounts, empty folders */
static const struct {
	const char *rel[3], *text[3], *told;
	int found;
} several[] = {
	{ { "recipes/four/recipe", "recipes/five/recipe" },
	    { "name four\nlicence ISC\nvariant target\nneeds target/five\n",
		"name five\nlicence ISC\nvariant target\nneeds target/four\n" },
	    "recipes/five/recipe: dependency cycle: target/five -> target/four -> target/five\n",
	    1 },
	{ { "recipes/four/recipe", "recipes/five/recipe", "recipes/profiles/p" },
	    { "name four\nlicence ISC\nvariant target\nneeds@p target/five\n",
		"name five\nlicence ISC\nvariant target\nneeds target/four\n", "" },
	    "recipes/five/recipe: dependency cycle: target/five -> target/four -> target/five\n",
	    1 },
	/* no plan has both of these */
	{ { "recipes/four/recipe", "recipes/five/recipe", "recipes/profiles/p" },
	    { "name four\nlicence ISC\nvariant target\nneeds@p target/five\n",
		"name five\nlicence ISC\nvariant target\nneeds@s6 target/four\n", "" },
	    "", 0 },
	{ { "layout/owners", "layout/rootfs/etc/passwd", "layout/rootfs/etc/group" },
	    { "rootfs:/a 7:0 0644\nrootfs:/b 0:8 0644\n", "root:x:0:0::/:\n", "root:x:0:\n" },
	    "TOP/layout/owners:1: rootfs:/a: uid 7 is not in "
	    "layout/rootfs/etc/passwd\nTOP/layout/owners:2: rootfs:/b: gid 8 is not in "
	    "layout/rootfs/etc/group\n",
	    2 },
	{ { "layout/a/empty/", "layout/b/full/x", "layout/c/" }, { "", "", "" },
	    "layout/a/empty: is empty; git keeps no empty folders, so other checkouts lack it\n"
	    "layout/c: is empty; git keeps no empty folders, so other checkouts lack it\n",
	    2 },
	{ { "sysdeps/i486-linux-musl/facts", "sysdeps/x86_64-linux-musl/facts" },
	    { FACTS "weight 7\n", FACTS "weight 8\n" },
	    "sysdeps/i486-linux-musl/facts: weight: nothing uses it\n", 1 },
};

START_TEST(findings_of_several)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct config c;
	struct buf out = { 0 };
	struct err e = { 0 };
	const char *told = several[_i].told;

	checkout_file(a, top, "recipes/one/recipe", ONE "[build]\nmake\n");
	checkout_file(a, top, "recipes/two/recipe",
	    "name two\nlicence ISC\nvariant target\nneeds target/one\n");
	checkout_file(a, top, "recipes/sets/2026-07", "one 1.0\n");
	for (size_t i = 0; i < 3 && several[_i].rel[i]; i++) {
		const char *rel = several[_i].rel[i];

		if (rel[strlen(rel) - 1] == '/')
			ck_assert_int_eq(
			    file_mkdirs(arena_printf(a, "%s/%s", top, rel), 0755, &e), 0);
		else
			checkout_file(a, top, rel, several[_i].text[i]);
	}
	ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(lint_all(a, &c, &out, &e), several[_i].found);
	ck_assert_str_eq(out.n ? out.p : "", filled(a, told, top));
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
	checkout_file(a, top, "sysdeps/x86_64-linux-musl/facts",
	    "short x\ngcc g\nbinutils b\ncflags c\nelf e\nkernel-arch k\nkernel-image k\nqemu "
	    "q\nmachine m\nmemory 1\nconsole c\ncpu z\n");
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), 0);
	ck_assert_int_eq(lint_all(a, &c, &out, &e), 1);
	ck_assert_str_eq(
	    out.p, "sysdeps/x86_64-linux-musl/facts: has key cpu, which i486-linux-musl lacks\n");
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
	tcase_add_loop_test(tc, findings_of_several, 0, sizeof several / sizeof *several);
	tcase_add_test(tc, facts_of_all_triples);
	return s;
}
