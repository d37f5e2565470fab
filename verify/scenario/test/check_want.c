/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/one_line.h"
#include "verify/scenario/want.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/scenario/names.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#include <string.h>

/* "a ${name} b" cut at the names, as the scenario reader does */
static struct templ
templ(struct arena *a, const char *text)
{
	struct templ t = { .v = arena_array(a, 9, sizeof *t.v) };

	while (*text) {
		const char *at = strstr(text, "${");
		size_t n = at ? (size_t)(at - text) : strlen(text);

		if (n)
			t.v[t.n++] = (struct templ_part){ arena_strndup(a, text, n), false };
		text += n;
		if (at) {
			n = strcspn(text, "}");
			t.v[t.n++] = (struct templ_part){ arena_strndup(a, text + 2, n - 2), true };
			text += n + 1;
		}
	}
	return t;
}

static struct step
step(struct arena *a, enum want_kind kind, const char *text, int status)
{
	struct step s = { .want = kind, .status = status };
	char *w[8], *copy = arena_strdup(a, text);

	if (kind == WANT_ALL || kind == WANT_HAS) {
		s.nwant_words = words(copy, w, 8);
		s.want_words = arena_array(a, 8, sizeof *s.want_words);
		for (size_t i = 0; i < s.nwant_words; i++)
			s.want_words[i] = templ(a, w[i]);
	} else {
		s.want_text = templ(a, text);
	}
	return s;
}

static struct names
some_names(struct arena *a)
{
	struct names n = { .a = a };

	names_set(&n, "host", "a.b");
	names_set(&n, "services", "klogd sshd  getty");
	names_set(&n, "absent", NULL);
	names_set(&n, "empty", "");
	return n;
}

static const struct {
	enum want_kind kind;
	const char *text;
	int status; /* wanted */
	int had;    /* what the command left; -1: it had none */
	const char *out;
	int met;
	const char *shown, *got; /* got only where not met */
} cases[] = {
	{ WANT_NONE, "", 0, 0, "whatever", 1, "status 0", NULL },
	{ WANT_NONE, "", 0, 3, "sh: x: not found\n", 0, "status 0", "status 3: sh: x: not found" },
	{ WANT_NONE, "", 0, 1, "", 0, "status 0", "status 1" },
	{ WANT_NONE, "", 7, 7, "", 1, "status 7", NULL },
	{ WANT_NONE, "", 7, 0, "", 0, "status 7", "status 0" },
	{ WANT_NONE, "", -1, 99, "", 1, "any status", NULL },
	{ WANT_RE, "^true true$", 0, 0, "true true\n", 1, "/^true true$/", NULL },
	{ WANT_RE, "^true true$", 0, 0, "true false\r\n", 0, "/^true true$/", "true false" },
	{ WANT_RE, "^true$", 0, 1, "true\n", 0, "/^true$/", "status 1: true" },
	{ WANT_RE, "x", 1, 1, "xx", 1, "/x/, status 1", NULL },
	/* a name in a pattern stands for itself, not for a pattern */
	{ WANT_RE, "^${host}$", 0, 0, "aXb\n", 0, "/^a\\.b$/", "aXb" },
	{ WANT_RE, "^${host}$", 0, 0, "a.b\n", 1, "/^a\\.b$/", NULL },
	{ WANT_TEXT, "is ${host}", 0, 0, "this is a.b!", 1, "\"is a.b\"", NULL },
	{ WANT_TEXT, "is ${host}", 0, 0, "this is aXb!", 0, "\"is a.b\"", "this is aXb!" },
	{ WANT_ALL, "${services}", 0, 0, "sshd\nklogd\ngetty\n", 1,
	    "the words klogd sshd getty and no others", NULL },
	{ WANT_ALL, "${services}", 0, 0, "sshd extra\ngetty extra\n", 0,
	    "the words klogd sshd getty and no others", "missing: klogd; unexpected: extra" },
	{ WANT_ALL, "a b", 0, 0, "", 0, "the words a b and no others", "missing: a b" },
	/* as often as they are wanted */
	{ WANT_ALL, "b a b", 0, 0, "b b a", 1, "the words b a b and no others", NULL },
	{ WANT_ALL, "a b", 0, 0, "b a b b", 0, "the words a b and no others",
	    "unexpected: b (again)" },
	{ WANT_ALL, "b a b b", 0, 0, "b a", 0, "the words b a b b and no others",
	    "missing: b (again)" },
	{ WANT_ALL, "a", 0, 0, "a c c", 0, "the words a and no others", "unexpected: c" },
	{ WANT_HAS, "getty ${host}", 0, 0, "klogd getty a.b sshd", 1, "the words getty a.b", NULL },
	{ WANT_HAS, "getty", 0, 0, "gett y", 0, "the words getty", "missing: getty" },
	{ WANT_EMPTY, "", 0, 0, " \n\t\n", 1, "nothing", NULL },
	{ WANT_EMPTY, "", 0, 0, "\x01 udhcpc", 0, "nothing", "\\x01 udhcpc" },
	/* no status to judge: a value, not a command */
	{ WANT_RE, "^3", 0, -1, "3.14", 1, "/^3/", NULL },
};

