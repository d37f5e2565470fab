/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/transcript.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/test/suites.h"

#include <string.h>

/* consoles that are learned from, the file that this makes, one more, and how it differs */
static const struct {
	const char *learned[3], *file, *console, *differs;
} cases[] = {
	{ { "a\nb\n" }, "= a\n= b\n", "b\na\n", "" },
	{ { "a\n" }, "= a\n", "a\na\n", "+ a\n" },
	{ { "a\na\n" }, "= a\n= a\n", "a\n", "- a\n" },
	{ { "a\n" }, "= a\n", "b\n", "- a\n+ b\n" },
	/* what no newline ended may have been cut */
	{ { "a\nb" }, "= a\n", "a\nc", "" },
	{ { "a \r\n\r\n \n" }, "= a\n", " a\n", "" },
	/* the kernel's time is no news; its lines come in the middle of others */
	{ { "[    0.000000] Linux\n" }, "= [#] Linux\n", "[   12.345678] Linux\n", "" },
	{ { "login\n[    1.234567] x\n" }, "= login\n= [#] x\n", "lo[    9.000000] x\r\ngin\n",
	    "" },
	{ { "a\n" }, "= a\n", "a [ 1.23456] b\n", "- a\n+ a [ 1.23456] b\n" },
	{ { "a[1] 2\n" }, "= a[1] 2\n", "a[1] 2\n", "" },
	/* what differs in two consoles may differ in a third; the rest may not */
	{ { "at 1 of 2\n" }, "= at 1 of 2\n", "at 1 of 3\n", "- at 1 of 2\n+ at 1 of 3\n" },
	{ { "at 1 of 2\n", "at 7 of 2\n" }, "= at # of 2\n", "at 5a of 2\n", "" },
	{ { "at 1 of 2\n", "at 7 of 2\n" }, "= at # of 2\n", "at 1 of 3\n",
	    "- at # of 2\n+ at 1 of 3\n" },
	{ { "at 1 of 2\n", "at 7 of 2\n" }, "= at # of 2\n", "at b of 2\n",
	    "- at # of 2\n+ at b of 2\n" },
	{ { "1.5\n", "1.25\n", "17.25\n" }, "= #.#\n", "3.3\n", "" },
	{ { "# 1\n", "# 2\n" }, "= # #\n", "# 3\n", "" },
	{ { "# 1\n", "# 2\n" }, "= # #\n", "4 3\n", "" },
	{ { "key abcdefghijklmnop\n", "key ponmlkjihgfedcba\n" }, "= key #\n",
	    "key ponmabcdefghlkjihgfedcba\n", "" },
	{ { "SHA256:YEUaGjXf0XPiAGu+CQFF+0SiJ+uNtP/FMLbEYe8qSBo\n",
	      "SHA256:25SDe2Lqb8LxgX1odGxwHYRTWKvw16ZT1VhnNb9nS3s\n" },
	    "= SHA256:#\n", "SHA256:/GaGDjXfzXPiAGuACQFFb0SiJduNtPeFMLbEYefqSBo\n", "" },
	{ { "/lib/modules/kernel/net/eth0\n", "/lib/modules/kernel/net/eth1\n" },
	    "= /lib/modules/kernel/net/#\n", "/lib/modules/kernel/fs/eth2\n",
	    "- /lib/modules/kernel/net/#\n+ /lib/modules/kernel/fs/eth2\n" },
	/* what is not always there is missed by nobody */
	{ { "a\nb\n", "a\n" }, "= a\n? b\n", "a\n", "" },
	{ { "a\n", "a\nb\n" }, "= a\n? b\n", "a\nb\n", "" },
	{ { "a\nc\n", "a\nb\nc\n" }, "= a\n? b\n= c\n", "c\n", "- a\n" },
	{ { "a\n", "b\n", "c\n" }, "? c\n? b\n? a\n", "a\nb\nc\nd\n", "+ d\n" },
	{ { "n 1\n", "n 2\nn 3\n" }, "= n #\n? n 3\n", "n 9\n", "" },
	/* a line that fits is not given to another one */
	{ { "n 1\nn 2\n" }, "= n 1\n= n 2\n", "n 2\nn 1\n", "" },
	{ { "n 1\nn 2\n" }, "= n 1\n= n 2\n", "n 2\nn 3\n", "- n 1\n+ n 3\n" },
	/* nothing for a terminal is in it */
	{ { "\033[1;31mred\033[0m\007\x80\n" }, "= red??\n", "red??\n", "" },
	{ { "a\033[\n" }, "= a\n", "a\033[12\n", "" },
	{ { "= a\n? b\n" }, "= = a\n= ? b\n", "= a\n? b\n", "" },
};

