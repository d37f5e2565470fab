/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/journal.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/test/harness.h"
#include "build/test/suites.h"

#include <string.h>
#include <unistd.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefe"

static struct recipe recipe = { .name = "s6" };

static void
put(struct arena *a, const char *dir, const char *rel, const char *text)
{
	char *path = arena_printf(a, "%s/%s", dir, rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

static char *
get(struct arena *a, const char *dir, const char *rel)
{
	struct err e = { 0 };
	char *text;

	return file_read(a, arena_printf(a, "%s/%s", dir, rel), &text, NULL, &e) < 0 ? NULL : text;
}

static struct journal
open_journal(struct arena *a)
{
	struct journal j = { .a = a,
		.dir = arena_printf(a, "%s/out", test_dir()),
		.cache = arena_printf(a, "%s/cache", test_dir()),
		.triple = "i486-linux-musl" };
	struct err e = { 0 };

	ck_assert_msg(journal_open(&j, &e) == 0, "%s", e.msg);
	return j;
}

static const struct {
	const char *old, *now, *changed;
} keys[] = {
	{ NULL, "node target/s6\n", NULL },
	{ "node target/s6\n", "node target/s6\n", "its result is no longer in the store" },
	{ "section build " HEX "\n", "section build " HEY "\n", "section build changed" },
	{ "source " HEX "\nversion 1.0\n", "source " HEY "\nversion 1.1\n", "source changed" },
	{ "version 1.0\n", "version 1.0.1\n",
	    "version changed" }, /* a line that begins with the other */
	{ "tool gcc gcc 12.2 (Debian)\n", "tool gcc gcc 14.1 (Debian)\n", "tool gcc changed" },
	{ "node x\npatch 0001-a.patch " HEX "\n", "node x\n", "patch 0001-a.patch is gone" },
	{ "node x\n", "node x\npatch 0001-a.patch " HEX "\n", "patch 0001-a.patch is new" },
	{ "config CONSOLE \n", "config CONSOLE ttyS0\n", "config CONSOLE changed" },
	{ "format 1\n", "format 2\n", "format changed" },
};

START_TEST(what_changed)
{
	struct arena *a = arena_new();
	struct journal j = open_journal(a);
	struct node n = { .recipe = &recipe, .variant = VARIANT_TARGET };
	const char *changed;

	if (keys[_i].old)
		put(a, j.dir, "keys/target-s6", keys[_i].old);
	changed = journal_changed(&j, &n, keys[_i].now);
	if (keys[_i].changed)
		ck_assert_str_eq(changed, keys[_i].changed);
	else
		ck_assert_ptr_null(changed);
	arena_free(a);
}
END_TEST

START_TEST(from_failure_to_success)
{
	struct arena *a = arena_new();
	struct journal j = open_journal(a);
	struct node n = { .recipe = &recipe,
		.variant = VARIANT_TARGET,
		.store = arena_printf(a, "%s/cached", test_dir()) };
	char *work = arena_printf(a, "%s/work", j.cache), *log, *text;
	struct err e = { 0 };

	put(a, n.store, "log", "first\n");
	ck_assert_int_eq(journal_done(&j, &n, "key 1\n", true, &e), 0);
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.log"), "first\n");
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6"), "key 1\n");
	ck_assert_ptr_null(get(a, j.dir, "keys/target-s6.before"));

	put(a, work, "log", "it broke\n");
	log = journal_failed(&j, &n, work);
	ck_assert_str_eq(log, arena_printf(a, "%s/logs/target-s6.log", j.dir));
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.log"), "it broke\n");
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.work/log"), "it broke\n");
	ck_assert(file_exists(arena_printf(a, "%s/kept", work)));
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6"), "key 1\n");

	/* back to what was: the log is that of the result again, the folder goes */
	ck_assert_int_eq(journal_done(&j, &n, "key 1\n", false, &e), 0);
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.log"), "first\n");
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6.how"), HOW_BUILT);
	ck_assert(!file_exists(work));
	ck_assert_ptr_null(get(a, j.dir, "keys/target-s6.before"));

	put(a, work, "log", "it broke\n");
	journal_failed(&j, &n, work);
	text = journal_clear_failure(&j, &n);
	ck_assert_str_eq(text, work);
	ck_assert(file_exists(work) && !file_exists(arena_printf(a, "%s/kept", work)));
	ck_assert_ptr_null(journal_clear_failure(&j, &n));

	put(a, n.store, "log", "second\n");
	ck_assert_int_eq(journal_done(&j, &n, "key 2\n", false, &e), 0);
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.log"), "second\n");
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6.how"), HOW_FOUND);
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6"), "key 2\n");
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6.before"), "key 1\n");

	/* CACHE had it no more: what is kept is of this time */
	put(a, n.store, "log", "third\n");
	ck_assert_int_eq(journal_done(&j, &n, "key 2\n", true, &e), 0);
	ck_assert_str_eq(get(a, j.dir, "logs/target-s6.log"), "third\n");
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6.how"), HOW_BUILT_AGAIN);
	ck_assert_str_eq(get(a, j.dir, "keys/target-s6.before"), "key 1\n");

	/* a link that is not ours is nobody's folder to remove */
	ck_assert_int_eq(symlink(n.store, arena_printf(a, "%s/logs/target-s6.work", j.dir)), 0);
	ck_assert_int_eq(journal_done(&j, &n, "key 2\n", false, &e), 0);
	ck_assert(file_exists(arena_printf(a, "%s/log", n.store)));
	arena_free(a);
}
END_TEST

START_TEST(times)
{
	struct arena *a = arena_new();
	struct journal j = open_journal(a);
	struct node target = { .recipe = &recipe, .variant = VARIANT_TARGET },
		    host = { .recipe = &recipe, .variant = VARIANT_HOST };

	ck_assert_double_eq(journal_seconds(&j, &target), 0);
	journal_took(&j, &target, 12.5);
	ck_assert_double_eq(journal_seconds(&j, &target), 12.5);
	ck_assert_double_eq(journal_seconds(&j, &host), 0);
	journal_took(&j, &host, 3);
	j.triple = "x86_64-linux-musl";
	ck_assert_double_eq(journal_seconds(&j, &target), 0);
	ck_assert_double_eq(journal_seconds(&j, &host), 3); /* host tools are of no triple */
	journal_took(&j, NULL, 0.4);			    /* the end of a plan */
	ck_assert_double_eq(journal_seconds(&j, NULL), 0.4);
	j.triple = "i486-linux-musl";
	ck_assert_double_eq(journal_seconds(&j, NULL), 0);
	put(a, j.cache, "times/host-s6", "nonsense\n");
	ck_assert_double_eq(journal_seconds(&j, &host), 0);
	arena_free(a);
}
END_TEST

Suite *
journal_suite(void)
{
	Suite *s = suite_of("journal", (const TTest *[]){ from_failure_to_success, times, NULL });

	tcase_add_loop_test(harness_case(s, "keys"), what_changed, 0, sizeof keys / sizeof *keys);
	return s;
}
