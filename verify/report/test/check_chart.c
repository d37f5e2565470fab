/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/chart.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/test/suites.h"

#include <string.h>

#define AT(seconds, nano) "@40000000000000" #seconds #nano

/*
 * the kernel began at 0x10 s; d waits for c, by way of the oneshot `once`; c for a, which is later
 * than b
 */
static const char boot[] = "moment " AT(
    1a, 00000000) " 10.00\n"
		  "d " AT(16, 00000000) " " AT(
		      18, 00000000) " once\n"
				    "once - - c\n"
				    "c " AT(12, 00000000) " " AT(
					10, 00000000) " a b\n"
						      "a " AT(11, 00000000) " " AT(12,
							  00000000) "\n"
								    "b<b " AT(11, 00000000) " " AT(
									11, 1dcd6500) "\n";

START_TEST(draws_a_boot)
{
	static const char *const parts[] = {
		"height=124 role=img", /* five bars */
		">0 s</text>",
		">8 s</text>",
		"<rect class=slow x=280.0 y=20 width=90.0 height=14 rx=2><title>a: started at 1.00 "
		"s, ready at 2.00 s",
		"<rect x=280.0 y=40 width=45.0 height=14 rx=2><title>b&lt;b: started at 1.00 s, "
		"ready at 1.50 s",
		"<rect class=slow x=370.0 y=60 width=3.0 height=14 rx=2><title>c: started at 2.00 "
		"s, ready at 2.00 s",
		/* from c's readiness to d's start */
		"<rect class=once x=370.0 y=80 width=360.0 height=14 rx=2><title>once: a oneshot, "
		"done between 2.00 s and 6.00 s",
		"<rect class=slow x=730.0 y=100 width=180.0 height=14 rx=2><title>d: started at "
		"6.00 s, ready at 8.00 s",
	};
	struct buf b = { 0 };

	ck_assert(chart_svg(&b, boot));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		ck_assert_msg(strstr(b.p, parts[i]) != NULL, "lacks %s in %s", parts[i], b.p);
	buf_free(&b);
}
END_TEST

/* of a service that is called work, too, and beside what was worked */
START_TEST(tells_phases)
{
	static const struct {
		const char *name;
		nstime took;
	} phases[] = { { "to-first-service", NS_PER_S }, { "to-last-service", 2 * NS_PER_S },
		{ "work", NS_PER_S }, { "work all", 3572 * NS_PER_MS },
		{ "work a", 20 * NS_PER_MS } };
	struct arena *a = arena_new();
	struct chart_phase *v;
	size_t n = chart_phases(a,
	    "moment " AT(1a, 00000000) " 10\nwork " AT(11, 00000000) " " AT(
		12, 00000000) "\n"
			      "work all 3.572\nwork a 2e-2\nwork b 0e-2\nwork - -\nwork c -1\n",
	    &v);

	ck_assert_uint_eq(n, sizeof phases / sizeof *phases);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(v[i].name, phases[i].name);
		ck_assert_int_eq(v[i].took, phases[i].took);
	}
	arena_free(a);
}
END_TEST

START_TEST(draws_work)
{
	struct buf b = { 0 };

	ck_assert(chart_svg(&b, "work all 2.5\nwork a 1e-1\n"));
	ck_assert_ptr_nonnull(strstr(b.p, "<rect x=190.0 y=20 width=28.8 height=14 rx=2><title>a: "
					  "0.100 s<"));
	ck_assert_ptr_nonnull(strstr(b.p, "<title>all: 2.500 s<"));
	ck_assert_ptr_null(strstr(b.p, "slow"));
	buf_free(&b);
}
END_TEST

static const char *const nothing[] = { "", "moment\n", "a - -\n", "a " AT(11, 00000000) " -\n",
	"moment x 1\na b c d\n", "moment " AT(1a, 00000000) " 10\na @4 @4\n",
	/* numbers, but no time that a kernel can have run */
	"moment " AT(1a, 00000000) " inf\na " AT(11, 00000000) " " AT(12, 00000000) "\n",
	"moment " AT(1a, 00000000) " nan\na " AT(11, 00000000) " " AT(12, 00000000) "\n",
	"moment " AT(1a, 00000000) " 1e300\na " AT(11, 00000000) " " AT(12, 00000000) "\n",
	/* less than labels count in */
	"work a 0.0000000001\n",
	"moment " AT(1a, 00000000) " 10.00000000000004\na " AT(10, 00000000) " " AT(
	    10, 00000000) "\n",
	/* the clock was set since: all is from before the kernel began */
	"moment " AT(1a, 00000000) " 1\na " AT(11, 00000000) " " AT(12, 00000000) "\n" };

