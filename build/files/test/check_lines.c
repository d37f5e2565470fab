/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/test/suites.h"

static const struct {
	const char *text;
	const char *data[4]; /* what lines_next_datum gives */
} texts[] = {
	{ "", { NULL } },
	{ "\n\n", { NULL } },
	{ "a\nb", { "a", "b" } },
	{ "a\n", { "a" } },
	{ "  a b \t\r\n", { "a b" } },
	{ "# all\na # rest\nb#c\n#\n", { "a", "b#c" } },
	{ "a\t# tab\n", { "a" } },
	{ "x ${y#z}\n", { "x ${y#z}" } },
};

START_TEST(datum)
{
	struct arena *a = arena_new();
	struct lines l;
	size_t i = 0;

	lines_text(a, "t", texts[_i].text, &l);
	for (char *s; (s = lines_next_datum(&l)); i++) {
		ck_assert_ptr_nonnull(texts[_i].data[i]);
		ck_assert_str_eq(s, texts[_i].data[i]);
	}
	ck_assert_ptr_null(texts[_i].data[i]);
	arena_free(a);
}
END_TEST

START_TEST(errors_name_the_line)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct lines l;

	lines_text(a, "recipes/x/recipe", "one\n\n# c\ntwo\n", &l);
	lines_next_datum(&l);
	lines_next_datum(&l);
	ck_assert_int_eq(lines_fail(&l, &e, "%s: unknown key", "two"), -1);
	ck_assert_str_eq(e.msg, "recipes/x/recipe:4: two: unknown key");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

START_TEST(a_binary_file_is_refused)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/f", test_dir());
	struct err e = { 0 };
	struct lines l;

	ck_assert_int_eq(file_write(path, "a\0b", 3, 0644, &e), 0);
	ck_assert_int_eq(lines_open(a, path, &l, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: contains a NUL byte: not a text file", path));
	arena_free(a);
}
END_TEST

START_TEST(one_that_need_not_be_there)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/text", test_dir());
	struct err e = { 0 };
	struct lines l;

	ck_assert_msg(lines_open_if_there(a, path, &l, &e) == 0, "%s", e.msg);
	ck_assert_ptr_null(lines_next(&l));
	ck_assert_int_eq(file_write(path, "a\n", 2, 0644, &e), 0);
	ck_assert_int_eq(lines_open_if_there(a, path, &l, &e), 0);
	ck_assert_str_eq(lines_next(&l), "a");
	arena_free(a);
}
END_TEST

START_TEST(cut_into_words)
{
	char line[] = "  needs  a\tb ", *rest = line, *v[2];
	char again[] = "a b c";

	ck_assert_str_eq(word_next(&rest), "needs");
	ck_assert_str_eq(rest, "a\tb ");
	ck_assert_str_eq(word_next(&rest), "a");
	ck_assert_str_eq(word_next(&rest), "b");
	ck_assert_ptr_null(word_next(&rest));
	ck_assert_uint_eq(words(again, v, 2), 3);
	ck_assert_str_eq(v[1], "b");
}
END_TEST

Suite *
lines_suite(void)
{
	Suite *s =
	    suite_of("lines", (const TTest *[]){ errors_name_the_line, a_binary_file_is_refused,
				  one_that_need_not_be_there, cut_into_words, NULL });

	tcase_add_loop_test(harness_case(s, "datum"), datum, 0, sizeof texts / sizeof *texts);
	return s;
}