START_TEST(judges)
{
	struct arena *a = arena_new();
	struct names names = some_names(a);
	struct step s = step(a, cases[_i].kind, cases[_i].text, cases[_i].status);
	const char *got = NULL;
	struct want *w;
	struct err e = { 0 };

	ck_assert_msg(want_new(a, &s, &names, &w, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(want_text(w), cases[_i].shown);
	ck_assert_int_eq(
	    want_met(a, w, cases[_i].had, cases[_i].out, strlen(cases[_i].out), &names, &got, &e),
	    cases[_i].met);
	if (!cases[_i].met)
		ck_assert_str_eq(got, cases[_i].got);
	arena_free(a);
}
END_TEST

START_TEST(keeps_what_a_pattern_names)
{
	struct arena *a = arena_new();
	struct names names = some_names(a);
	struct step s = step(a, WANT_RE, "inet (?<addr>[0-9.]+)/(?<bits>\\d+)(?<never>x)?", 0);
	const char *got, *out = "    inet 10.0.2.15/24 brd";
	struct want *w;
	struct err e;

	ck_assert_int_eq(want_new(a, &s, &names, &w, &e), 0);
	ck_assert_int_eq(want_met(a, w, 0, out, strlen(out), &names, &got, &e), 1);
	ck_assert_str_eq(names_get(&names, "addr"), "10.0.2.15");
	ck_assert_str_eq(names_get(&names, "bits"), "24");
	ck_assert_ptr_null(names_get(&names, "never"));
	arena_free(a);
}
END_TEST

static const struct {
	enum want_kind kind;
	const char *text, *message;
} bad[] = {
	{ WANT_TEXT, "x${absent}", "${absent} has no value here" },
	{ WANT_RE, "x${absent}", "${absent} has no value here" },
	{ WANT_ALL, "a ${nobody}", "${nobody} has no value here" },
	/* what is always met is no wish */
	{ WANT_TEXT, "${empty}", "-> \"\": the text is empty here: any output has it" },
	{ WANT_RE, "${empty}", "-> //: the pattern is empty here: it matches anything" },
	{ WANT_ALL, "${empty}", "-> all: there are no words here" },
	{ WANT_HAS, "${empty} ${empty}", "-> has: there are no words here" },
};

START_TEST(needs_values)
{
	struct arena *a = arena_new();
	struct names names = some_names(a);
	struct step s = step(a, bad[_i].kind, bad[_i].text, 0);
	struct want *w;
	struct err e;

	ck_assert_int_eq(want_new(a, &s, &names, &w, &e), -1);
	ck_assert_str_eq(e.msg, bad[_i].message);
	arena_free(a);
}
END_TEST

/* 200,000 words are sorted, not each compared with each: that would take minutes */
START_TEST(judges_many_words)
{
	struct arena *a = arena_new();
	struct names names = some_names(a);
	struct step s = step(a, WANT_ALL, "7 a b", 0);
	struct buf out = { 0 };
	const char *got;
	struct want *w;
	struct err e;

	for (unsigned i = 0; i < 200000; i++)
		buf_addf(&out, "%u\n", i % 100000);
	ck_assert_int_eq(want_new(a, &s, &names, &w, &e), 0);
	ck_assert_int_eq(want_met(a, w, 0, out.p, out.n, &names, &got, &e), 0);
	ck_assert_msg(
	    !strncmp(got, "missing: a b; unexpected: 0 1 10 100 1000 10000 10001 ", 54), "%s", got);
	ck_assert_uint_lt(strlen(got), 1000);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(makes_one_line)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(one_line(a, "  a\r\n\tb\x1b[K \xff\n", 12, 100), "a b\\x1b[K \\xff");
	ck_assert_str_eq(one_line(a, "0123456789", 10, 4), "0123 ...");
	ck_assert_str_eq(one_line(a, "", 0, 4), "");
	arena_free(a);
}
END_TEST

START_TEST(fills_patterns_from_their_source)
{
	struct arena *a = arena_new();
	struct names names = some_names(a);
	const char *re;
	struct err e;

	ck_assert_int_eq(names_fill_source(&names, "^${host} login: \\${", &re, &e), 0);
	ck_assert_str_eq(re, "^a\\.b login: \\${");
	ck_assert_int_eq(names_fill_source(&names, "${nobody}", &re, &e), -1);
	ck_assert_str_eq(e.msg, "${nobody} has no value here");
	names_set(&names, "host", "other");
	ck_assert_str_eq(names_get(&names, "host"), "other");
	arena_free(a);
}
END_TEST

Suite *
want_suite(void)
{
	Suite *s = suite_create("want");
	TCase *tc = harness_case(s, "want");

	tcase_add_loop_test(tc, judges, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, needs_values, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, keeps_what_a_pattern_names);
	tcase_add_test(tc, judges_many_words);
	tcase_add_test(tc, makes_one_line);
	tcase_add_test(tc, fills_patterns_from_their_source);
	return s;
}
