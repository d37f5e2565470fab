/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/triples.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdlib.h>

#define ALL "i486-linux-musl x86_64-linux-musl"

static const struct {
	const char *lh_config, *environment;
	const char *args[2];
	const char *result; /* triples, the chosen one with a star; or the error */
} cases[] = {
	{ "", NULL, { NULL }, "x86_64-linux-musl*" },
	{ "", NULL, { "TRIPLE=i486" }, "i486-linux-musl*" },
	{ "", NULL, { "TRIPLES=all" }, "i486-linux-musl x86_64-linux-musl*" },
	{ "TRIPLE=i486-linux-musl", NULL, { "TRIPLES=all" }, "i486-linux-musl* x86_64-linux-musl" },
	{ "", NULL, { "TRIPLES=x86_64 i486" }, "x86_64-linux-musl* i486-linux-musl" },
	{ "", NULL, { "TRIPLES=i486" }, "i486-linux-musl*" },
	{ "", NULL, { "TRIPLES=i486 i486-linux-musl i486" }, "i486-linux-musl*" },
	{ "", NULL, { "TRIPLES=" }, "x86_64-linux-musl*" },
	{ "", "i486", { NULL }, "i486-linux-musl*" },
	{ "", "i486", { "TRIPLES=" }, "x86_64-linux-musl*" },
	{ "", "foo", { "TRIPLES=i486" }, "i486-linux-musl*" },
	{ "TRIPLES=all", NULL, { NULL }, /* of one call, not of the configuration */
	    "lh-config: TRIPLES: is no variable; it is a word for the command line of lh-build" },
	{ "", NULL, { "TRIPLES=foo" }, "TRIPLES foo: not supported; all, or some of " ALL },
	{ "", NULL, { "TRIPLES=i486 foo" }, "TRIPLES foo: not supported; all, or some of " ALL },
	{ "", NULL, { "TRIPLES=all i486" }, "TRIPLES all: not supported; all, or some of " ALL },
	{ "", NULL, { "TRIPLES=.." }, "TRIPLES ..: not supported; all, or some of " ALL },
	{ "", NULL, { "TRIPLES= " }, "TRIPLES names none; all, or some of " ALL },
	{ "", NULL, { "TRIPLE=" }, "TRIPLE is empty: not supported; one of " ALL },
	{ "", NULL, { "TRIPLE=i586-linux-musl" },
	    "TRIPLE i586-linux-musl: not supported; one of " ALL },
	{ "", NULL, { "TRIPLE=mips", "TRIPLES=all" }, "TRIPLE mips: not supported; one of " ALL },
};

START_TEST(triples_asked_for)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	char *args[2];
	struct triples t;
	struct err e = { 0 };
	struct buf b = { 0 };
	size_t n;

	checkout_file(a, top, "lh-config", cases[_i].lh_config);
	unsetenv("TRIPLES");
	if (cases[_i].environment)
		setenv("TRIPLES", cases[_i].environment, 1);
	for (n = 0; n < 2 && cases[_i].args[n]; n++)
		args[n] = arena_strdup(a, cases[_i].args[n]);
	if (triples_read(a, top, args, n, &t, &e) < 0) {
		ck_assert_str_eq(e.msg, cases[_i].result);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	} else {
		for (size_t i = 0; i < t.n; i++)
			buf_addf(
			    &b, "%s%s%s", i ? " " : "", t.v[i].triple, i == t.chosen ? "*" : "");
		ck_assert_str_eq(b.p, cases[_i].result);
		buf_free(&b);
	}
	arena_free(a);
}
END_TEST

/* lh-config is asked for each of them */
START_TEST(each_has_its_configuration)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a),
	     *args[] = { arena_strdup(a, "TRIPLES=all"), arena_strdup(a, "ROUTER_IP=10.0.2.9") };
	struct triples t;
	struct err e = { 0 };

	checkout_file(a, top, "lh-config", "case $TRIPLE in i486*) SWAP_SIZE=7;; esac\n");
	ck_assert_msg(triples_read(a, top, args, 2, &t, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(t.n, 2);
	ck_assert_uint_eq(t.v[0].swap_mb, 7);
	ck_assert_uint_eq(t.v[1].swap_mb, 256);
	ck_assert_str_eq(t.v[0].router_ip, "10.0.2.9");
	arena_free(a);
}
END_TEST

Suite *
triples_suite(void)
{
	Suite *s = suite_of("triples", (const TTest *[]){ each_has_its_configuration, NULL });

	tcase_add_loop_test(
	    harness_case(s, "asked"), triples_asked_for, 0, sizeof cases / sizeof *cases);
	return s;
}
