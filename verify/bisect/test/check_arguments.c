/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/arguments.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/file.h"
#include "verify/test/fakebuild.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct {
	const char *a, *b;
	int order;
} orders[] = {
	{ "1.2", "1.2", 0 },
	{ "1.9", "1.10", -1 },
	{ "2.13.1.0", "2.9.6.1", 1 },
	{ "1.2", "1.2.1", -1 },
	{ "2022.83", "2026.94", -1 },
	{ "1a", "1b", -1 },
	{ "", "1", -1 },
};

START_TEST(order)
{
	ck_assert_int_eq(version_compare(orders[_i].a, orders[_i].b), orders[_i].order);
	ck_assert_int_eq(version_compare(orders[_i].b, orders[_i].a), -orders[_i].order);
}
END_TEST

#define SAME 1 /* no error: the ends do not differ */

static struct arguments
ask(struct arena *a, const char *text, int code, const char *message)
{
	char *w[16], *copy = arena_strdup(a, text), *semicolon;
	struct arguments q;
	struct err e = { 0 };
	size_t n = 0;
	int r;

	while (*copy) {
		w[n++] = copy;
		semicolon = strchr(copy, ';');
		if (!semicolon)
			break;
		*semicolon = '\0';
		copy = semicolon + 1;
	}
	fake_programs(a, "exit 0", "true");
	r = arguments_read(a, arena_printf(a, "%s/lh-build", test_dir()), w, n, &q, &e);
	ck_assert_msg((r < 0 ? e.code : r) == code, "%s", e.msg);
	if (code)
		ck_assert_str_eq(r > 0 ? q.same : e.msg, message);
	return q;
}

static const struct {
	const char *words;
	int code;
	const char *message;
} mistakes[] = {
	{ "", EXIT_USAGE, "name both ends with GOOD= and BAD=" },
	{ "GOOD=old", EXIT_USAGE, "name both ends with GOOD= and BAD=" },
	{ "GOOD=old;BAD=", EXIT_USAGE, "name both ends with GOOD= and BAD=" },
	{ "GOOD=old;BAD=young", EXIT_USAGE, "BAD: SET young: no such set" },
	{ "GOOD=old;BAD=old", SAME, "GOOD and BAD name the same versions of everything" },
	{ "GOOD=old;BAD=new ROOTFS_SIZE=9", EXIT_USAGE,
	    "BAD: ROOTFS_SIZE=9: after a set there may be VERSION_name=V and OVERRIDE_name=TREE "
	    "only; give other variables separately" },
	{ "GOOD=old;BAD=new;word", EXIT_USAGE, "word: only NAME=VALUE words are known" },
	{ "GOOD=old;BAD=new;REPEAT=0", EXIT_USAGE, "REPEAT=0: a number from 1 to 60" },
	{ "GOOD=old;BAD=new;DRY_RUN=off", EXIT_USAGE, "DRY_RUN=off: 1 or true, 0 or false" },
	{ "GOOD=old;BAD=new;FAILURE=some", EXIT_USAGE, "FAILURE=some: same or any" },
	{ "GOOD=old;BAD=new;REPO=/", EXIT_USAGE,
	    "REPO needs PACKAGE=, the recipe that is built from it" },
	{ "GOOD=1;BAD=4;PACKAGE=x", EXIT_USAGE, "PACKAGE x: profile s6 has no such package" },
	{ "GOOD=1;BAD=5;PACKAGE=a", EXIT_USAGE, "BAD=5: the recipe a pins no such version" },
	{ "GOOD=1;BAD=1;PACKAGE=a", SAME, "GOOD and BAD are one version" },
	{ "GOOD=1;BAD=2;PACKAGE=a;REPO=/nowhere", EXIT_USAGE, "REPO /nowhere: no such folder" },
};

START_TEST(mistake)
{
	struct arena *a = arena_new();

	ask(a, mistakes[_i].words, mistakes[_i].code, mistakes[_i].message);
	arena_free(a);
}
END_TEST

static const char *
args_at(struct arena *a, const struct arguments *q, const size_t *version_set)
{
	struct argv v = { .a = a };

	arguments_args(q, version_set, &v);
	return argv_quoted(&v);
}

/*
 * words behind a set belong to that end; the versions between stand by themselves; what is the same
 * is left out
 */
START_TEST(sets)
{
	struct arena *a = arena_new();
	struct arguments q = ask(a, "GOOD=old OVERRIDE_a=/t@1;BAD=new VERSION_c=1;JOBS=3", 0, NULL);

	ck_assert_uint_eq(q.space.npackages, 2);
	ck_assert_uint_eq(q.space.packages[0].nversions, 4);
	ck_assert_uint_eq(q.space.nneeds, 0);
	ck_assert_str_eq(args_at(a, &q, (size_t[]){ 0, 0 }), "JOBS=3 SET=old OVERRIDE_a=/t@1");
	ck_assert_str_eq(
	    args_at(a, &q, (size_t[]){ 1, 3 }), "JOBS=3 SET=old VERSION_a=2 VERSION_b=4");
	ck_assert_str_eq(arguments_version_set(a, &q, (size_t[]){ 1, 3 }), "a 2, b 4");
	ck_assert_str_eq(arguments_version_set(a, &q, (size_t[]){ 0, 0 }), "good end old");
	ck_assert_str_eq(arguments_version_set(a, &q, (size_t[]){ 3, 3 }), "bad end new");
	/* the version tells nothing where both ends have it */
	q = ask(a, "GOOD=old;BAD=old OVERRIDE_a=git:/src/a@x/y VERSION_b=2", 0, NULL);
	ck_assert_str_eq(arguments_version_set(a, &q, (size_t[]){ 1, 0 }), "a a@x/y");
	ck_assert_str_eq(arguments_version(&q, 0, 0), "1");
	arena_free(a);
}
END_TEST

