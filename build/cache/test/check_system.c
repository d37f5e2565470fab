/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/system.h"

#include "build/base/arena.h"
#include "build/cache/seal.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* a machine of which nothing is wanted but links and programs of the test's folder */
struct machine {
	struct arena *a;
	const char *link, *program, *undeclared, *cache;
	const char *more; /* a program, or NULL */
	struct memo *memo;
	bool verify;
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
	checkout_file(a, test_dir(), "dpkg/status",
	    "Package: none\nStatus: install ok installed\nArchitecture: all\n");
	checkout_file(a, test_dir(), "bin/gcc", "a compiler");
	checkout_file(a, test_dir(), "bin/tcc", "another compiler");
	checkout_file(a, test_dir(), "bin/git", "nobody asked for it");
	ck_assert_int_eq(file_symlink("gcc", m->link, &e), 0);
}

static struct system
find(struct machine *m, bool make)
{
	const char *wanted[] = { m->link, "/nowhere/at/all", m->more };
	struct system_opts o = { .database = arena_printf(m->a, "%s/dpkg", test_dir()),
		.cache = m->cache,
		.memo = m->memo,
		.wanted = wanted,
		.nwanted = m->more ? 3 : 2,
		.make = make,
		.verify = m->verify };
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

/* what the memo has learned so far */
static char *
learned(struct machine *m)
{
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(memo_save(m->memo, &e), 0);
	ck_assert_int_eq(
	    file_read(m->a, arena_printf(m->a, "%s/memo", test_dir()), &text, NULL, &e), 0);
	return text;
}

/* what is upgraded may be headers alone, of which only dpkg's database tells */
START_TEST(an_upgrade_is_looked_at)
{
	struct machine m;
	const char *first, *again;

	machine_new(&m);
	m.link = "/usr/bin/env"; /* it is so old that the memo keeps an answer */
	if (find(&m, false).why) {
		arena_free(m.a);
		return;
	}
	first = learned(&m);
	find(&m, false);
	again = learned(&m);
	ck_assert_str_eq(first, again);
	checkout_file(m.a, test_dir(), "dpkg/status",
	    "Package: none\nStatus: install ok installed\nArchitecture: all\nVersion: 2\n");
	find(&m, false);
	ck_assert_str_ne(again, learned(&m));
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

/* what was done to a copy; the folder is the test's */
static const char *const damages[] = {
	"echo another >bin/gcc",		    /* bytes */
	"chmod 755 bin/gcc",			    /* permissions */
	"rm bin/gcc",				    /* a part of it is missing */
	"echo x >bin/git",			    /* more than there was */
	"ln -sf tcc bin/cc",			    /* another link */
	"rm -rf $S && ln -s /usr $S",		    /* somewhere else */
	"rm -rf $S && : >$S",			    /* no folder */
	"rm -f $S/seal",			    /* as one that is half removed */
	"rm -f $S/seal && ln -s /dev/zero $S/seal", /* and one that never ends */
};

START_TEST(a_changed_copy_is_not_used)
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
	ck_assert_int_eq(setenv("S", s.root, 1), 0);
	ck_assert_int_eq(
	    system(arena_printf(m.a, "cd %s%s && %s", s.root, test_dir(), damages[_i])), 0);
	m.verify = true;
	again = find(&m, true);
	ck_assert_str_eq(again.root, s.root);
	ck_assert_msg(
	    file_read(m.a, arena_printf(m.a, "%s%s", s.root, m.link), &text, NULL, &e) == 0, "%s",
	    e.msg);
	ck_assert_str_eq(text, "a compiler");
	ck_assert_msg(seal_check(s.root, NULL, &e) == 0, "%s", e.msg);
	arena_free(m.a);
}
END_TEST

/* a folder that became a symlink, and programs that are named through one */
START_TEST(symlinks_on_the_way)
{
	struct machine m;
	struct system s;
	struct err e = { 0 };
	const char *moved, *up;
	struct stat st;

	machine_new(&m);
	moved = arena_printf(m.a, "%s/sbin", test_dir());
	up = arena_printf(m.a, "%s/up", test_dir());
	/* more of ".." than the copy lies deep: there they would lead to this machine's files */
	ck_assert_int_eq(
	    file_symlink(
		arena_printf(
		    m.a, "../../../../../../../../../../../../../../../../..%s/victim", test_dir()),
		up, &e),
	    0);
	checkout_file(m.a, test_dir(), "victim", "a victim");
	ck_assert_int_eq(stat(arena_printf(m.a, "%s/victim", test_dir()), &st), 0);
	ck_assert_int_eq(file_symlink("bin", moved, &e), 0);
	m.link = arena_printf(m.a, "%s/gcc", moved);
	m.more = up;
	s = find(&m, true);
	if (!s.why) {
		struct stat now;

		ck_assert(file_exists(arena_printf(m.a, "%s%s", s.root, m.program)));
		ck_assert(!file_exists(arena_printf(m.a, "%s%s", s.root, moved)));
		ck_assert(file_exists(arena_printf(m.a, "%s%s/victim", s.root, test_dir())));
		ck_assert_int_eq(stat(arena_printf(m.a, "%s/victim", test_dir()), &now), 0);
		ck_assert_uint_eq(now.st_ino, st.st_ino);
	}
	arena_free(m.a);
}
END_TEST

/* lists of files that a disk, or a hand, has changed are found out again */
static const char *const lists[] = { "", "x\nend\n", "/a/../../b\nend\n", "/usr/bin/gcc\n",
	"/usr\0x\nend\n" };

START_TEST(a_damaged_list)
{
	struct machine m;
	struct system s, again;
	struct err e = { 0 };
	char **names;
	size_t n, size = _i == 4 ? 11 : strlen(lists[_i]);

	machine_new(&m);
	s = find(&m, true);
	if (!s.why) {
		const char *dir = arena_printf(m.a, "%s/system/lists", m.cache);

		ck_assert_int_eq(file_names(m.a, dir, true, &names, &n, &e), 0);
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(file_write(arena_printf(m.a, "%s/%s", dir, names[0]), lists[_i],
				     size, 0644, &e),
		    0);
		again = find(&m, false);
		ck_assert_str_eq(again.hex, s.hex);
	}
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
	tcase_add_test(tc, an_upgrade_is_looked_at);
	tcase_add_test(tc, a_program_is_more_than_its_bytes);
	tcase_add_test(tc, what_steps_see);
	tcase_add_loop_test(tc, a_changed_copy_is_not_used, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tc, symlinks_on_the_way);
	tcase_add_loop_test(tc, a_damaged_list, 0, sizeof lists / sizeof *lists);
	return s;
}