static void
from(struct arena *a, const char *console, struct transcript *t)
{
	struct err e;

	ck_assert_msg(transcript_of(a, "c", console, strlen(console), t, &e) == 0, "%s", e.msg);
}

START_TEST(learns_and_compares)
{
	struct arena *a = arena_new();
	struct transcript t = { 0 }, c, again;
	struct buf b = { 0 };
	struct err e;

	for (size_t i = 0; i < 3 && cases[_i].learned[i]; i++) {
		from(a, cases[_i].learned[i], &c);
		ck_assert_msg(transcript_learn(a, &t, &c, &e) == 0, "%s", e.msg);
	}
	transcript_write(&t, &b);
	buf_add(&b, "", 1);
	ck_assert_str_eq(strchr(strchr(b.p, '\n') + 1, '\n') + 1, cases[_i].file);
	/* as it is read again */
	ck_assert_msg(transcript_parse(a, "t", arena_strdup(a, b.p), &again, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(again.consoles, t.consoles);
	from(a, cases[_i].console, &c);
	buf_clear(&b);
	transcript_compare(a, &again, &c, &b);
	buf_add(&b, "", 1);
	ck_assert_str_eq(b.p, cases[_i].differs);
	/* and those that it was learned from do not differ */
	for (size_t i = 0; i < 3 && cases[_i].learned[i]; i++) {
		from(a, cases[_i].learned[i], &c);
		ck_assert_uint_eq(transcript_compare(a, &again, &c, &b), 0);
	}
	buf_free(&b);
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *error;
} bad[] = {
	{ "", "t: no transcript: its first line is not \"lh-transcript 1\"" },
	{ "Linux\n", "t: no transcript: its first line is not \"lh-transcript 1\"" },
	{ "lh-transcript 1\n", "t:1: expected: consoles N" },
	{ "lh-transcript 1\nconsoles\n", "t:2: expected: consoles N" },
	{ "lh-transcript 1\nconsoles 0\n", "t:2: expected: consoles N" },
	{ "lh-transcript 1\nconsoles -1\n", "t:2: expected: consoles N" },
	{ "lh-transcript 1\nconsoles 1 2\n", "t:2: expected: consoles N" },
	{ "lh-transcript 1\nconsoles 1\n= a\nb\n",
	    "t:4: expected: = LINE, or ? LINE when it is not always there" },
	{ "lh-transcript 1\nconsoles 1\n=\n",
	    "t:3: expected: = LINE, or ? LINE when it is not always there" },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	struct transcript t;
	struct err e;

	ck_assert_int_eq(transcript_parse(a, "t", arena_strdup(a, bad[_i].text), &t, &e), -1);
	ck_assert_str_eq(e.msg, bad[_i].error);
	arena_free(a);
}
END_TEST

/* neither a flood nor its lines that are all of a kind take long, or much */
START_TEST(has_a_bound)
{
	struct arena *a = arena_new();
	struct transcript t = { 0 }, c;
	struct buf b = { 0 };
	struct err e;

	for (int i = 0; i < TRANSCRIPT_MOST; i++)
		buf_addf(&b, "line %d\n", i);
	ck_assert_int_eq(transcript_of(a, "c", b.p, b.n, &c, &e), 0);
	ck_assert_int_eq(transcript_learn(a, &t, &c, &e), 0);
	buf_adds(&b, "one more\n");
	ck_assert_int_eq(transcript_of(a, "c", b.p, b.n, &c, &e), -1);
	ck_assert_str_eq(e.msg, "c: more than 20000 lines");
	from(a, "one more\n", &c);
	ck_assert_int_eq(transcript_learn(a, &t, &c, &e), -1);
	ck_assert_str_eq(e.msg, "more than 20000 lines in 2 consoles: they have little in common");
	buf_free(&b);
	arena_free(a);
}
END_TEST

Suite *
transcript_suite(void)
{
	Suite *s = suite_create("transcript");
	TCase *tc = harness_case(s, "transcript");

	tcase_add_loop_test(tc, learns_and_compares, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, has_a_bound);
	return s;
}
