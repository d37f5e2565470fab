/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/table.h"

#include "build/base/buf.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <string.h>

#define S NS_PER_S

static const struct table_testcase testcases[] = {
	{ "x86_64", "dhcp", "boot", TABLE_OVER, VERDICT_PASS, 4 * S, NULL, NULL, 0 },
	{ "x86_64", "dhcp", "filesystems", TABLE_OVER, VERDICT_PASS, 22 * S, NULL, NULL, 0 },
	{ "x86_64", "dhcp", "net-dhcp", TABLE_OVER, VERDICT_PASS, 6 * S, NULL, NULL, 0 },
	{ "x86_64", "dhcp", "net-static", TABLE_OVER, VERDICT_SKIP, 0, NULL, NULL, 0 },
	{ "x86_64", "dhcp", "services", TABLE_OVER, VERDICT_PASS, 14 * S, NULL, NULL, 0 },
	{ "x86_64", "static", "boot", TABLE_OVER, VERDICT_PASS, 4 * S, NULL, NULL, 0 },
	{ "x86_64", "static", "filesystems", TABLE_OVER, VERDICT_PASS, 21 * S, NULL, NULL, 0 },
	{ "x86_64", "static", "net-dhcp", TABLE_OVER, VERDICT_SKIP, 0, NULL, NULL, 0 },
	{ "x86_64", "static", "net-static", TABLE_OVER, VERDICT_PASS, 5 * S, NULL, NULL, 0 },
	{ "x86_64", "static", "services", TABLE_OVER, VERDICT_PASS, 15 * S, NULL, NULL, 0 },
	{ "armv7", "dhcp", "boot", TABLE_OVER, VERDICT_PASS, 3 * S, NULL, NULL, 0 },
	{ "armv7", "dhcp", "filesystems", TABLE_OVER, VERDICT_FAIL, 9 * S, NULL, NULL, 0 },
	{ "armv7", "dhcp", "net-dhcp", TABLE_OVER, VERDICT_INCONCLUSIVE, 1 * S, NULL, NULL, 0 },
	{ "armv7", "dhcp", "net-static", TABLE_OVER, VERDICT_SKIP, 0, NULL, NULL, 0 },
	{ "armv7", "dhcp", "services", TABLE_RUNNING, VERDICT_INCONCLUSIVE, 12 * S + S / 2,
	    "wait \"s6-svstat \303\251\033[m\"", NULL, 0 },
	{ "armv7", "static", "boot", TABLE_RUNNING, VERDICT_INCONCLUSIVE, 0,
	    "expect /lh: default up/ @30s", NULL, 0 },
	{ "armv7", "static", "filesystems", TABLE_WAITING, VERDICT_INCONCLUSIVE, 0, NULL, NULL, 0 },
	{ "armv7", "static", "net-static", TABLE_WAITING, VERDICT_INCONCLUSIVE, 0, NULL, NULL, 0 },
	{ "armv7", "static", "services", TABLE_WAITING, VERDICT_INCONCLUSIVE, 0, NULL, NULL, 0 },
};

#define N (sizeof testcases / sizeof *testcases)

