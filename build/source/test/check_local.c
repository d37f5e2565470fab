/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/local.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
	struct arena *a;
	struct config cfg;
	char right[DIGEST_HEX];
	struct source form;
};

static void
begin(struct world *w)
{
	*w = (struct world){ .a = arena_new() };
	w->cfg.output = arena_printf(w->a, "%s/out", test_dir());
	w->cfg.cache = arena_printf(w->a, "%s/cache", test_dir());
	w->cfg.top = arena_printf(w->a, "%s/top", test_dir());
	digest_bytes("right", 5, w->right);
	w->form = (struct source){ .file = "pkg.tar", .sha256 = w->right };
}

/* what lies in out/, cache/ and top/, and where it is found */
static const struct {
	const char *texts[3];
	int found; /* -1: nowhere */
	const char *why;
} cases[] = {
	{ { "right", "right", "right" }, 0, NULL },
	{ { NULL, "right", NULL }, 1, NULL },
	{ { "wrong", NULL, "right" }, 2, NULL },
	{ { "wrong", "wrong", "right" }, 2, NULL },
	{ { NULL, NULL, NULL }, -1, "missing" },
	{ { NULL, "wrong", NULL }, -1, "missing" },
	{ { "wrong", "wrong", "wrong" }, -1, "sha256 is " },
};

START_TEST(found)
{
	static const char *const folders[] = { "out", "cache", "top" };
	struct world w;
	struct local *l;
	const char *path, *why;
	char hex[DIGEST_HEX];
	struct err e = { 0 };

	begin(&w);
	for (int i = 0; i < 3; i++)
		if (cases[_i].texts[i])
			checkout_file(w.a, test_dir(),
			    arena_printf(w.a, "%s/sources/pkg.tar", folders[i]),
			    cases[_i].texts[i]);
	l = local_open(w.a, &w.cfg);
	path = local_look(l, &w.form);
	if (cases[_i].found < 0) {
		ck_assert_ptr_null(path);
		ck_assert_ptr_null(local_find(l, &w.form, &why));
		ck_assert_msg(!strncmp(why, cases[_i].why, strlen(cases[_i].why)), "%s", why);
	} else {
		ck_assert_str_eq(path, arena_printf(w.a, "%s/%s/sources/pkg.tar", test_dir(),
					   folders[cases[_i].found]));
		path = local_find(l, &w.form, &why);
		ck_assert_ptr_nonnull(path);
		ck_assert_str_eq(path, cases[_i].found
					   ? local_path(l, &w.form)
					   : arena_printf(w.a, "%s/pkg.tar", local_dir(l)));
		ck_assert_int_eq(digest_file(path, hex, &e), 0);
		ck_assert_str_eq(hex, w.right);
	}
	arena_free(w.a);
}
END_TEST

START_TEST(no_file)
{
	struct world w;
	const char *why;
	struct err e = { 0 };

	begin(&w);
	ck_assert_int_eq(
	    file_mkdirs(arena_printf(w.a, "%s/sources/pkg.tar", w.cfg.output), 0755, &e), 0);
	ck_assert_ptr_null(local_find(local_open(w.a, &w.cfg), &w.form, &why));
	ck_assert_str_eq(why, "not a regular file");
	arena_free(w.a);
}
END_TEST

