/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/printk.h"

#include "build/test/harness.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct {
	const char *text;
	int length;
} cases[] = {
	{ "[    0.000000] ", 15 },
	{ "[    0.000000] Linux", 15 },
	{ "[1.000000] x", 11 },
	{ "[12345678.000000] x", 18 },
	/* not yet */
	{ "", 0 },
	{ "[", 0 },
	{ "[  ", 0 },
	{ "[ 1", 0 },
	{ "[ 1.", 0 },
	{ "[ 1.00000", 0 },
	{ "[ 1.000000", 0 },
	{ "[ 1.000000]", 0 },
	/* and never */
	{ "x", -1 },
	{ " [1.000000] ", -1 },
	{ "[]", -1 },
	{ "[.000000] ", -1 },
	{ "[ 1 .000000] ", -1 },
	{ "[1.00000] ", -1 },
	{ "[1.0000000] ", -1 },
	{ "[1.00000x] ", -1 },
	{ "[1.000000]x", -1 },
	{ "[1.000000 ]", -1 },
	{ "[-1.000000] ", -1 },
	{ "[ ok ] ", -1 },
};

START_TEST(a_stamp_is_one)
{
	ck_assert_int_eq(printk_stamp(cases[_i].text, strlen(cases[_i].text)), cases[_i].length);
}
END_TEST

/* whatever comes behind them: what is told of few bytes holds for more */
START_TEST(a_beginning_of_one_may_become_one)
{
	static const char whole[] = "[    7.654321] ";

	for (size_t n = 0; n < sizeof whole - 1; n++)
		ck_assert_int_eq(printk_stamp(whole, n), 0);
}
END_TEST

Suite *
printk_suite(void)
{
	Suite *s = suite_create("printk");
	TCase *tc = harness_case(s, "printk");

	tcase_add_loop_test(tc, a_stamp_is_one, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, a_beginning_of_one_may_become_one);
	return s;
}
