/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/clock.h"
#include "build/test/suites.h"

static const struct {
	const char *text;
	nstime ns;
} times[] = {
	{ "10s", 10 * NS_PER_S },
	{ "250ms", 250 * NS_PER_MS },
	{ "1.5s", 1500 * NS_PER_MS },
	{ "2m", 120 * NS_PER_S },
	{ "1h", 3600 * NS_PER_S },
	{ "0s", 0 },
	{ "10", -1 },
	{ "", -1 },
	{ "s", -1 },
	{ "-1s", -1 },
	{ " 1s", -1 },
	{ "1 s", -1 },
	{ "infs", -1 },
	{ "1e300s", -1 },
};

START_TEST(parse)
{
	ck_assert_int_eq(clock_parse(times[_i].text), times[_i].ns);
}
END_TEST

START_TEST(poll_ms)
{
	ck_assert_int_eq(clock_poll_ms(NS_NEVER), -1);
	ck_assert_int_eq(clock_poll_ms(clock_now() - 1), 0);
	ck_assert_int_eq(clock_poll_ms(INT64_MAX - 1), 2147483647);
	/* rounded up: never 0 while time is left */
	ck_assert_int_gt(clock_poll_ms(clock_now() + 3600 * NS_PER_S), 0);
}
END_TEST

Suite *
clock_suite(void)
{
	Suite *s = suite_of("clock", (const TTest *[]){ poll_ms, NULL });

	tcase_add_loop_test(harness_case(s, "parse"), parse, 0, sizeof times / sizeof *times);
	return s;
}