/* what nobody has touched for long is not read again; what was written a moment ago is */
START_TEST(remembered)
{
	struct world w;
	struct local *l;
	struct source old = { .file = "old" };
	char hex[DIGEST_HEX], *was, *is;
	const char *memo;
	struct err e = { 0 };

	begin(&w);
	memo = arena_printf(w.a, "%s/sources/.memo", w.cfg.output);
	ck_assert_int_eq(digest_file("/usr/bin/env", hex, &e), 0);
	old.sha256 = hex;
	checkout_file(w.a, w.cfg.output, "sources/pkg.tar", "right");
	l = local_open(w.a, &w.cfg);
	ck_assert_ptr_nonnull(local_look(l, &w.form));
	ck_assert_int_eq(local_save(l, &e), 0);
	ck_assert(!file_exists(memo));

	ck_assert_int_eq(
	    symlink("/usr/bin/env", arena_printf(w.a, "%s/sources/old", w.cfg.output)), 0);
	ck_assert_ptr_nonnull(local_look(l, &old));
	ck_assert_int_eq(local_save(l, &e), 0);
	ck_assert_int_eq(file_read(w.a, memo, &was, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(was, hex));
	/* and is found there: nothing new is learned, so nothing is written */
	ck_assert_int_eq(unlink(memo), 0);
	checkout_file(w.a, w.cfg.output, "sources/.memo", was);
	l = local_open(w.a, &w.cfg);
	ck_assert_int_eq(unlink(memo), 0);
	ck_assert_ptr_nonnull(local_look(l, &old));
	ck_assert_int_eq(local_save(l, &e), 0);
	ck_assert(!file_exists(memo));
	/* a damaged one is an empty one */
	strstr(was, hex)[0] ^= 1;
	checkout_file(w.a, w.cfg.output, "sources/.memo", was);
	l = local_open(w.a, &w.cfg);
	ck_assert_ptr_nonnull(local_look(l, &old));
	ck_assert_int_eq(local_save(l, &e), 0);
	ck_assert_int_eq(file_read(w.a, memo, &is, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(is, hex));
	arena_free(w.a);
}
END_TEST

START_TEST(entered)
{
	struct world w;
	const char *path, *kept;
	struct stat one, two;
	struct err e = { 0 };

	begin(&w);
	kept = arena_printf(w.a, "%s/sources/%s-pkg.tar", w.cfg.cache, w.right);
	checkout_file(w.a, w.cfg.output, "sources/pkg.tar.part", "right");
	path = local_enter(local_open(w.a, &w.cfg), &w.form,
	    arena_printf(w.a, "%s/sources/pkg.tar.part", w.cfg.output), &e);
	ck_assert_ptr_nonnull(path);
	ck_assert_int_eq(stat(path, &one), 0);
	ck_assert_int_eq(stat(kept, &two), 0);
	ck_assert_uint_eq(one.st_ino, two.st_ino);
	arena_free(w.a);
}
END_TEST

/* two sources of one name are two files, in whatever order they come */
START_TEST(same_name)
{
	struct world w;
	struct source other;
	struct local *l;
	const char *one, *two, *why;
	char hex[DIGEST_HEX];
	struct err e = { 0 };

	begin(&w);
	digest_bytes("other", 5, hex);
	other = (struct source){ .file = "pkg.tar", .sha256 = hex };
	l = local_open(w.a, &w.cfg);
	checkout_file(w.a, w.cfg.output, "sources/1.part", "right");
	checkout_file(w.a, w.cfg.output, "sources/2.part", "other");
	one = local_enter(l, &w.form, arena_printf(w.a, "%s/1.part", local_dir(l)), &e);
	two = local_enter(l, &other, arena_printf(w.a, "%s/2.part", local_dir(l)), &e);
	ck_assert_str_ne(one, two);
	ck_assert_str_eq(local_find(l, &w.form, &why), one);
	ck_assert_str_eq(local_find(l, &other, &why), two);
	ck_assert(local_is(&other, strrchr(two, '/') + 1));
	ck_assert(local_is(&other, "pkg.tar"));
	ck_assert(!local_is(&other, strrchr(one, '/') + 1));
	ck_assert(!local_is(&other, hex));
	ck_assert(local_seems(w.a, &w.cfg, &other));
	ck_assert_int_eq(unlink(two), 0);
	ck_assert(local_seems(w.a, &w.cfg, &other)); /* CACHE/sources */
	arena_free(w.a);
}
END_TEST

Suite *
local_suite(void)
{
	Suite *s =
	    suite_of("local", (const TTest *[]){ no_file, remembered, entered, same_name, NULL });

	tcase_add_loop_test(harness_case(s, "found"), found, 0, sizeof cases / sizeof *cases);
	return s;
}