static const char *
made(struct arena *a, const char *name, const char *rest)
{
	const char *path = arena_printf(a, "%s/%s", test_dir(), name),
		   *text = arena_printf(a,
		       "lh-manifest 2\ntriple x86_64-linux-musl\nprofile s6\nqemu q\nmachine m\n"
		       "console c\nkernel k\n%s",
		       rest);
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	return path;
}

/* two manifests are the versions that they name, where their sets have others */
START_TEST(manifests)
{
	struct arena *a = arena_new();
	const char *good = made(a, "good",
		       "set old\nnet static\npackage a 2 k\npackage b 1 k\npackage c 1 k\n"
		       "package headers 9 k\n"),
		   *bad = made(a, "bad",
		       "set old\nnet static\npackage a 2 k\npackage b 3 k\npackage c 1 k\n");
	struct arguments q = ask(a, arena_printf(a, "GOOD=%s;BAD=%s", good, bad), 0, NULL);

	ck_assert_uint_eq(q.space.npackages, 1);
	ck_assert_str_eq(q.space.packages[0].name, "b");
	ck_assert_uint_eq(q.space.packages[0].nversions, 3);
	ck_assert_str_eq(args_at(a, &q, (size_t[]){ 2 }),
	    "TRIPLE=x86_64-linux-musl PROFILE=s6 USE_DHCP=false SET=old VERSION_b=3");
	/* what the command line says counts */
	q = ask(a, arena_printf(a, "GOOD=%s;BAD=%s;USE_DHCP=true", good, bad), 0, NULL);
	ck_assert_str_eq(args_at(a, &q, (size_t[]){ 1 }),
	    "USE_DHCP=true TRIPLE=x86_64-linux-musl PROFILE=s6 SET=old VERSION_b=2");
	arena_free(a);
}
END_TEST

static const struct {
	const char *good, *bad;
	int code;
	const char *message;
} pairs[] = {
	{ "package a 1 k\nset old\n", "package a 1 k\nset old\n", SAME,
	    "GOOD and BAD name the same versions of everything: recipes or layout changed, which "
	    "git bisect run finds" },
	{ "set old\n", "", EXIT_USAGE,
	    "BAD: DIR/bad names no set, or no profile: name one of an image that lh-build made" },
	{ "set young\n", "set old\n", EXIT_USAGE, "GOOD: SET young: no such set" },
	{ "set old\n", "set old\npackage a 1 k modified\n", EXIT_USAGE,
	    "BAD: a was built from a changed tree, which the manifest cannot name; commit the "
	    "change, and build again" },
	{ "set old\n", "set old\npackage a 1 k modified 0123456789abcdef\n", EXIT_USAGE,
	    "BAD: a was built from commit 0123456789ab of a clone, and set old has none; bisect "
	    "with PACKAGE=a REPO=" },
};

START_TEST(manifest_mistakes)
{
	struct arena *a = arena_new();
	const char *good = made(a, "good", pairs[_i].good), *bad = made(a, "bad", pairs[_i].bad),
		   *dir = strstr(pairs[_i].message, "DIR"), *message = pairs[_i].message;

	if (dir)
		message =
		    arena_printf(a, "%.*s%s%s", (int)(dir - message), message, test_dir(), dir + 3);
	ask(a, arena_printf(a, "GOOD=%s;BAD=%s", good, bad), pairs[_i].code, message);
	arena_free(a);
}
END_TEST

/* c 4 goes with b 4 only, forwards and backwards */
START_TEST(needs)
{
	struct arena *a = arena_new();
	struct arguments q = ask(a, "GOOD=old;BAD=new", 0, NULL);

	ck_assert_uint_eq(q.space.nneeds, 1);
	ck_assert(!search_fits(&q.space, (size_t[]){ 0, 2, 3 }));
	ck_assert(search_fits(&q.space, (size_t[]){ 0, 3, 3 }));
	ck_assert(search_fits(&q.space, (size_t[]){ 0, 0, 2 }));
	q = ask(a, "GOOD=new;BAD=old", 0, NULL);
	ck_assert_str_eq(q.space.packages[0].versions[1], "3");
	ck_assert(!search_fits(&q.space, (size_t[]){ 0, 1, 0 }));
	ck_assert(search_fits(&q.space, (size_t[]){ 0, 0, 0 }));
	ck_assert(search_fits(&q.space, (size_t[]){ 0, 3, 1 }));
	/* what both ends have is too old for it: it cannot be had at all */
	q = ask(a, "GOOD=3;BAD=1;PACKAGE=c", 0, NULL);
	ck_assert_uint_eq(q.space.nneeds, 0);
	arena_free(a);
}
END_TEST

Suite *
arguments_suite(void)
{
	Suite *s = suite_create("arguments");
	TCase *c = harness_case(s, "arguments");

	tcase_add_loop_test(c, order, 0, sizeof orders / sizeof *orders);
	tcase_add_loop_test(c, mistake, 0, sizeof mistakes / sizeof *mistakes);
	tcase_add_test(c, sets);
	tcase_add_test(c, manifests);
	tcase_add_loop_test(c, manifest_mistakes, 0, sizeof pairs / sizeof *pairs);
	tcase_add_test(c, needs);
	return s;
}
