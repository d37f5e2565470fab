/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/test/suites.h"

#include <stdint.h>
#include <string.h>

START_TEST(zeroed_aligned_apart)
{
	struct arena *a = arena_new();
	unsigned char *p[3000];

	for (size_t i = 0; i < 3000; i++) {
		size_t n = i * 7 % 40000; /* small ones, and ones with a chunk of their own */

		p[i] = arena_alloc(a, n + 1);
		ck_assert_uint_eq((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k <= n; k += 97)
			ck_assert_uint_eq(p[i][k], 0);
		memset(p[i], (int)(i % 251) + 1, n + 1);
	}
	for (size_t i = 0; i < 3000; i++)
		for (size_t k = 0; k <= i * 7 % 40000; k += 97)
			ck_assert_uint_eq(p[i][k], i % 251 + 1);
	arena_free(a);
}
END_TEST

START_TEST(text)
{
	struct arena *a = arena_new();
	char *big;

	ck_assert_str_eq(arena_printf(a, "%s-%d", "x", 7), "x-7");
	ck_assert_str_eq(arena_strndup(a, "abcdef", 3), "abc");
	big = arena_printf(a, "%0100000d", 5);
	ck_assert_uint_eq(strlen(big), 100000);
	ck_assert_int_eq(big[99999], '5');
	arena_free(a);
}
END_TEST

START_TEST(grow_keeps)
{
	struct arena *a = arena_new();
	int *v = NULL;

	for (size_t n = 0; n < 1000; n++) {
		v = arena_grow(a, v, n, n + 1, sizeof *v);
		v[n] = (int)n;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v[i], i);
	v = NULL;
	for (size_t n = 0; n < 1000; n++) {
		v = arena_more(a, v, n, sizeof *v);
		v[n] = (int)n;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v[i], i);
	arena_free(a);
	arena_free(NULL);
}
END_TEST

Suite *
arena_suite(void)
{
	return suite_of("arena", (const TTest *[]){ zeroed_aligned_apart, text, grow_keeps, NULL });
}
