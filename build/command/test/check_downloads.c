/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/downloads.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <fcntl.h>
#include <unistd.h>

/* this OUTPUT and another have built with CACHE; what only CACHE has is nobody's business */
static const char world[] =
    "mkdir -p out/sources other/sources cache/sources cache/roots; for f in 1-a 2-b 3-c; do echo "
    "$f "
    ">out/sources/$f; echo $f >cache/sources/$f; done; echo x >out/sources/.part; echo 4-d "
    ">out/sources/4-d; echo 5-e >cache/sources/5-e; echo $PWD/out >cache/roots/1; echo $PWD/other "
    ">cache/roots/2; echo $PWD/gone >cache/roots/3";

/* what else there is, what CACHE/sources has at the end, and what is said */
static const struct {
	const char *script;
	bool busy;
	const char *left, *says;
} cases[] = {
	{ "", false, "5-e ", "CACHE DIR/cache: removed 3 downloads, 0.0 MB\n" },
	{ "echo >other/sources/2-b", false, "2-b 5-e ",
	    "left 1 downloads that other OUTPUTs have, such as DIR/other\n" },
	{ "echo mount /nowhere/at/all >>cache/roots/2", false, "1-a 2-b 3-c 5-e ",
	    "left 3 downloads in DIR/cache/sources: OUTPUT DIR/other, whose filesystem is not "
	    "mounted, "
	    "may have them, too\n" },
	{ "", true, "1-a 2-b 3-c 5-e ", "a build is using it; run distclean when it has ended\n" },
	{ "rm out/sources/1-a cache/sources/2-b", false, "1-a 5-e ", "removed 1 downloads" },
	{ "rm -r out/sources; ln -s ../other/sources out; echo >other/sources/1-a", false,
	    "1-a 2-b 3-c 5-e ", "" },
	{ "rm cache/sources/1-a; mkdir cache/sources/1-a", false, "1-a 5-e ",
	    "removed 2 downloads" },
	{ "rm -r cache/sources", false, "", "" },
};

static const char *
text_of(struct arena *a, const char *name)
{
	struct err e = { 0 };
	char *text, *at;
	const char *out = "";

	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/%s", test_dir(), name), &text, NULL, &e), 0);
	for (; (at = strstr(text, test_dir())); text = at + strlen(test_dir()))
		out = arena_printf(a, "%s%.*sDIR", out, (int)(at - text), text);
	return arena_printf(a, "%s%s", out, text);
}

START_TEST(dropped)
{
	struct arena *a = arena_new();
	struct config cfg = { .output = arena_printf(a, "%s/out", test_dir()),
		.cache = arena_printf(a, "%s/cache", test_dir()) };
	struct downloads d;
	struct err e = { 0 };
	int lock = -1;

	ck_assert_int_eq(
	    system(arena_printf(a, "set -e; cd %s; %s; %s", test_dir(), world, cases[_i].script)),
	    0);
	if (cases[_i].busy) {
		lock =
		    open(arena_printf(a, "%s/.gc", cfg.cache), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_eq(flock(lock, LOCK_SH), 0);
	}
	ck_assert_ptr_nonnull(freopen(arena_printf(a, "%s/said", test_dir()), "w", stderr));
	ck_assert_int_eq(downloads_list(a, &cfg, &d, &e), 0);
	ck_assert_int_eq(downloads_drop(a, &cfg, &d, &e), 0);
	fflush(stderr);
	if (lock >= 0)
		close(lock);
	ck_assert_int_eq(
	    system(arena_printf(
		a, "cd %s; ls cache/sources 2>/dev/null | tr '\\n' ' ' >left", test_dir())),
	    0);
	ck_assert_str_eq(text_of(a, "left"), cases[_i].left);
	ck_assert_msg(strstr(text_of(a, "said"), cases[_i].says), "%s", text_of(a, "said"));
	arena_free(a);
}
END_TEST

Suite *
downloads_suite(void)
{
	Suite *s = suite_create("downloads");

	tcase_add_loop_test(harness_case(s, "downloads"), dropped, 0, sizeof cases / sizeof *cases);
	return s;
}
