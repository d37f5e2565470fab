/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/share.h"

#include "build/base/clock.h"
#include "verify/test/suites.h"

#include <unistd.h>

#define MS UINT64_C(1000000)

static const struct {
	struct share s;
	double scale, slowdown;
	bool starved;
} shares[] = {
	{ { 0, 0 }, 1, 1, false }, { { 10000 * MS, 0 }, 1, 1, false },
	{ { 1000 * MS, 3000 * MS }, 1, 4, false }, { { 1000 * MS, 3100 * MS }, 1, 4.1, true },
	{ { 1000 * MS, 3100 * MS }, 2, 4.1, false }, /* timeouts are longer */
	{ { 1000 * MS, 11000 * MS }, 8, 12, false },
	{ { 1000 * MS, 11500 * MS }, 8, 12.5, true }, /* but not those inside the guest */
	{ { 10 * MS, 400 * MS }, 1, 41, false },      /* it hardly wanted to run */
	{ { 0, 5000 * MS }, 8, 13, true },	      /* and never did */
};

START_TEST(starves_by_what_it_waited)
{
	ck_assert_double_eq_tol(share_slowdown(&shares[_i].s), shares[_i].slowdown, 0.001);
	ck_assert_int_eq(share_starved(&shares[_i].s, shares[_i].scale), shares[_i].starved);
}
END_TEST

START_TEST(lost_threads_give_nothing_back)
{
	const struct share from = { 100, 50 }, to = { 80, 70 };

	ck_assert_uint_eq(share_between(&from, &to).ran, 0);
	ck_assert_uint_eq(share_between(&from, &to).waited, 20);
}
END_TEST

START_TEST(takes_what_the_kernel_counts)
{
	struct share before, after;
	nstime began = clock_now();

	ck_assert(share_of(getpid(), &before));
	do /* work that the kernel has to see */
		ck_assert(share_of(getpid(), &after));
	while (after.ran == before.ran && clock_now() - began < 60 * NS_PER_S);
	ck_assert_uint_gt(after.ran, before.ran);
	ck_assert(!share_of(0, &after));
}
END_TEST

static const struct {
	const char *line;
	bool tells;
} lines[] = {
	{ "s6-ftrigrd: fatal: unable to sync with client: Operation timed out", true },
	{ "s6-sudoc: fatal: unable to connect: Connection Timed out", true },
	{ "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", true },
	{ "watchdog: BUG: soft lockup - CPU#0 stuck for 22s!", true },
	{ "INFO: task s6-rc:12 blocked for more than 120 seconds.", true },
	{ "Kernel panic - not syncing: Attempted to kill init!", false },
	{ "s6-rc-init: fatal: unable to open database: No such file or directory", false },
	{ "", false },
};

START_TEST(knows_a_time_that_ran_out)
{
	ck_assert_int_eq(share_tells(lines[_i].line), lines[_i].tells);
}
END_TEST

Suite *
share_suite(void)
{
	Suite *s = suite_create("share");
	TCase *tc = harness_case(s, "share");

	tcase_add_loop_test(tc, starves_by_what_it_waited, 0, sizeof shares / sizeof *shares);
	tcase_add_loop_test(tc, knows_a_time_that_ran_out, 0, sizeof lines / sizeof *lines);
	tcase_add_test(tc, lost_threads_give_nothing_back);
	tcase_add_test(tc, takes_what_the_kernel_counts);
	return s;
}
