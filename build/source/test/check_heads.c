/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/plan/recipe.h"
#include "build/source/heads.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a clone of s6-rc, bare, with two commits and a branch at the first */
static const char clones[] =
    "set -e; exec >/dev/null 2>&1; mkdir git; git init -q g; cd g; git config user.name A; git "
    "config user.email a@example.org; echo one >a; git add .; git commit -qm one; git branch old; "
    "echo two >a; git commit -qam two; git tag v1; git clone -q --bare . ../git/s6-rc; git "
    "rev-parse "
    "HEAD >../new; git rev-parse old >../old; mkdir -p ../odd/s6-rc";

/* what is asked for, then OVERRIDE_s6_rc, or the error; NEW, OLD: the commits */
static const struct {
	const char *args[3];
	const char *override, *error;
} cases[] = {
	{ { "GIT_MIRROR=DIR/git/%s", "SET=head" }, "git:DIR/git/s6-rc@NEW", NULL },
	{ { "GIT_MIRROR=DIR/git/%s", "SET=head", "HEAD_s6_rc=old" }, "git:DIR/git/s6-rc@OLD",
	    NULL },
	{ { "GIT_MIRROR=DIR/git/%s", "VERSION_s6_rc=HEAD" }, "git:DIR/git/s6-rc@NEW", NULL },
	{ { "GIT_MIRROR=DIR/git/%s", "HEAD_s6_rc=old" }, "", NULL },
	{ { "SET=head", "OVERRIDE_s6_rc=DIR/g" }, "DIR/g", NULL },
	{ { "SET=head", "VERSION_s6_rc=1.0" }, "", NULL },
	{ { "SET=head" }, NULL,
	    "s6-rc HEAD: set GIT_MIRROR to where the clones are, such as /srv/git/%s" },
	{ { "GIT_MIRROR=DIR/none/%s", "SET=head" }, NULL,
	    "s6-rc HEAD: GIT_MIRROR: no clone DIR/none/s6-rc; make it, or set OVERRIDE_name or "
	    "VERSION_name for this package" },
	{ { "GIT_MIRROR=DIR/git/%s", "SET=head", "HEAD_s6_rc=none" }, NULL,
	    "s6-rc HEAD: DIR/git/s6-rc: it has no none^{commit}" },
	{ { "GIT_MIRROR=DIR/odd/%s", "SET=head" }, NULL,
	    "s6-rc HEAD: DIR/odd/s6-rc: fatal: not a git repository: 'DIR/odd/s6-rc'" },
};

static char *
replace(struct arena *a, const char *text, const char *what, const char *with)
{
	const char *at;
	char *out = arena_strdup(a, "");

	for (; (at = strstr(text, what)); text = at + strlen(what))
		out = arena_printf(a, "%s%.*s%s", out, (int)(at - text), text, with);
	return arena_printf(a, "%s%s", out, text);
}

/* the commit that the script has left in a file */
static char *
commit(struct arena *a, const char *name)
{
	FILE *f = fopen(arena_printf(a, "%s/%s", test_dir(), name), "re");
	char line[80];

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%79s", line), 1);
	fclose(f);
	return arena_strdup(a, line);
}

START_TEST(chosen)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *args[3];
	struct recipes r;
	struct config cfg;
	struct set set;
	struct err e = { 0 };
	const char *expected;
	size_t n = 0;

	ck_assert_int_eq(system(arena_printf(a, "cd %s; %s", test_dir(), clones)), 0);
	checkout_file(a, top, "recipes/s6-rc/recipe",
	    "name s6-rc\nlicence ISC\nvariant target\nversion 1.0\n  source x\n    sha256 "
	    "0011223344556677889900112233445566778899001122334455667788990011\n    from "
	    "https://example.org/\n");
	checkout_file(a, top, "recipes/sets/head", "s6-rc HEAD\n");
	for (; n < 3 && cases[_i].args[n]; n++)
		args[n] = replace(a, cases[_i].args[n], "DIR", test_dir());
	ck_assert_msg(config_read(a, top, args, n, &cfg, &e) == 0, "%s", e.msg);
	ck_assert_msg(recipe_read_all(a, top, &r, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(set_read(a, top, cfg.set, &set, &e), 0);
	heads_choose(a, &cfg, &r, &set, &e);
	ck_assert_str_eq(
	    replace(a, e.msg, test_dir(), "DIR"), cases[_i].error ? cases[_i].error : "");
	if (cases[_i].error) {
		ck_assert_int_eq(e.code, EXIT_USAGE);
	} else {
		expected = replace(a, cases[_i].override, "DIR", test_dir());
		expected = replace(
		    a, replace(a, expected, "NEW", commit(a, "new")), "OLD", commit(a, "old"));
		ck_assert_str_eq(config_get(&cfg, "OVERRIDE_s6_rc"), expected);
	}
	arena_free(a);
}
END_TEST

Suite *
heads_suite(void)
{
	Suite *s = suite_create("heads");

	tcase_add_loop_test(harness_case(s, "heads"), chosen, 0, sizeof cases / sizeof *cases);
	return s;
}
