/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/publish/reproduce.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

static const struct {
	const char *args[4];
	const char *user, *words;
	const char *env;
} cases[] = {
	{ { "JOBS=2", "PROFILE=s6", NULL }, NULL,
	    "--net=dhcp OUTPUT=/x/output CACHE=/x/cache JOBS=3 TRIPLE=x86_64-linux-musl "
	    "PROFILE=s6",
	    "" },
	/* what it shall not take over, and what it shall */
	{ { "JOBS=1", "KERNEL=cached", "SECOND=/elsewhere", NULL }, "daemon",
	    "--net=dhcp OUTPUT=/x/output CACHE=/x/cache JOBS=2 TRIPLE=x86_64-linux-musl "
	    "NORMALUSER=daemon",
	    "" },
	{ { "JOBS=1", "USE_DHCP=false", "SET=2024-10", "TRIPLE=i486-linux-musl" }, NULL,
	    "--net=static OUTPUT=/x/output CACHE=/x/cache JOBS=2 TRIPLE=i486-linux-musl "
	    "SET=2024-10 USE_DHCP=false",
	    "" },
	{ { "JOBS=1", "VERSION_one=0.9", "COUNTRY_CODE=fr", NULL }, NULL,
	    "--net=dhcp OUTPUT=/x/output CACHE=/x/cache JOBS=2 TRIPLE=x86_64-linux-musl "
	    "COUNTRY_CODE=fr VERSION_one=0.9",
	    "" },
	/* everybody may read a command line */
	{ { "JOBS=1", "ROOT_PASSWORD=toor", "MIRRORS=https://me:pw@a.example/ https://b.example/",
	      "CACHE_URL=https://c.example" },
	    NULL,
	    "--net=dhcp OUTPUT=/x/output CACHE=/x/cache JOBS=2 TRIPLE=x86_64-linux-musl "
	    "CACHE_URL=https://c.example",
	    "'MIRRORS=https://me:pw@a.example/ https://b.example/' ROOT_PASSWORD=toor" },
};

START_TEST(words_of_the_second)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct argv v = { .a = a }, env = { .a = a };
	struct config c;
	struct err e = { 0 };
	char *args[4];
	size_t n = 0;

	for (; n < 4 && cases[_i].args[n]; n++)
		args[n] = arena_strdup(a, cases[_i].args[n]);
	ck_assert_msg(config_read(a, top, args, n, &c, &e) == 0, "%s", e.msg);
	/* made by lh-build itself: told to nobody */
	config_set(a, &c, "ROOT_HASH", "$6$secret", "credentials");
	reproduce_words(&c, "/x", cases[_i].user, &v, &env);
	ck_assert_str_eq(argv_quoted(&v),
	    arena_printf(a, "/proc/self/exe build -C /x/checkout %s", cases[_i].words));
	ck_assert_str_eq(env.n ? argv_quoted(&env) : "", cases[_i].env);
	arena_free(a);
}
END_TEST

Suite *
reproduce_suite(void)
{
	Suite *s = suite_create("reproduce");

	tcase_add_loop_test(
	    harness_case(s, "words"), words_of_the_second, 0, sizeof cases / sizeof *cases);
	return s;
}
