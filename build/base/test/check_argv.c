/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/argv.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/test/suites.h"

static const struct {
	const char *word, *quoted;
} words_and_quotes[] = {
	{ "plain-1.2/x", "plain-1.2/x" },
	{ "a=b,c:d", "a=b,c:d" },
	{ "", "''" },
	{ "two words", "'two words'" },
	{ "it's", "'it'\\''s'" },
	{ "$HOME", "'$HOME'" },
	{ "a\nb", "'a\nb'" },
	{ "*", "'*'" },
	{ "~", "'~'" },
};

START_TEST(quoted)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };

	argv_push(&v, words_and_quotes[_i].word);
	ck_assert_str_eq(argv_quoted(&v), words_and_quotes[_i].quoted);
	arena_free(a);
}
END_TEST

START_TEST(sh_reads_the_same_words)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a }, sh = { .a = a };
	struct buf want = { 0 }, got = { 0 };
	struct err e = { 0 };
	int status;

	for (size_t i = 0; i < sizeof words_and_quotes / sizeof *words_and_quotes; i++) {
		argv_push(&v, words_and_quotes[i].word);
		buf_addf(&want, "<%s>", words_and_quotes[i].word);
	}
	argv_pushv(&sh, "/bin/sh", "-c", NULL);
	argv_pushf(&sh, "printf '<%%s>' %s", argv_quoted(&v));
	ck_assert_msg(child_run(sh.v, NULL, &got, &status, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(got.p, want.p);
	buf_free(&got);
	buf_free(&want);
	arena_free(a);
}
END_TEST

START_TEST(ends_with_null)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };

	for (size_t n = 1; n <= 100; n++) {
		argv_pushf(&v, "%zu", n);
		ck_assert_uint_eq(v.n, n);
		ck_assert_ptr_null(v.v[n]);
	}
	ck_assert_str_eq(v.v[41], "42");
	arena_free(a);
}
END_TEST

Suite *
argv_suite(void)
{
	Suite *s =
	    suite_of("argv", (const TTest *[]){ sh_reads_the_same_words, ends_with_null, NULL });

	tcase_add_loop_test(harness_case(s, "quoted"), quoted, 0,
	    sizeof words_and_quotes / sizeof *words_and_quotes);
	return s;
}
