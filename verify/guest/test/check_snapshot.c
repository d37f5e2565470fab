/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/snapshot.h"

#include "verify/test/suites.h"

#define HEAD "ID        TAG               VM SIZE                DATE     VM CLOCK     ICOUNT\r\n"

static const struct {
	const char *text;
	double clock;
} clocks[] = {
	/* as QEMU 7.2 has it */
	{ "List of snapshots present on all disks:\r\n" HEAD
	  "--        moving           36.8 MiB 2026-11-28 13:42:19 00:00:30.119           \r\n",
	    30.119 },
	{ HEAD "--   now       378 KiB 2026-11-28 13:42:31 00:01:06.618      \r\n"
	       "--   moving    378 KiB 2026-11-28 13:42:31 100:01:06.500  123 \r\n",
	    360066.5 },
	{ HEAD "--   moving-on 378 KiB 2026-11-28 13:42:31 00:01:06.618\r\n", -1 },
	{ HEAD "--   moving    378 KiB 2026-11-28 13:42:31 \r\n", -1 },
	{ "There is no snapshot available.\r\n", -1 },
	{ "", -1 },
};

START_TEST(has_the_clock_of)
{
	double is = snapshot_clock(clocks[_i].text, "moving");

	ck_assert_msg(is > clocks[_i].clock - 1e-6 && is < clocks[_i].clock + 1e-6, "%f, not %f",
	    is, clocks[_i].clock);
}
END_TEST

Suite *
snapshot_suite(void)
{
	Suite *s = suite_create("snapshot");
	TCase *tc = harness_case(s, "snapshot");

	tcase_add_loop_test(tc, has_the_clock_of, 0, sizeof clocks / sizeof *clocks);
	return s;
}
