/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ntp.h"

#include "verify/test/suites.h"

#include <stdio.h>
#include <string.h>

/* the first four bytes of a query of n bytes, whose transmit stamp is 11 22 .. 88 */
static const struct {
	unsigned char head[4];
	size_t n;
	const char *answer; /* as hexadecimal; NULL: none */
} cases[] = {
	/* half a second past 2033-05-18 03:33:20, to a client of version 4 and of version 3 */
	{ { 0x23, 0, 6, 0 }, 48,
	    "240206ec000000010000000100000000fae0128080000000"
	    "1122334455667788fae0128080000000fae0128080000000" },
	{ { 0xdb, 9, 10, 9 }, 68,
	    "1c020aec000000010000000100000000fae0128080000000"
	    "1122334455667788fae0128080000000fae0128080000000" },
	/* too short, a server, nothing */
	{ { 0x23, 0, 6, 0 }, 47, NULL },
	{ { 0x24, 0, 6, 0 }, 48, NULL },
	{ { 0 }, 0, NULL },
};

START_TEST(answers)
{
	unsigned char query[68] = { 0 }, out[NTP_SIZE];
	char hex[2 * NTP_SIZE + 1];
	bool any;

	memcpy(query, cases[_i].head, 4);
	memcpy(query + 40, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	any = ntp_answer(query, cases[_i].n, 2000000000 * NS_PER_S + NS_PER_S / 2, out);
	ck_assert(any == (cases[_i].answer != NULL));
	for (size_t i = 0; any && i < NTP_SIZE; i++)
		sprintf(hex + 2 * i, "%02x", out[i]);
	if (any)
		ck_assert_str_eq(hex, cases[_i].answer);
}
END_TEST

Suite *
ntp_suite(void)
{
	Suite *s = suite_create("ntp");

	tcase_add_loop_test(harness_case(s, "answers"), answers, 0, sizeof cases / sizeof *cases);
	return s;
}
