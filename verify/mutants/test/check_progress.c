/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/progress.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/mutants/derive.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct derived mutants[] = {
	{ .class = "emptied", .target = "/etc/a" },
	{ .class = "emptied", .target = "/etc/b" },
	{ .class = "word-removed", .target = "ro" },
	{ .class = "word-removed", .target = "panic=-1" },
};

#define N (sizeof mutants / sizeof *mutants)

static const char *killers[] = { "boot", "ssh" };

static const struct outcome outcomes[N] = {
	{ .mutant = &mutants[0],
	    .kind = OUTCOME_KILLED,
	    .killers = killers,
	    .nkillers = 2,
	    .where = "my scenarios/boot.scn:3",
	    .reason = "not  within 3 s",
	    .took = 1500 * NS_PER_MS },
	{ .mutant = &mutants[1], .kind = OUTCOME_SURVIVED, .took = NS_PER_S },
	{ .mutant = &mutants[2], .kind = OUTCOME_INCONCLUSIVE, .reason = "disk full" },
	{ .mutant = &mutants[3], .kind = OUTCOME_NONE },
};

static void
blank(struct outcome v[N])
{
	for (size_t i = 0; i < N; i++)
		v[i] = (struct outcome){ .mutant = &mutants[i] };
}

static const char *
file(struct arena *a)
{
	return arena_printf(a, "%s/mutants", test_dir());
}

/* a run that plays them all and ends */
static void
play(struct arena *a, const char *key)
{
	struct progress p;
	struct outcome v[N];
	struct err e = { 0 };

	blank(v);
	ck_assert_msg(progress_open(a, file(a), key, v, N, &p, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < N; i++)
		if (!v[i].resumed)
			ck_assert_int_eq(progress_add(&p, &outcomes[i], &e), 0);
	progress_close(&p);
}

static void
open_again(struct arena *a, const char *key, struct outcome v[N])
{
	struct progress p;
	struct err e = { 0 };

	blank(v);
	ck_assert_msg(progress_open(a, file(a), key, v, N, &p, &e) == 0, "%s", e.msg);
	progress_close(&p);
}

START_TEST(resumes)
{
	struct arena *a = arena_new();
	struct outcome v[N];

	play(a, "key");
	play(a, "key"); /* which adds nothing twice */
	open_again(a, "key", v);
	ck_assert_int_eq(v[0].kind, OUTCOME_KILLED);
	ck_assert_uint_eq(v[0].nkillers, 2);
	ck_assert_str_eq(v[0].killers[1], "ssh");
	ck_assert_str_eq(v[0].where, "my scenarios/boot.scn:3");
	ck_assert_str_eq(v[0].reason, "not  within 3 s");
	ck_assert_int_eq(v[0].took, 1500 * NS_PER_MS);
	ck_assert(v[0].resumed);
	ck_assert_int_eq(v[1].kind, OUTCOME_SURVIVED);
	ck_assert_uint_eq(v[1].nkillers, 0);
	ck_assert_ptr_null(v[1].where);
	for (size_t i = 2; i < N; i++) {
		ck_assert_int_eq(v[i].kind, OUTCOME_NONE);
		ck_assert(!v[i].resumed);
	}
	open_again(a, "other", v); /* begins anew */
	ck_assert_int_eq(v[0].kind, OUTCOME_NONE);
	open_again(a, "key", v);
	ck_assert_int_eq(v[0].kind, OUTCOME_NONE);
	arena_free(a);
}
END_TEST

/* the file as somebody may have left it: how many outcomes it still tells, and its lines after */
static const struct {
	const char *text;
	size_t known, lines;
} files[] = {
	{ "", 0, 1 },
	{ "lh-mutants 2 key\n", 0, 1 },
	{ "lh-mutants 2 key", 0, 1 },
	{ "lh-mutants 2 key\nsurvived\t9\temptied\t/etc/b\t-\t-\t\n", 1, 2 },
	{ "lh-mutants 2 key\nsurvived\t9\temptied\t/etc/b\t-\t-\t", 0, 1 },	 /* cut off */
	{ "lh-mutants 2 key\nsurvived\t9\temptied\t/etc/gone\t-\t-\t\n", 0, 2 }, /* not drawn */
	{ "lh-mutants 2 key\nkilled\t9\temptied\t/etc/b\t-\t-\tx\n", 0, 1 },
	{ "lh-mutants 2 key\nsurvived\t9\temptied\t/etc/b\tboot\tx\ty\n", 0, 1 },
	{ "lh-mutants 2 key\nlost 9 emptied /etc/b - - \nsurvived\n\n", 0, 1 },
	{ "lh-mutants 1 key\nsurvived\t9\temptied\t/etc/b\t-\t-\t\n", 0, 1 },
};

START_TEST(mends)
{
	struct arena *a = arena_new();
	struct outcome v[N];
	struct err e;
	char *text;
	size_t known = 0, lines = 0;

	ck_assert_int_eq(file_write(file(a), files[_i].text, strlen(files[_i].text), 0644, &e), 0);
	open_again(a, "key", v);
	for (size_t i = 0; i < N; i++)
		known += v[i].resumed;
	ck_assert_uint_eq(known, files[_i].known);
	ck_assert_int_eq(file_read(a, file(a), &text, NULL, &e), 0);
	for (; *text; text++)
		lines += *text == '\n';
	ck_assert_uint_eq(lines, files[_i].lines);
	arena_free(a);
}
END_TEST

static const char *
key_of(struct arena *a, const char *manifest, const char *played)
{
	const struct image i = { .path = arena_printf(a, "%s.manifest", test_dir()) };
	struct err e = { 0 };
	const char *key;

	ck_assert_int_eq(file_write(i.path, manifest, strlen(manifest), 0644, &e), 0);
	ck_assert_msg(progress_key(a, &i, test_dir(), played, &key, &e) == 0, "%s", e.msg);
	return key;
}

/* another image, another text, another choice of scenarios: nothing holds any more */
START_TEST(keys)
{
	struct arena *a = arena_new();
	const char *scn = arena_printf(a, "%s/x.scn", test_dir()),
		   *below = arena_printf(a, "%s/sub/x.scn", test_dir()),
		   *equivalent = arena_printf(a, "%s/equivalent", test_dir()), *key;
	struct err e;

	ck_assert_int_eq(file_write(scn, "a", 1, 0644, &e), 0);
	key = key_of(a, "1", "all");
	ck_assert_str_eq(key_of(a, "1", "all"), key);
	ck_assert_str_ne(key_of(a, "2", "all"), key);
	ck_assert_str_ne(key_of(a, "1", "x"), key);
	ck_assert_int_eq(file_write(equivalent, "a", 1, 0644, &e), 0);
	ck_assert_str_eq(key_of(a, "1", "all"), key);
	ck_assert_int_eq(file_mkdirs(arena_printf(a, "%s/sub", test_dir()), 0755, &e), 0);
	ck_assert_int_eq(file_write(below, "a", 1, 0644, &e), 0);
	ck_assert_str_ne(key_of(a, "1", "all"), key);
	key = key_of(a, "1", "all");
	ck_assert_int_eq(file_write(below, "b", 1, 0644, &e), 0);
	ck_assert_str_ne(key_of(a, "1", "all"), key);
	arena_free(a);
}
END_TEST

Suite *
progress_suite(void)
{
	Suite *s = suite_of("progress", (const TTest *[]){ resumes, keys, NULL });

	tcase_add_loop_test(harness_case(s, "mends"), mends, 0, sizeof files / sizeof *files);
	return s;
}
