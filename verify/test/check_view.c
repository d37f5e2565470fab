/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/view.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define K "[    3.200000] random: crng init done\r\n"
#define L "[12345.678901] pci 0000:00: [8086:1237]\r\n"

static const struct {
	const char *console, *view;
} cases[] = {
	{ "login: ", "login: " },
	{ "log" K "in: ", "login: " },
	{ "log" K L K "in: ", "login: " },
	{ "login: " K, "login: " },
	/* lines of their own cut nothing */
	{ K L "log" K "in: ", K L "login: " },
	{ "up\r\n" K "x", "up\r\n" K "x" },
	{ "up\n" K, "up\n" K },
	/* within them, too */
	{ L "ab" L "c", L "abc" },
	/* nothing of the kernel's */
	{ "a [x] b [ 1.0] c [1.000000 d [.000000] e\r\n",
	    "a [x] b [ 1.0] c [1.000000 d [.000000] e\r\n" },
	{ "a [[[    1.000000]x", "a [[[    1.000000]x" },
	{ "a [[" K "b", "a [[b" },
	{ "a [    1.0000001] b", "a [    1.0000001] b" },
	{ "a [                                                  1.000000] b",
	    "a [                                                  1.000000] b" },
	/* one that never ends */
	{ "a [    1.000000] b", "a " },
	{ "a [    1.0000", "a [    1.0000" },
	{ "", "" },
};

static char *
view_of(struct arena *a, const char *console, size_t step, struct view **out)
{
	struct view *v = *out = view_new(65536);
	size_t n, left = strlen(console);

	for (const char *p = console; left; p += n, left -= n) {
		n = left < step ? left : step;
		view_add(v, p, n);
	}
	view_eof(v);
	return stream_text(a, view_stream(v), 0, stream_size(view_stream(v)), &n);
}

START_TEST(without_cuts)
{
	const char *console = cases[_i].console;

	for (size_t step = 1; step <= strlen(console) + 1; step++) {
		struct arena *a = arena_new();
		struct view *v;

		ck_assert_str_eq(view_of(a, console, step, &v), cases[_i].view);
		view_free(v);
		arena_free(a);
	}
}
END_TEST

/* each byte of the view is the byte of the console that its place says */
START_TEST(places)
{
	const char *console = cases[_i].console;
	struct arena *a = arena_new();
	struct view *v;
	char *text = view_of(a, console, strlen(console) + 1, &v);

	for (size_t i = 0; text[i]; i++) {
		/* an end is before what was left out there, so this byte's end is its own */
		uint64_t place = view_console_place(v, i + 1) - 1;

		ck_assert_int_eq(console[place], text[i]);
		ck_assert_uint_eq(view_place(v, place), i);
	}
	view_free(v);
	arena_free(a);
}
END_TEST

START_TEST(cuts)
{
	struct arena *a = arena_new();
	struct view *v;

	view_of(a, "ab" K "cd" K, 7, &v);
	ck_assert(view_is_cut(v, 0, 4) && view_is_cut(v, 1, 3));
	ck_assert(!view_is_cut(v, 0, 2) && !view_is_cut(v, 2, 4));
	/* of what was left out, all is where it stood */
	ck_assert_uint_eq(view_place(v, 2), 2);
	ck_assert_uint_eq(view_place(v, 9), 2);
	ck_assert_uint_eq(view_console_place(v, 2), 2);
	ck_assert_uint_eq(view_console_place(v, 3), strlen("ab" K "c"));
	view_free(v);
	arena_free(a);
}
END_TEST

/* more of them than are remembered: the newest are */
START_TEST(many)
{
	struct view *v = view_new(65536);
	uint64_t size;

	for (int i = 0; i < 20000; i++)
		view_add(v, "a" K, strlen("a" K));
	size = stream_size(view_stream(v));
	ck_assert_uint_eq(size, 20000);
	ck_assert_uint_eq(view_console_place(v, size), 20000 * strlen("a" K) - strlen(K));
	ck_assert_uint_eq(view_place(v, 19999 * strlen("a" K)), 19999);
	view_free(v);
}
END_TEST

Suite *
view_suite(void)
{
	Suite *s = suite_create("view");
	TCase *tc = tcase_create("view");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, without_cuts, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, places, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, cuts);
	tcase_add_test(tc, many);
	return s;
}
