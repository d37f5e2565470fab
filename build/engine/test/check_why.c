/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/why.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/engine/journal.h"
#include "build/files/digest.h"
#include "build/plan/plan.h"
#include "build/config/sysdeps.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

#define OLD "1111111111111111111111111111111111111111111111111111111111111111"
#define NEW "2222222222222222222222222222222222222222222222222222222222222222"
#define ONE "node target/one\nsource " OLD "\n"
#define TWO(need) "config X a b\nneed target/one " need "\nnode target/two\n"

enum built { NO, ONE_BUILT, BOTH_BUILT };

/* the keys that are kept, what the store has, and what is told of two */
static const struct {
	const char *one, *one_before, *two, *two_before;
	enum built built;
	const char *id, *told, *how;
} cases[] = {
	{ NULL, NULL, NULL, NULL, NO, "one",
	    "target/one will be built: it was not built here before\n", NULL },
	{ NULL, NULL, NULL, NULL, NO, "two",
	    "target/two will be built if the result of a dependency changes\n  target/one will be "
	    "built: it was not built here before\n",
	    NULL },
	{ ONE, NULL, TWO(OLD), NULL, BOTH_BUILT, "target/two",
	    "target/two was built, here for the first time\ntarget/two is up to date: "
	    "/store/two\n",
	    NULL },
	{ ONE, "node target/one\nsource " NEW "\npatch 0001-x.patch " OLD "\n", TWO(OLD), TWO(NEW),
	    BOTH_BUILT, "two",
	    "target/two was built because\n  need target/one: 22222222.. -> 11111111..\n    "
	    "target/one was built because\n"
	    "      source: 22222222.. -> 11111111..\n      patch 0001-x.patch: gone\ntarget/two is "
	    "up to date: /store/two\n",
	    NULL },
	{ ONE, NULL, TWO(OLD), "config X a\nneed target/one " OLD "\n", BOTH_BUILT, "two",
	    "target/two was built because\n  config X: a -> a b\n  node: new\ntarget/two is up to "
	    "date: /store/two\n",
	    NULL },
	{ ONE, NULL, TWO(OLD), "config X a\nneed target/one " OLD "\n", BOTH_BUILT, "two",
	    "target/two was taken from CACHE, not built; what changed:\n  config X: a -> a b\n  "
	    "node: new\ntarget/two is up to date: /store/two\n",
	    HOW_FOUND },
	{ ONE, NULL, TWO(OLD), NULL, BOTH_BUILT, "two",
	    "target/two was in CACHE, and was not built here\ntarget/two is up to date: "
	    "/store/two\n",
	    HOW_FOUND },
	{ ONE, NULL, NULL, NULL, BOTH_BUILT, "two",
	    "target/two was in CACHE, and was not built here\ntarget/two is up to date: "
	    "/store/two\n",
	    NULL },
	{ ONE, NULL, TWO(OLD), TWO(NEW), BOTH_BUILT, "two",
	    "target/two was built again because\n  its result was not in CACHE\ntarget/two is up "
	    "to date: /store/two\n",
	    HOW_BUILT_AGAIN },
	{ ONE, NULL, TWO(OLD), TWO(NEW), BOTH_BUILT, "two",
	    "target/two was built because\n  need target/one: 22222222.. -> 11111111..\n    "
	    "target/one was built, here for the first time\ntarget/two is up to date: "
	    "/store/two\n",
	    HOW_BUILT },
};

START_TEST(told)
{
	struct arena *a = arena_new();
	struct recipe one = { .name = "one" }, two = { .name = "two" };
	size_t needs[] = { 0 };
	struct node v[] = {
		{ .recipe = &one, .origin = &one, .variant = VARIANT_TARGET, .id = "target/one" },
		{ .recipe = &two,
		    .origin = &two,
		    .variant = VARIANT_TARGET,
		    .id = "target/two",
		    .needs = needs,
		    .nneeds = 1,
		    .closure = needs,
		    .nclosure = 1 },
	};
	struct plan p = { .v = v, .n = 2, .profile = "s6" };
	struct config c = { 0 };
	struct sysdeps sd = { .triple = "t" };
	struct why w = { .cfg = &c, .sd = &sd, .plan = &p, .dir = test_dir() };
	struct buf out = { 0 };
	struct err e = { 0 };
	const char *const kept[][2] = { { "keys/target-one", cases[_i].one },
		{ "keys/target-one.before", cases[_i].one_before },
		{ "keys/target-two", cases[_i].two },
		{ "keys/target-two.before", cases[_i].two_before },
		{ "keys/target-two.how", cases[_i].how } };

	for (size_t i = 0; i < 5; i++)
		if (kept[i][1])
			checkout_file(a, test_dir(), kept[i][0], kept[i][1]);
	for (size_t i = 0; i < 2; i++)
		if (kept[2 * i][1])
			digest_bytes(kept[2 * i][1], strlen(kept[2 * i][1]), v[i].key);
	v[0].store = cases[_i].built >= ONE_BUILT ? "/store/one" : NULL;
	v[1].store = cases[_i].built == BOTH_BUILT ? "/store/two" : NULL;
	ck_assert_msg(why_text(a, &w, cases[_i].id, &out, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(out.p, cases[_i].told);
	buf_free(&out);
	arena_free(a);
}
END_TEST

/* what it is made of now is asked of the recipe itself */
START_TEST(asked_of_the_recipe)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *key;
	struct config c;
	struct recipes r;
	struct set set;
	struct sysdeps sd;
	struct plan p;
	struct why w = { .cfg = &c, .sd = &sd, .plan = &p, .dir = test_dir() };
	struct buf out = { 0 };
	struct err e = { 0 };

	checkout_file(a, top, "recipes/two/recipe",
	    "name two\nlicence ISC\nvariant target\nconfig SET\n[build]\nmake\n");
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), 0);
	ck_assert_int_eq(sysdeps_read(a, top, c.triple, &sd, &e), 0);
	ck_assert_int_eq(set_read(a, top, c.set, &set, &e), 0);
	ck_assert_int_eq(recipe_read_all(a, top, &r, &e), 0);
	ck_assert_msg(plan_make(a, &c, &r, &set, "s6", &p, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(plan_key(a, &c, &sd, &p, &p.v[0], &key, &e), 0);

	checkout_file(a, test_dir(), "keys/target-two", key);
	ck_assert_int_eq(why_text(a, &w, "two", &out, &e), 0);
	ck_assert_str_eq(
	    out.p, "target/two will be built because\n  its result was removed from CACHE\n");

	buf_clear(&out);
	config_set(a, &c, "SET", "", "test");
	p.v[0].store = "/store/two"; /* so it was made once */
	ck_assert_int_eq(why_text(a, &w, "two", &out, &e), 0);
	ck_assert_str_eq(out.p, "target/two will be taken from CACHE, not built; what changed:\n"
				"  config SET: 2026-07 -> (empty)\n"
				"target/two is up to date: /store/two\n");

	buf_clear(&out);
	p.v[0].store = NULL;
	ck_assert_int_eq(why_text(a, &w, "two", &out, &e), 0);
	ck_assert_str_eq(
	    out.p, "target/two will be built because\n  config SET: 2026-07 -> (empty)\n");

	ck_assert_int_eq(why_text(a, &w, "one", &out, &e), -1);
	ck_assert_str_eq(
	    e.msg, "why one: no such package in profile s6; lh-build graph prints all");
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
why_suite(void)
{
	Suite *s = suite_create("why");
	TCase *tc = harness_case(s, "why");

	tcase_add_loop_test(tc, told, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, asked_of_the_recipe);
	return s;
}
