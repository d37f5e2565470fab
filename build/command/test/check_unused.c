/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/unused.h"

#include "build/base/arena.h"
#include "build/command/session.h"
#include "build/files/file.h"
#include "build/source/heads.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SOURCE "source a.tar\nsha256 " HEX "\nfrom https://a.example/\n"
#define NOT_BUILT                                                                                  \
	"profile minimal does not build that package; leave it out, or see PROFILE and PACKAGES"
#define NOT_HEAD                                                                                   \
	"the package is not built from HEAD of its clone; leave it out, or set VERSION_s6_rc=HEAD"

/* profile minimal is target/one, s6 is s6-rc too; s6-rc-man has the source of s6-rc */
static char *
top_new(struct arena *a)
{
	char *top = checkout_new(a);

	checkout_file(a, top, "recipes/one/recipe",
	    "name one\nlicence ISC\nvariant target\nversion 1.0\n" SOURCE "[build]\nmake\n");
	checkout_file(a, top, "recipes/s6-rc/recipe",
	    "name s6-rc\nlicence ISC\nvariant target\nversion 1.0\n" SOURCE "[build]\nmake\n");
	checkout_file(a, top, "recipes/s6-rc-man/recipe",
	    "name s6-rc-man\nlicence ISC\nvariant target\nsource-of s6-rc\n[build]\nmake\n");
	checkout_file(a, top, "recipes/sets/2026-07", "one 1.0\ns6-rc 1.0\n");
	checkout_file(a, top, "recipes/profiles/minimal", "target/one\n");
	checkout_file(a, top, "recipes/profiles/s6", "target/one\ntarget/s6-rc-man\n");
	return top;
}

static const struct {
	const char *profile, *arg, *why;
} cases[] = {
	{ "minimal", "JOBS=1", NULL },
	{ "minimal", "VERSION_one=1.0", NULL },
	{ "minimal", "OVERRIDE_s6_rc=/usr", NOT_BUILT },
	{ "minimal", "VERSION_s6-rc=1.0", NOT_BUILT },
	{ "minimal", "HEAD_s6_rc=next", NOT_BUILT },
	{ "minimal", "OVERRIDE_s6_rc=", NULL },
	{ "s6", "OVERRIDE_s6_rc=/usr", NULL },
	{ "s6", "HEAD_s6_rc=next", NOT_HEAD },
};

START_TEST(why)
{
	struct arena *a = arena_new();
	char *top = top_new(a);
	char *args[] = { arena_strdup(a, "SET=2026-07"), arena_strdup(a, cases[_i].arg) };
	struct session s = { .a = a };
	struct err e = { 0 };
	const char *said = NULL;

	ck_assert_msg(config_read(a, top, args, 2, &s.cfg, &e) == 0, "%s", e.msg);
	ck_assert_msg(recipe_read_all(a, top, &s.recipes, &e) == 0, "%s", e.msg);
	ck_assert_msg(set_read(a, top, s.cfg.set, &s.set, &e) == 0, "%s", e.msg);
	ck_assert_msg(plan_make(a, &s.cfg, &s.recipes, &s.set, cases[_i].profile, &s.plan, &e) == 0,
	    "%s", e.msg);
	for (size_t i = 0; i < s.cfg.nvars && !said; i++)
		said = unused_why(a, &s.cfg, &s.plan, &s.cfg.vars[i]);
	ck_assert_pstr_eq(said, cases[_i].why);
	if (said && !strcmp(said, NOT_HEAD)) {
		config_set_override(a, &s.cfg, "s6-rc", "git:/c@1", heads_from);
		for (size_t i = 0; i < s.cfg.nvars; i++)
			ck_assert_ptr_null(unused_why(a, &s.cfg, &s.plan, &s.cfg.vars[i]));
	}
	arena_free(a);
}
END_TEST

/* of the checkout: what lh-config says is for other profiles, too */
static const struct {
	const char *file, *environment, *arg, *said;
} sessions[] = {
	{ "", NULL, "VERSION_one=1.0", "" },
	{ "VERSION_s6_rc=1.0\n", NULL, "JOBS=1", "" },
	{ "", NULL, "VERSION_s6_rc=1.0",
	    "warning: command line: VERSION_s6_rc: has no effect: " NOT_BUILT },
	{ "", "1.0", "JOBS=1", "warning: environment: VERSION_s6_rc: has no effect: " NOT_BUILT },
};

START_TEST(told)
{
	struct arena *a = arena_new();
	char *top = top_new(a), *text, *at = arena_printf(a, "%s/said", test_dir());
	char *args[] = { arena_strdup(a, "SET=2026-07"), arena_strdup(a, "PROFILE=minimal"),
		arena_printf(a, "OUTPUT=%s/out", test_dir()), arena_strdup(a, sessions[_i].arg) };
	struct config cfg;
	struct session s;
	struct err e = { 0 };

	ck_assert_int_eq(chmod(test_dir(), 0755), 0); /* NORMALUSER reads it */
	checkout_file(a, top, "lh-config", sessions[_i].file);
	if (sessions[_i].environment)
		setenv("VERSION_s6_rc", sessions[_i].environment, 1);
	ck_assert_msg(config_read(a, top, args, 4, &cfg, &e) == 0, "%s", e.msg);
	ck_assert_ptr_nonnull(freopen(at, "w", stderr));
	ck_assert_msg(session_read(a, &cfg, 1, &s, &e) == 0, "%s", e.msg);
	fflush(stderr);
	ck_assert_int_eq(file_read(a, at, &text, NULL, &e), 0);
	ck_assert_msg(
	    *sessions[_i].said ? strstr(text, sessions[_i].said) != NULL : !*text, "%s", text);
	arena_free(a);
}
END_TEST

Suite *
unused_suite(void)
{
	Suite *s = suite_create("unused");
	TCase *tc = harness_case(s, "unused");

	tcase_add_loop_test(tc, why, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, told, 0, sizeof sessions / sizeof *sessions);
	return s;
}
