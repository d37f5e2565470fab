/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/plan/plan.h"
#include "build/source/fetch.h"
#include "build/source/profile.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

/* three packages, the third a second recipe for the first one's source, the fourth without any */
struct setting {
	struct arena *a;
	struct config c;
	struct recipe recipes[4];
	struct version versions[2];
	struct source forms[2];
	struct origin origins[2];
	struct node v[4];
	struct plan p;
};

static void
begin(struct setting *t)
{
	static const char *const names[] = { "one", "two", "one-headers", "layout" };

	*t = (struct setting){ .a = arena_new(), .p = { .v = t->v, .n = 4, .profile = "s6" } };
	t->c = (struct config){ .top = test_dir(),
		.output = arena_printf(t->a, "%s/out", test_dir()),
		.cache = arena_printf(t->a, "%s/cache", test_dir()),
		.offline = true,
		.mirrors = "https://user:pass@word@near.example/",
		.git_mirror = "" };
	for (size_t i = 0; i < 2; i++) {
		char *hex = arena_alloc(t->a, DIGEST_HEX);

		digest_bytes("x", 1, hex); /* what checkout_file puts into the files */
		t->origins[i] = (struct origin){ ORIGIN_URL,
			arena_printf(t->a, "https://a.example/%s.tar", names[i]) };
		t->forms[i] = (struct source){ .file = arena_printf(t->a, "%s.tar", names[i]),
			.sha256 = hex,
			.origins = &t->origins[i],
			.norigins = 1 };
		t->versions[i] =
		    (struct version){ .version = "1.0", .forms = &t->forms[i], .nforms = 1 };
	}
	for (size_t i = 0; i < 4; i++) {
		t->recipes[i].name = names[i];
		t->v[i] = (struct node){ .recipe = &t->recipes[i],
			.origin = &t->recipes[i == 2 ? 0 : i],
			.id = names[i],
			.version = i < 3 ? &t->versions[i % 2] : NULL };
	}
}

START_TEST(each_source_once)
{
	struct setting t;
	struct want *wants;
	size_t n;

	begin(&t);
	profile_wants(t.a, &(const struct plan *){ &t.p }, 1, &wants, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(wants[0].name, "one");
	ck_assert_str_eq(wants[0].version, "1.0");
	ck_assert_str_eq(wants[1].name, "two");
	t.v[1].override = "/usr"; /* has its source */
	profile_wants(t.a, &(const struct plan *){ &t.p }, 1, &wants, &n);
	ck_assert_uint_eq(n, 1);
	arena_free(t.a);
}
END_TEST

static const struct {
	const char *have[3]; /* in OUTPUT/sources */
	const char *profile, *why;
} cases[] = {
	{ { "one.tar", "two.tar" }, "s6", NULL },
	{ { "one.tar" }, "minimal", "no source of two 1.0 (https://near.example/two.tar: " },
	{ { NULL }, "minimal", "no source of one 1.0 and 1 more (https://near.example/one.tar: " },
};

START_TEST(decided)
{
	struct setting t;
	const char *profile, *why;
	struct err e = { 0 };

	begin(&t);
	for (const char *const *have = cases[_i].have; *have; have++)
		checkout_file(t.a, t.c.output, arena_printf(t.a, "sources/%s", *have), "x");
	ck_assert_msg(
	    profile_decide(t.a, &t.c, &(const struct plan *){ &t.p }, 1, &profile, &why, &e) == 0,
	    "%s", e.msg);
	ck_assert_str_eq(profile, cases[_i].profile);
	if (cases[_i].why)
		ck_assert_msg(why && !strncmp(why, cases[_i].why, strlen(cases[_i].why)) &&
				  !strchr(why, '\n'),
		    "%s", why);
	else
		ck_assert_ptr_null(why);
	arena_free(t.a);
}
END_TEST

Suite *
profile_suite(void)
{
	Suite *s = suite_create("profile");
	TCase *tc = harness_case(s, "profile");

	tcase_add_test(tc, each_source_once);
	tcase_add_loop_test(tc, decided, 0, sizeof cases / sizeof *cases);
	return s;
}
