/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/memo.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/stamp.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
at(struct arena *a, const char *rel)
{
	return arena_printf(a, "%s/%s", test_dir(), rel);
}

static void
put(struct arena *a, const char *rel, const char *text)
{
	checkout_file(a, test_dir(), rel, text);
}

/* ---- the file ---- */

START_TEST(kept)
{
	struct arena *a = arena_new();
	struct memo *m = memo_open(a, at(a, "memo"));
	struct err e = { 0 };
	struct stat st;

	ck_assert_ptr_null(memo_get(m, "one"));
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert(!file_exists(at(a, "memo"))); /* nothing to tell */
	memo_put(m, "one", "1 and a half");
	memo_put(m, "two", "");
	memo_put(m, "three", "line\nline");
	ck_assert_str_eq(memo_get(m, "one"), "1 and a half");
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert(stat(at(a, "memo"), &st) == 0 && (st.st_mode & 0777) == 0600);

	m = memo_open(a, at(a, "memo"));
	ck_assert_str_eq(memo_get(m, "one"), "1 and a half");
	ck_assert_str_eq(memo_get(m, "two"), "");
	ck_assert_ptr_null(memo_get(m, "three"));
	ck_assert_ptr_null(memo_get(NULL, "one"));
	memo_put(NULL, "one", "1");
	arena_free(a);
}
END_TEST

/* what is done to the bytes of a good file */
static const struct {
	const char *what;
	int cut;  /* bytes off its end */
	int flip; /* the byte that becomes another */
	const char *instead;
} damages[] = {
	{ "cut by a byte", 1, -1, NULL },
	{ "cut by its last line", 69, -1, NULL },
	{ "cut in the middle", 100, -1, NULL },
	{ "a flipped answer", 0, 75, NULL },
	{ "a flipped question", 0, 20, NULL },
	{ "a flipped first line", 0, 3, NULL },
	{ "empty", 0, -1, "" },
	{ "foreign", 0, -1,
	    "lh-memo 2\nsum 8fb92bd0a7d59be1ca14cd0b5d0a9efeeb5ee03a2d9d8b2f4d9a4b7bd0c0a8c4\n" },
};

START_TEST(damaged)
{
	struct arena *a = arena_new();
	struct memo *m = memo_open(a, at(a, "memo"));
	struct err e = { 0 };
	char *text;
	size_t n;

	memo_put(m, "one", "1");
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert_int_eq(file_read(a, at(a, "memo"), &text, &n, &e), 0);
	ck_assert_uint_eq(n, 10 + 67 + 69);
	text[n -= (size_t)damages[_i].cut] = '\0';
	if (damages[_i].flip >= 0)
		text[damages[_i].flip] ^= 1;
	put(a, "memo", damages[_i].instead ? damages[_i].instead : text);
	m = memo_open(a, at(a, "memo"));
	ck_assert_msg(!memo_get(m, "one"), "%s", damages[_i].what);
	memo_put(m, "one", "2"); /* and it is of use again */
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert_str_eq(memo_get(memo_open(a, at(a, "memo")), "one"), "2");
	arena_free(a);
}
END_TEST

START_TEST(forgets)
{
	struct arena *a = arena_new();
	struct memo *m = memo_open(a, at(a, "memo"));
	struct err e = { 0 };

	for (int i = 0; i < 600; i++)
		memo_put(m, arena_printf(a, "%d", i), "x");
	ck_assert_int_eq(memo_save(m, &e), 0);
	m = memo_open(a, at(a, "memo"));
	ck_assert_ptr_nonnull(memo_get(m, "0"));
	memo_put(m, "new", "y");
	ck_assert_int_eq(memo_save(m, &e), 0);
	m = memo_open(a, at(a, "memo"));
	ck_assert_ptr_nonnull(memo_get(m, "0"));
	ck_assert_ptr_null(memo_get(m, "1"));
	ck_assert_ptr_nonnull(memo_get(m, "599"));
	ck_assert_ptr_nonnull(memo_get(m, "new"));
	arena_free(a);
}
END_TEST

/* ---- files ---- */

/* a digest that tells whether it was asked: it is of another file, which no stamp has seen */
static int
tell_tale(const char *path, char *hex, struct err *e)
{
	char tale[512];

	(void)path;
	snprintf(tale, sizeof tale, "%s/tale", test_dir());
	return digest_file(tale, hex, e);
}

static bool
is_log(const char *rel)
{
	return !strcmp(rel, "log");
}

static const struct memo_kind tale = { .name = "tale", .digest = tell_tale, .skip = is_log };

/* was it read anew */
static bool
is_asked(struct arena *a, struct memo *m, const char *path)
{
	char was[DIGEST_HEX], is[DIGEST_HEX];
	struct err e = { 0 };

	put(a, "tale", "before");
	ck_assert_msg(memo_digest(m, &tale, path, was, &e) == 0, "%s", e.msg);
	put(a, "tale", "after");
	ck_assert_msg(memo_digest(m, &tale, path, is, &e) == 0, "%s", e.msg);
	return strcmp(was, is) != 0;
}

static void
leave(const char *path)
{
	(void)path;
}

static void
overwrite(const char *path)
{
	int fd = open(path, O_WRONLY);

	ck_assert(fd >= 0 && write(fd, "b", 1) == 1);
	close(fd);
}

