/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/trials.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/test/suites.h"

#include <string.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void
open_with(struct arena *a, const char *path, const char *text, struct trials *t)
{
	struct err e = { 0 };

	if (text)
		ck_assert_msg(file_write(path, text, strlen(text), 0644, &e) == 0, "%s", e.msg);
	ck_assert_msg(trials_open(a, path, t, &e) == 0, "%s", e.msg);
}

/*
 * what a killed run leaves: the lines before count, the piece does not, and the next line stands by
 * itself
 */
static const struct {
	const char *text;
	unsigned good, bad, none, here; /* of A; here: failures at x:1 */
} files[] = {
	{ NULL, 0, 0, 0, 0 },
	{ A "\tgood\t\t\t\n" B "\tbad\tx:1\te\tg\n", 1, 0, 0, 0 },
	{ A "\tbad\tx:1\te\tg\n" A "\tbad\tx:2\te\tg\n" A "\tnone\t\t\t\n", 0, 2, 1, 1 },
	{ A "\tgood\t\t\t\n" A "\tbad\tx:1\te", 1, 0, 0, 0 },
	{ A "\tgood\t\t\t\n" A "\tba", 1, 0, 0, 0 },
	{ A "\tworse\t\t\t\n\nnonsense\n" A "\tgood\t\t\t\tmore\n" A "\tgood\t\t\n", 0, 0, 0, 0 },
};

START_TEST(read)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/verdicts", test_dir());
	struct trial one = { .verdict = BISECT_GOOD, .where = "a\tb", .got = "two\nlines" };
	struct trials t, again;
	struct tally n;
	struct err e = { 0 };

	open_with(a, path, files[_i].text, &t);
	n = trials_tally(&t, A, NULL);
	ck_assert_uint_eq(n.good, files[_i].good);
	ck_assert_uint_eq(n.bad, files[_i].bad);
	ck_assert_uint_eq(n.none, files[_i].none);
	n = trials_tally(&t, A, "x:1");
	ck_assert_uint_eq(n.bad, files[_i].here);
	ck_assert_uint_eq(n.none, files[_i].none + files[_i].bad - files[_i].here);

	memcpy(one.subject, A, sizeof one.subject);
	ck_assert_msg(trials_add(a, &t, &one, &e) == 0, "%s", e.msg);
	open_with(a, path, NULL, &again);
	n = trials_tally(&again, A, NULL);
	ck_assert_uint_eq(n.good, files[_i].good + 1);
	ck_assert_uint_eq(n.bad, files[_i].bad);
	ck_assert_str_eq(trials_last(&again, A, BISECT_GOOD)->where, "a b");
	ck_assert_str_eq(trials_last(&again, A, BISECT_GOOD)->got, "two lines");
	arena_free(a);
}
END_TEST

Suite *
trials_suite(void)
{
	Suite *s = suite_create("trials");

	tcase_add_loop_test(harness_case(s, "trials"), read, 0, sizeof files / sizeof *files);
	return s;
}
