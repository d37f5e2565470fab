/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/versions.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/command/session.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SOURCE "source a.tar\nsha256 " HEX "\nfrom https://a.example/\n"

/*
 * one is there as host and target, and told once; three has no version, four borrows one's, five is
 * in no plan
 */
START_TEST(told)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	static char profile[] = "PROFILE=s6", set[] = "SET=2024-10",
		    triple[] = "TRIPLE=x86_64-linux-musl", user[] = "NORMALUSER=nobody",
		    two[] = "VERSION_two=7";
	char *vars[] = { arena_printf(a, "OUTPUT=%s/out", top),
		arena_printf(a, "OVERRIDE_two=%s/two", top), profile, set, triple, user, two };
	struct session s = { .a = a };
	struct buf out = { 0 };
	struct err e = { 0 };

	checkout_file(a, top, "recipes/one/recipe",
	    "name one\nlicence ISC\nvariant host target\nversion 1.0\n" SOURCE
	    "version 0.9\n" SOURCE "[build]\nmake\n");
	checkout_file(a, top, "recipes/two/recipe",
	    "name two\nlicence ISC\nvariant target\nneeds same/one host/one target/three "
	    "target/four\nversion 2.0\n" SOURCE "[build]\nmake\n");
	checkout_file(a, top, "recipes/three/recipe",
	    "name three\nlicence ISC\nvariant target\n[build]\nmake\n");
	checkout_file(a, top, "recipes/four/recipe",
	    "name four\nlicence ISC\nvariant target\nsource-of one\n[build]\nmake\n");
	checkout_file(a, top, "recipes/five/recipe",
	    "name five\nlicence ISC\nvariant target\nversion 5\n" SOURCE "[build]\nmake\n");
	checkout_file(a, top, "two/Makefile", "");
	checkout_file(a, top, "recipes/minimums", "two 2.0 one 1.0 three 3\n");
	ck_assert_msg(
	    config_read(a, top, vars, sizeof vars / sizeof *vars, &s.cfg, &e) == 0, "%s", e.msg);
	ck_assert_msg(recipe_read_all(a, top, &s.recipes, &e) == 0, "%s", e.msg);
	ck_assert_msg(set_read(a, top, s.cfg.set, &s.set, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    plan_make(a, &s.cfg, &s.recipes, &s.set, "s6", &s.plan, &e) == 0, "%s", e.msg);
	ck_assert_msg(versions_text(&s, &out, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(
	    out.p, arena_printf(a,
		       "checkout\t%s\ntriple\tx86_64-linux-musl\nprofile\ts6\nset\t2024-"
		       "10\noutput\t%s/out\nowner\t%lu\t%lu\n"
		       "package\tone\t0.9\nversion\tone\t1.0\nversion\tone\t0.9\n"
		       "package\ttwo\t7\t%s/"
		       "two\nversion\ttwo\t2.0\nminimum\ttwo\t2.0\tone\t1.0\nminimum\ttwo\t2."
		       "0\tthree\t3\n",
		       top, top, (unsigned long)s.cfg.uid, (unsigned long)s.cfg.gid, top));
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
versions_suite(void)
{
	Suite *s = suite_create("versions");

	tcase_add_test(harness_case(s, "versions"), told);
	return s;
}