/* by somebody who hides it: same size, same time */
static void
hide(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	overwrite(path);
	ck_assert_int_eq(
	    utimensat(AT_FDCWD, path, (struct timespec[]){ st.st_atim, st.st_mtim }, 0), 0);
}

static void
grow(const char *path)
{
	ck_assert_int_eq(truncate(path, 100), 0);
}

static void
forbid(const char *path)
{
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static void
replace(const char *path)
{
	char other[512];

	snprintf(other, sizeof other, "%s/other", test_dir());
	ck_assert_int_eq(rename(other, path), 0);
}

static void
remove_it(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void
name_it(const char *path)
{
	char other[512];

	snprintf(other, sizeof other, "%s.new", path);
	ck_assert_int_eq(rename(path, other), 0);
}

static const struct {
	const char *folder; /* each has files "file" and "log" */
	void (*change)(const char *path);
	const char *what;
	bool asked;
} changes[] = {
	{ "same", leave, "file", false },
	{ "logged", overwrite, "log", false },
	{ "written", overwrite, "file", true },
	{ "hidden", hide, "file", true },
	{ "grown", grow, "file", true },
	{ "forbidden", forbid, "file", true },
	{ "replaced", replace, "file", true },
	{ "removed", remove_it, "file", true },
	{ "named", name_it, "file", true },
};

#define NCHANGES (sizeof changes / sizeof *changes)

/* one test, because it waits for what was just written to be old enough */
START_TEST(touched)
{
	struct arena *a = arena_new();
	struct memo *m = memo_open(a, at(a, "memo"));
	struct stamp s = { 0 };
	struct err e = { 0 };

	put(a, "other", "a\n");
	for (size_t i = 0; i < NCHANGES; i++) {
		put(a, arena_printf(a, "%s/log", changes[i].folder), "a\n");
		put(a, arena_printf(a, "%s/file", changes[i].folder), "a\n");
	}
	while (!s.settled) {
		usleep(100000);
		ck_assert_int_eq(stamp_all(test_dir(), NULL, &s, &e), 0);
	}
	put(a, "tale", "before");
	for (size_t i = 0; i < NCHANGES; i++)
		ck_assert(!is_asked(a, m, at(a, changes[i].folder)));
	put(a, "tale", "later");
	for (size_t i = 0; i < NCHANGES; i++) {
		char was[DIGEST_HEX], is[DIGEST_HEX];

		ck_assert_int_eq(memo_digest(m, &tale, at(a, changes[i].folder), was, &e), 0);
		changes[i].change(
		    at(a, arena_printf(a, "%s/%s", changes[i].folder, changes[i].what)));
		ck_assert_int_eq(memo_digest(m, &tale, at(a, changes[i].folder), is, &e), 0);
		ck_assert_msg(!strcmp(was, is) == !changes[i].asked, "%s", changes[i].folder);
	}
	arena_free(a);
}
END_TEST

/*
 * what was written a moment ago may be written again at what its filesystem takes for the same
 * moment
 */
START_TEST(young)
{
	struct arena *a = arena_new();
	struct memo *m = memo_open(a, at(a, "memo"));
	struct err e = { 0 };

	for (int i = 0; i < 50; i++) {
		char plain[DIGEST_HEX], hex[DIGEST_HEX];

		put(a, "d/file", "a\n");
		ck_assert_int_eq(memo_digest(m, &memo_plain, at(a, "d"), hex, &e), 0);
		hide(at(a, "d/file"));
		ck_assert_int_eq(memo_digest(m, &memo_plain, at(a, "d"), hex, &e), 0);
		ck_assert_int_eq(digest_tree(at(a, "d"), plain, &e), 0);
		ck_assert_str_eq(hex, plain);
	}
	ck_assert(is_asked(a, m, at(a, "d/file")));
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert(!file_exists(at(a, "memo")));
	arena_free(a);
}
END_TEST

/* with a memory or without: it is never the key */
START_TEST(same)
{
	static const char *const paths[] = { "/usr/bin/env", "/usr/bin/make", "build/test/data",
		"build/files/test/check_memo.c" };
	struct arena *a = arena_new();
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		for (int round = 0; round < 3; round++) {
			struct memo *m = memo_open(a, at(a, "memo"));
			char with[DIGEST_HEX], without[DIGEST_HEX];

			ck_assert_int_eq(memo_digest(m, &memo_plain, paths[i], with, &e), 0);
			ck_assert_int_eq(memo_digest(NULL, &memo_plain, paths[i], without, &e), 0);
			ck_assert_str_eq(with, without);
			ck_assert_int_eq(memo_save(m, &e), 0);
			if (round == 1)
				unlink(at(a, "memo"));
		}
	ck_assert_int_eq(memo_digest(memo_open(a, at(a, "memo")), &memo_plain, at(a, "nothing"),
			     (char[DIGEST_HEX]){ 0 }, &e),
	    -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: No such file or directory", at(a, "nothing")));
	arena_free(a);
}
END_TEST

Suite *
memo_suite(void)
{
	Suite *s = suite_create("memo");
	TCase *tc = harness_case(s, "memo");

	tcase_add_test(tc, kept);
	tcase_add_loop_test(tc, damaged, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tc, forgets);
	tcase_add_test(tc, touched);
	tcase_add_test(tc, young);
	tcase_add_test(tc, same);
	return s;
}
