/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"
#include "build/publish/licences.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* what version 1.0 pins, F standing for the digest that COPYING has; what comes of it */
static const struct {
	const char *pins, *told;
	size_t good, findings, unchecked;
} cases[] = {
	{ "licence-file COPYING F\n", "", 1, 0, 0 },
	{ "licence-file COPYING F\nlicence-file doc/more F\n", "", 2, 0, 0 },
	{ "licence-file COPYING " HEX "\n",
	    "one 1.0: COPYING: sha256 is F, pinned is " HEX
	    "; read the new text, then correct licence and licence-file in recipes/one/recipe\n",
	    0, 1, 0 },
	{ "licence-file LICENSE F\nlicence-file COPYING F\n",
	    "one 1.0: LICENSE: not in its source; correct licence-file in recipes/one/recipe\n", 1,
	    1, 0 },
	{ "licence-file doc F\n",
	    "one 1.0: doc: not in its source; correct licence-file in recipes/one/recipe\n", 0, 1,
	    0 },
	{ "",
	    "one 1.0: pins no licence file; read it, and add to recipes/one/recipe: licence-file "
	    "COPYING F\n",
	    0, 1, 0 },
};

struct world {
	struct arena *a;
	char *top, *archive;
	struct config cfg;
	char is[DIGEST_HEX]; /* of the archive */
	char copying[DIGEST_HEX];
};

static void
world_make(struct world *w)
{
	struct arena *a = w->a = arena_new();
	struct argv v = { .a = a };
	struct err e = { 0 };
	int status;

	w->top = checkout_new(a);
	w->archive = arena_printf(a, "%s/out/sources/one-1.0.tar.gz", test_dir());
	checkout_file(a, test_dir(), "one-1.0/COPYING", "free\n");
	checkout_file(a, test_dir(), "one-1.0/doc/more", "free\n");
	checkout_file(a, test_dir(), "out/sources/.keep", "");
	argv_pushv(&v, "tar", "-C", test_dir(), "-czf", w->archive, "one-1.0", NULL);
	ck_assert_int_eq(child_run(v.v, NULL, NULL, &status, &e), 0);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(digest_file(w->archive, w->is, &e), 0);
	digest_bytes("free\n", 5, w->copying);
}

/* text with what F stands for */
static char *
filled(struct world *w, const char *text)
{
	struct buf b = { 0 };
	char *out;

	for (; *text; text++)
		if (*text == 'F')
			buf_adds(&b, w->copying);
		else
			buf_add(&b, text, 1);
	out = arena_strdup(w->a, b.n ? b.p : "");
	buf_free(&b);
	return out;
}

static int
check(struct world *w, const char *pins, const char *sha256, struct licences *l, struct buf *told,
    struct err *e)
{
	char *args[] = { arena_printf(w->a, "OUTPUT=%s/out", test_dir()),
		arena_printf(w->a, "CACHE=%s/cache", test_dir()) };
	struct recipes r;

	checkout_file(w->a, w->top, "recipes/one/recipe",
	    arena_printf(w->a,
		"name one\nlicence ISC\nvariant target\nversion 1.0\n%ssource "
		"one-1.0.tar.gz\nsha256 %s\nfrom https://a.example/\n",
		filled(w, pins), sha256));
	ck_assert_msg(config_read(w->a, w->top, args, 2, &w->cfg, e) == 0, "%s", e->msg);
	ck_assert_msg(recipe_read_all(w->a, w->top, &r, e) == 0, "%s", e->msg);
	return licences_check(w->a, &w->cfg, &r, l, told, e);
}

START_TEST(compared)
{
	struct world w;
	struct licences l;
	struct buf told = { 0 };
	struct err e = { 0 };

	world_make(&w);
	ck_assert_msg(check(&w, cases[_i].pins, w.is, &l, &told, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(told.n ? told.p : "", filled(&w, cases[_i].told));
	ck_assert_uint_eq(l.good, cases[_i].good);
	ck_assert_uint_eq(l.findings, cases[_i].findings);
	ck_assert_uint_eq(l.unchecked, cases[_i].unchecked);
	buf_free(&told);
	arena_free(w.a);
}
END_TEST

/* other bytes under that name are not the source */
START_TEST(not_here)
{
	struct world w;
	struct licences l;
	struct buf told = { 0 };
	struct err e = { 0 };

	world_make(&w);
	ck_assert_msg(check(&w, "licence-file COPYING F\n", HEX, &l, &told, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(told.p, "one 1.0: not checked: its source is not fetched\n");
	ck_assert_uint_eq(l.unchecked, 1);
	ck_assert_uint_eq(l.good + l.findings, 0);
	buf_free(&told);
	arena_free(w.a);
}
END_TEST

/* a pin of what is no archive */
START_TEST(damaged)
{
	struct world w;
	struct licences l;
	struct buf told = { 0 };
	struct err e = { 0 };
	char hex[DIGEST_HEX];

	world_make(&w);
	checkout_file(w.a, test_dir(), "out/sources/one-1.0.tar.gz", "nothing");
	digest_bytes("nothing", 7, hex);
	ck_assert_int_eq(check(&w, "licence-file COPYING F\n", hex, &l, &told, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "one-1.0.tar.gz: damaged, or not a tar archive: "));
	ck_assert_int_eq(strncmp(e.msg, "one 1.0: ", 9), 0);
	arena_free(w.a);
}
END_TEST

Suite *
licences_suite(void)
{
	Suite *s = suite_create("licences");
	TCase *tc = harness_case(s, "licences");

	tcase_add_loop_test(tc, compared, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, not_here);
	tcase_add_test(tc, damaged);
	return s;
}