static const struct {
	size_t n;
	struct table_look look;
	const char *text;
} cases[] = {
	{ N, { 80, 24, false },
	    "                boot filesystems net-dhcp net-static services\n"
	    "  x86_64 dhcp    ok       ok        ok       skip       ok      46 s\n"
	    "  x86_64 static  ok       ok       skip       ok        ok      45 s\n"
	    "  armv7 dhcp     ok      FAIL      incl      skip       12s     25 s\n"
	    "  armv7 static   0s       .                    .         .       0 s\n"
	    "  14 of 19 over, 2 running, 2 failed\n"
	    "  armv7 dhcp services: wait \"s6-svstat ???[m\"\n"
	    "  armv7 static boot: expect /lh: default up/ @30s\n" },
	{ N, { 60, 24, false },
	    "                boot filesys dhcp    static  service\n"
	    "  x86_64 dhcp    ok     ok      ok     skip     ok     46 s\n"
	    "  x86_64 static  ok     ok     skip     ok      ok     45 s\n"
	    "  armv7 dhcp     ok    FAIL    incl    skip    12s     25 s\n"
	    "  armv7 static   0s     .               .       .       0 s\n"
	    "  14 of 19 over, 2 running, 2 failed\n"
	    "  armv7 dhcp services: wait \"s6-svstat ???[m\"\n"
	    "  armv7 static boot: expect /lh: default up/ @30s\n" },
	{ N, { 46, 24, false },
	    "  x86_64 dhcp   +++-+   46 s\n"
	    "  x86_64 static ++-++   45 s\n"
	    "  armv7 dhcp    +FI->   25 s\n"
	    "  armv7 static  >. ..    0 s\n"
	    "  14 of 19 over, 2 running, 2 failed\n"
	    "  armv7 dhcp services 12 s: wait \"s6-svstat ?\n"
	    "  armv7 static boot 0 s: expect /lh: default \n" },
	{ N, { 36, 24, false },
	    "  x86_64 dhcp   +++-+   46 s\n"
	    "  x86_64 static ++-++   45 s\n"
	    "  armv7 dhcp    +FI->   25 s\n"
	    "  armv7 static  >. ..    0 s\n"
	    "  14 of 19 over, 2 running, 2 faile\n"
	    "  armv7 dhcp services 12 s: wait \"s\n"
	    "  armv7 static boot 0 s: expect /lh\n" },
	{ N, { 20, 24, false }, "  14 of 19 over, 2 \n" },
	{ N, { 80, 6, false },
	    "                boot filesystems net-dhcp net-static services\n"
	    "  x86_64 dhcp    ok       ok        ok       skip       ok      46 s\n"
	    "  armv7 dhcp     ok      FAIL      incl      skip       12s     25 s\n"
	    "  armv7 static   0s       .                    .         .       0 s\n"
	    "  14 of 19 over, 2 running, 2 failed; 1 row not shown\n" },
	{ N, { 80, 3, false }, "  14 of 19 over, 2 running, 2 failed\n" },
	{ N, { 1, 1, false }, " \n" },
	/* it is over: nothing runs, and one network needs no name */
	{ 5, { 80, 24, false },
	    "         boot filesystems net-dhcp net-static services\n"
	    "  x86_64  ok       ok        ok       skip       ok      46 s\n" },
	{ 5, { 80, 24, true },
	    "         boot filesystems net-dhcp net-static services\n"
	    "  x86_64  \033[32mok\033[m       \033[32mok\033[m        \033[32mok\033[m       "
	    "\033[2mskip\033[m       \033[32mok\033[m      46 s\n" },
	{ 0, { 80, 24, true }, "" },
};

START_TEST(fits_the_terminal)
{
	struct buf b = { 0 };
	unsigned lines = 0;

	table_format(&b, testcases, cases[_i].n, &cases[_i].look);
	ck_assert_str_eq(b.n ? b.p : "", cases[_i].text);
	for (const char *p = b.n ? b.p : ""; *p; p = strchr(p, '\n') + 1, lines++)
		ck_assert(cases[_i].look.colour || strcspn(p, "\n") < cases[_i].look.columns ||
			  cases[_i].look.columns < 2);
	ck_assert(lines < cases[_i].look.lines || cases[_i].look.lines < 2);
	buf_free(&b);
}
END_TEST

/* one image and many scenarios, on the terminal that most have: each of them has its letter */
START_TEST(goes_on_below)
{
	static const struct table_look usual = { 80, 24, false }, low = { 80, 3, false };
	struct table_testcase many[130];
	char names[130][8];
	struct buf b = { 0 };

	for (size_t i = 0; i < 130; i++) {
		snprintf(names[i], sizeof names[i], "s%zu", i);
		many[i] = (struct table_testcase){ "x86_64", "dhcp", names[i],
			i < 70	 ? TABLE_OVER
			: i < 71 ? TABLE_RUNNING
				 : TABLE_WAITING,
			i == 3 ? VERDICT_FAIL : VERDICT_PASS, S, "sleep 9", NULL, 0 };
	}
	table_format(&b, many, 130, &usual);
	ck_assert_str_eq(b.p,
	    "  x86_64 +++F+++++++++++++++++++++++++++++++++++++++++++++++++++++++++++\n"
	    "         +++++++>.......................................................\n"
	    "         ....  130 s\n"
	    "  70 of 130 over, 1 running, 1 failed\n"
	    "  x86_64 s70 1 s: sleep 9\n");
	buf_clear(&b);
	table_format(&b, many, 130, &low);
	ck_assert_str_eq(b.p, "  70 of 130 over, 1 running, 1 failed\n");
	buf_free(&b);
}
END_TEST

