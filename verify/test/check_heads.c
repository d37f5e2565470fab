/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/heads.h"

#include "build/base/buf.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *re;
	const char *want; /* the bytes of each place, "*" for any */
} cases[] = {
	{ "login: ", "l o g i" },
	{ "ab", "a b * *" },
	{ "^\\bWARN", "W A R N" },
	{ "Oops:|BUG: |kernel", "BOk Ueo Gpr :ns" },
	{ "(?:s6|utmps)-x", "su 6t * *" },
	{ "lh: (?:\\S+ not|/etc)", "l h : space" },
	{ "(?<name>ab)c", "a b * *" },
	{ "x(ab|cd)+y", "x ac bd *" },
	{ "rc\\.d\\/", "r c . d" },
	/* what may be missing, or there more than once, says nothing of what is behind it */
	{ "abc?d", "a b * *" },
	{ "ab*", "a * * *" },
	{ "ab+c", "a b * *" },
	{ "ab{0}c", "a * * *" },
	{ "x(ab)?cd", "x * * *" },
	{ "^?ab", "* * * *" },
	/* what is not read: any byte */
	{ "[ab]c", "* * * *" },
	{ "a.c", "a * * *" },
	{ "a\\dc", "a * * *" },
	{ "(?=ab)cd", "* * * *" },
	{ "ab(?i)cd", "* * * *" },
	{ "(?#|)ab", "* * * *" },
	{ "a\\Q|\\Eb|c", "* * * *" },
	{ "a\\c|b|c", "* * * *" },
	/* bars that divide nothing */
	{ "ab[|]c|de", "ad be * *" },
	{ "ab[]|]c|de", "ad be * *" },
	{ "ab[[:alpha:]|]c|de", "ad be * *" },
	{ "ab[[:x]yz:]|de", "* * * *" },
	{ "ab\\|cd|efgh", "ae bf g| ch" },
	{ "ab(x|(y|z))|de", "ad be * *" },
};

static void
tell(const struct heads *h, struct buf *b)
{
	for (size_t i = 0; i < HEADS; i++) {
		size_t n = 0;

		buf_adds(b, i ? " " : "");
		for (unsigned c = 0; c < 256; c++)
			n += heads_has(h, i, (unsigned char)c);
		if (n == 256) {
			buf_adds(b, "*");
			continue;
		}
		for (unsigned c = 0; c < 256; c++)
			if (heads_has(h, i, (unsigned char)c))
				buf_addf(b, c == ' ' ? "space" : "%c", c);
	}
}

START_TEST(first_bytes)
{
	struct heads h;
	struct buf b = { 0 };

	heads_of_regex(cases[_i].re, strlen(cases[_i].re), &h);
	tell(&h, &b);
	ck_assert_msg(!strcmp(b.p, cases[_i].want), "/%s/: %s instead of %s", cases[_i].re, b.p,
	    cases[_i].want);
	buf_free(&b);
}
END_TEST

START_TEST(rare)
{
	struct heads h;

	heads_of_literal("a.|", 3, &h);
	ck_assert(
	    h.rare && heads_has(&h, 1, '.') && !heads_has(&h, 1, 'x') && heads_has(&h, 3, 'x'));
	heads_of_literal("a", 1, &h);
	ck_assert(h.rare);
	heads_of_regex("[a-z]+x", 7, &h);
	ck_assert(!h.rare);
}
END_TEST

Suite *
heads_suite(void)
{
	Suite *s = suite_create("heads");
	TCase *tc = tcase_create("heads");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, first_bytes, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, rare);
	return s;
}