START_TEST(draws_nothing_of_nothing)
{
	struct buf b = { 0 };

	ck_assert(!chart_svg(&b, nothing[_i]));
	ck_assert_uint_eq(b.n, 0);
	buf_free(&b);
}
END_TEST

/* the clock stood in 1970 when it booted, and was set: half a century, and not a tick a second */
START_TEST(an_age_has_few_ticks)
{
	struct buf b = { 0 };
	size_t ticks = 0;

	/* 0x68000010 - 0x10 seconds, and the kernel began at 0x10 */
	ck_assert(chart_svg(&b, "moment @400000000000001a00000000 10\n"
				"a @400000000000001100000000 @400000006800001000000000\n"));
	for (const char *p = b.p; (p = strstr(p, "class=ax")); p++)
		ticks++;
	ck_assert_uint_ge(ticks, 2);
	ck_assert_uint_le(ticks, 26);
	buf_free(&b);
}
END_TEST

/* who waits for himself is drawn all the same */
START_TEST(a_circle_ends)
{
	struct buf b = { 0 };

	ck_assert(chart_svg(&b, "moment " AT(1a, 00000000) " 10\na " AT(11, 00000000) " - b\nb " AT(
				    11, 00000000) " - a\no - - o\n"));
	ck_assert_ptr_nonnull(strstr(b.p, "<title>b: started"));
	buf_free(&b);
}
END_TEST

/*
 * mount waits for a by way of dev, and b for it by way of swap; a bundle waits for all and is no
 * step of the boot; late was restarted, so nothing is known of what it waited for
 */
START_TEST(oneshots_are_between_others)
{
	static const char *const titles[] = {
		"<title>dev: a oneshot, done between 1.00 s and 4.00 s<",
		"<title>mount: a oneshot, done between 1.00 s and 4.00 s<",
		"<title>swap: a oneshot, done between 1.00 s and 4.00 s<",
		"<title>early: a oneshot, done between 0.00 s and 1.00 s<",
	};
	struct buf b = { 0 };

	ck_assert(
	    chart_svg(&b, "moment " AT(1a, 00000000) " 10\na " AT(11,
			      00000000) " - early\nearly - - nobody\n"
					"dev - - a\nmount - - dev\nswap - - mount swap\n"
					"b " AT(14, 00000000) " - swap dev\nall - - a b swap\n"
							      "odd - - late\nc " AT(12,
								  00000000) " - odd\nlate " AT(15,
								  00000000) " -\n"));
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
		ck_assert_msg(strstr(b.p, titles[i]) != NULL, "lacks %s in %s", titles[i], b.p);
	ck_assert_ptr_null(strstr(b.p, "<title>all"));
	ck_assert_ptr_null(strstr(b.p, "<title>odd"));
	buf_free(&b);
}
END_TEST

/* as many as there may be, each waiting for those before it */
START_TEST(many_take_no_time)
{
	struct buf text = { 0 }, b = { 0 };

	buf_adds(&text, "moment " AT(1a, 00000000) " 10\nx0 " AT(11, 00000000) " -\n");
	for (int i = 1; i < 2000; i++) {
		if (i % 2)
			buf_addf(&text, "x%d - -", i);
		else
			buf_addf(&text, "x%d " AT(12, 00000000) " -", i);
		for (int k = i > 60 ? i - 60 : 0; k < i; k++)
			buf_addf(&text, " x%d", k);
		buf_adds(&text, "\n");
	}
	ck_assert(chart_svg(&b, text.p));
	ck_assert_ptr_nonnull(strstr(b.p, "<title>x497: a oneshot, done between 2.00 s and"));
	ck_assert_ptr_null(strstr(b.p, "<title>x500"));
	buf_free(&text);
	buf_free(&b);
}
END_TEST

Suite *
chart_suite(void)
{
	Suite *s = suite_of("chart",
	    (const TTest *[]){ draws_a_boot, draws_work, tells_phases, a_circle_ends,
		an_age_has_few_ticks, oneshots_are_between_others, many_take_no_time, NULL });

	tcase_add_loop_test(harness_case(s, "nothing"), draws_nothing_of_nothing, 0,
	    sizeof nothing / sizeof *nothing);
	return s;
}