/* two at a time; the first has run for 4 s, the second is new and so taken for 20 s */
START_TEST(tells_what_is_left)
{
	static const struct table_look look = { 80, 24, false };
	struct table_testcase v[] = {
		{ "i486", "dhcp", "a", TABLE_RUNNING, VERDICT_PASS, 4 * S, NULL, NULL, 10 * S },
		{ "i486", "dhcp", "b", TABLE_RUNNING, VERDICT_PASS, 3 * S, NULL, NULL, 0 },
		{ "i486", "dhcp", "c", TABLE_WAITING, VERDICT_PASS, 0, NULL, NULL, 30 * S },
		{ "i486", "dhcp", "d", TABLE_OVER, VERDICT_PASS, 9 * S, NULL, NULL, 20 * S },
	};
	struct buf b = { 0 };

	table_format(&b, v, 4, &look);
	/* 6, 17 and 30 by two are less than the longest of them */
	ck_assert_ptr_nonnull(strstr(b.p, "  1 of 4 over, 2 running, about 0:30 left\n"));
	buf_clear(&b);
	v[0].usual = 500 * S;
	v[2].usual = 60 * S;
	table_format(&b, v, 4, &look);
	ck_assert_ptr_nonnull(strstr(b.p, "  1 of 4 over, 2 running, about 8:16 left\n"));
	buf_clear(&b);
	/* late, and nothing else is to come */
	v[0].usual = v[1].usual = S;
	v[2].state = TABLE_OVER;
	table_format(&b, v, 4, &look);
	ck_assert_ptr_nonnull(strstr(b.p, "  2 of 4 over, 2 running\n"));
	buf_clear(&b);
	/* one says nothing about four */
	v[0].usual = v[1].usual = v[2].usual = 0;
	table_format(&b, v, 4, &look);
	ck_assert_ptr_nonnull(strstr(b.p, "  2 of 4 over, 2 running\n"));
	buf_free(&b);
}
END_TEST

/* names that are cut must stay apart */
START_TEST(tells_shortened_names_apart)
{
	static const struct table_testcase alike[] = {
		{ "i486", "dhcp", "mutant-sshd-exits", TABLE_WAITING, VERDICT_INCONCLUSIVE, 0, NULL,
		    NULL, 0 },
		{ "i486", "dhcp", "mutant-sshd-exits-minimal", TABLE_WAITING, VERDICT_INCONCLUSIVE,
		    0, NULL, NULL, 0 },
		{ "i486", "dhcp", "mutant-empty-password-minimal", TABLE_WAITING,
		    VERDICT_INCONCLUSIVE, 0, NULL, NULL, 0 },
		{ "i486", "dhcp", "pid1-minimal", TABLE_WAITING, VERDICT_INCONCLUSIVE, 0, NULL,
		    NULL, 0 },
	};
	static const struct table_look narrow = { 36, 24, false };
	struct buf b = { 0 };

	table_format(&b, alike, 4, &narrow);
	ck_assert_str_eq(b.p, "       exit mini min2 min3\n"
			      "  i486   .    .    .    .     0 s\n");
	buf_free(&b);
}
END_TEST

Suite *
table_suite(void)
{
	Suite *s = suite_of("table", (const TTest *[]){ goes_on_below, tells_what_is_left,
					 tells_shortened_names_apart, NULL, NULL });

	tcase_add_loop_test(
	    harness_case(s, "sizes"), fits_the_terminal, 0, sizeof cases / sizeof *cases);
	return s;
}
