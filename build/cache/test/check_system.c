/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/system.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* a machine of which nothing is wanted but links and programs of the test's folder */
struct machine {
	struct arena *a;
	const char *link, *program, *undeclared, *cache;
	struct memo *memo;
};

static void
machine_new(struct machine *m)
{
	struct arena *a = arena_new();
	struct err e = { 0 };

	*m = (struct machine){ .a = a,
		.link = arena_printf(a, "%s/bin/cc", test_dir()),
		.program = arena_printf(a, "%s/bin/gcc", test_dir()),
		.undeclared = arena_printf(a, "%s/bin/git", test_dir()),
		.cache = arena_printf(a, "%s/cache", test_dir()),
		.memo = memo_open(a, arena_printf(a, "%s/memo", test_dir())) };
	checkout_file(a, test_dir(), "dpkg/status", "");
	checkout_file(a, test_dir(), "bin/gcc", "a compiler");
	checkout_file(a, test_dir(), "bin/tcc", "another compiler");
	checkout_file(a, test_dir(), "bin/git", "nobody asked for it");
	ck_assert_int_eq(file_symlink("gcc", m->link, &e), 0);
}

static struct system
find(struct machine *m, bool make)
{
	const char *wanted[] = { m->link, "/nowhere/at/all" };
	struct system_opts o = { .database = arena_printf(m->a, "%s/dpkg", test_dir()),
		.cache = m->cache,
		.memo = m->memo,
		.wanted = wanted,
		.nwanted = 2,
		.make = make };
	struct system s;
	struct err e = { 0 };

	ck_assert_msg(system_find(m->a, &o, &s, &e) == 0, "%s", e.msg);
	return s;
}

static const struct {
	const char *rel, *text; /* a file, or where the link leads */
	bool another;
} changes[] = {
	{ NULL, NULL, false },
	{ "bin/gcc", "another", true },
	{ "bin/cc", "tcc", true },
	{ "bin/tcc", "nobody asked for it", false },
	{ "bin/git", "whatever", false },
};

START_TEST(another_program_another_system)
{
	struct machine m;
	struct system before, after;
	struct err e = { 0 };

	machine_new(&m);
	before = find(&m, false);
	if (before.why) { /* not a Debian with a merged /usr */
		printf("no system here: %s\n", before.why);
		arena_free(m.a);
		return;
	}
	ck_assert(!file_exists(m.cache)); /* who only looks leaves nothing */
	if (changes[_i].rel && !strcmp(changes[_i].rel, "bin/cc"))
		ck_assert_int_eq(file_symlink(changes[_i].text, m.link, &e), 0);
	else if (changes[_i].rel)
		checkout_file(m.a, test_dir(), changes[_i].rel, changes[_i].text);
	after = find(&m, false);
	ck_assert_int_eq(strcmp(before.hex, after.hex) != 0, changes[_i].another);
	arena_free(m.a);
}
END_TEST

START_TEST(a_program_is_more_than_its_bytes)
{
	struct machine m;
	struct system before, after;

	machine_new(&m);
	before = find(&m, false);
	ck_assert_int_eq(chmod(m.program, 0755), 0);
	after = find(&m, false);
	ck_assert(before.why || strcmp(before.hex, after.hex) != 0);
	arena_free(m.a);
}
END_TEST

START_TEST(what_steps_see)
{
	struct machine m;
	struct system s, again;
	struct err e = { 0 };
	char *text;

	machine_new(&m);
	s = find(&m, true);
	if (s.why) {
		arena_free(m.a);
		return;
	}
	ck_assert_str_eq(s.root, arena_printf(m.a, "%s/system/%s", m.cache, s.hex));
	ck_assert_msg(
	    file_read(m.a, arena_printf(m.a, "%s%s", s.root, m.link), &text, NULL, &e) == 0, "%s",
	    e.msg);
	ck_assert_str_eq(text, "a compiler");
	ck_assert(!file_exists(arena_printf(m.a, "%s%s", s.root, m.undeclared)));
	ck_assert(file_exists(arena_printf(m.a, "%s/etc/passwd", s.root)));
	/* the machine goes on, and what was copied stays as it was */
	checkout_file(m.a, test_dir(), "bin/gcc", "another");
	again = find(&m, true);
	ck_assert_str_ne(s.root, again.root);
	ck_assert(file_isdir(s.root) && file_isdir(again.root));
	arena_free(m.a);
}
END_TEST

Suite *
system_suite(void)
{
	Suite *s = suite_create("system");
	TCase *tc = harness_case(s, "system");

	tcase_add_loop_test(
	    tc, another_program_another_system, 0, sizeof changes / sizeof *changes);
	tcase_add_test(tc, a_program_is_more_than_its_bytes);
	tcase_add_test(tc, what_steps_see);
	return s;
}
