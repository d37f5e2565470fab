/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/plan/tools.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a program in the test's folder */
static char *
program(struct arena *a, const char *name, const char *body)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), name);

	checkout_file(a, test_dir(), name, arena_printf(a, "#!/bin/sh\n%s\n", body));
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static const struct tool *
find(const struct tools *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

static struct sysdeps
facts(struct arena *a, const char *gcc, const char *binutils)
{
	struct sysdeps sd = { .triple = "x86_64-linux-musl",
		.facts = arena_array(a, 3, sizeof *sd.facts),
		.nfacts = 3 };

	sd.facts[0] = (struct fact){ "gcc", gcc };
	sd.facts[1] = (struct fact){ "binutils", binutils };
	sd.facts[2] = (struct fact){ "elf", "ELF64 X86_64" };
	return sd;
}

START_TEST(what_they_say)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = arena_printf(
				a, "%s -m64", program(a, "cc", "echo \"cc 1 $*\"; echo more")),
		.cross_base = "" };
	struct sysdeps sd =
	    facts(a, program(a, "t-gcc", "echo t-gcc 2"), arena_printf(a, "%s/t-", test_dir()));
	struct tools t;
	struct err e = { 0 };

	program(a, "t-ld", "echo t-ld 3");
	ck_assert_msg(tools_ask(a, &c, &sd, NULL, &t, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(find(&t, "BUILD_CC")->said, "cc 1 -m64 --version");
	ck_assert_int_eq(find(&t, "BUILD_CC")->use, USED_BY_HOST);
	/* steps run it with its options, whatever --version makes of them */
	ck_assert_str_eq(find(&t, "BUILD_CC command")->said, c.build_cc);
	ck_assert_int_eq(find(&t, "BUILD_CC command")->use, USED_BY_HOST);
	ck_assert_str_eq(find(&t, "gcc")->said, "t-gcc 2");
	ck_assert_int_eq(find(&t, "gcc")->use, USED_BY_TARGET);
	ck_assert_str_eq(find(&t, "ld")->said, "t-ld 3");
	ck_assert_msg(
	    !strncmp(find(&t, "make")->said, "GNU Make ", 9), "%s", find(&t, "make")->said);
	ck_assert_int_eq(find(&t, "make")->use, USED_BY_ALL);
	ck_assert_ptr_null(find(&t, "libc.a"));
	arena_free(a);
}
END_TEST

/* a step sees all that is beside a compiler of the user's */
START_TEST(what_is_beside_it)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = program(a, "own/bin/cc", "echo cc 1"), .cross_base = "" };
	struct sysdeps sd =
	    facts(a, program(a, "t-gcc", "echo t-gcc 2"), arena_printf(a, "%s/t-", test_dir()));
	struct tools before, after;
	struct err e = { 0 };

	program(a, "t-ld", "echo t-ld 3");
	ck_assert_msg(tools_ask(a, &c, &sd, NULL, &before, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(find(&before, "BUILD_CC folder")->use, USED_BY_HOST);
	checkout_file(a, test_dir(), "own/include/x.h", "#define X\n");
	ck_assert_msg(tools_ask(a, &c, &sd, NULL, &after, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(find(&before, "BUILD_CC")->said, find(&after, "BUILD_CC")->said);
	ck_assert_str_ne(
	    find(&before, "BUILD_CC folder")->said, find(&after, "BUILD_CC folder")->said);
	arena_free(a);
}
END_TEST

static const struct {
	const char *build_cc, *gcc, *message;
} absent[] = {
	{ "/nowhere/cc -x", "t-gcc",
	    "/nowhere/cc -x: does not run; install gcc, or name another native compiler with "
	    "BUILD_CC" },
	{ "false", "t-gcc",
	    "false: does not run; install gcc, or name another native compiler with BUILD_CC" },
	{ "true", "no_such-linux-gnu-gcc",
	    "no_such-linux-gnu-gcc: does not run; install the compiler for x86_64-linux-musl "
	    "(Debian: gcc-no-such-linux-gnu), or name a musl toolchain with CROSS_BASE" },
};

START_TEST(not_there)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = absent[_i].build_cc, .cross_base = "" };
	struct sysdeps sd = facts(a, absent[_i].gcc, "");
	struct tools t;
	struct err e = { 0 };

	ck_assert_int_eq(tools_ask(a, &c, &sd, NULL, &t, &e), -1);
	ck_assert_str_eq(e.msg, absent[_i].message);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* a toolchain for another machine, or on another libc; toolchain.c knows more */
START_TEST(a_given_one_is_tried)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = "true", .cross_base = test_dir() };
	struct sysdeps sd = facts(a, "unused", "unused-");
	char *gcc = program(a, "bin/x86_64-linux-musl-gcc", "exec gcc \"$@\"");
	struct tools t;
	struct err e = { 0 };

	ck_assert_int_eq(tools_ask(a, &c, &sd, NULL, &t, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "CROSS_BASE %s: %s does not compile against musl", test_dir(), gcc));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* what gcc -v tells nothing of */
static const char *const insides[] = { "x86_64-linux-musl/include/stdio.h",
	"libexec/gcc/x86_64-linux-musl/12/cc1", "lib/gcc/x86_64-linux-musl/12/libgcc.a" };

/* where it lies is not part of what it is */
START_TEST(a_given_one_may_move)
{
	struct arena *a = arena_new();
	struct sysdeps sd = facts(a, "unused", "unused-");
	struct tools t[2];
	struct err e = { 0 };

	for (int i = 0; i < 2; i++) {
		const char *dir = i ? "two/longer" : "one";
		struct config c = { .build_cc = "true",
			.cross_base = arena_printf(a, "%s/%s", test_dir(), dir) };

		/* compiles what it is given as if there were no libc, so that it is not a wrong one
		 */
		program(a, arena_printf(a, "%s/bin/x86_64-linux-musl-gcc", dir),
		    "base=${0%/bin/*}\ncase $1 in -v) echo \"configured for $base/sys twice "
		    "$base\"; exit ;;\n"
		    "-print-file-name=*) echo $base/lib/libc.a; exit ;; esac\n"
		    "case \" $* \" in *' -c '*) while [ $# -gt 1 ]; do [ \"$1\" != -o ] || out=$2; "
		    "shift; done\n"
		    "echo 'void _start(void) { for (;;); }' | gcc -x c -c -o \"$out\" -; exit ;; "
		    "esac\nexec gcc -nostdlib \"$@\"");
		program(a, arena_printf(a, "%s/bin/x86_64-linux-musl-ld", dir), "echo ld 5");
		checkout_file(a, test_dir(), arena_printf(a, "%s/lib/libc.a", dir), "!<arch>\n");
		ck_assert_msg(tools_ask(a, &c, &sd, NULL, &t[i], &e) == 0, "%s", e.msg);
	}
	for (size_t i = 0; i < sizeof insides / sizeof *insides; i++) {
		struct config c = { .build_cc = "true",
			.cross_base = arena_printf(a, "%s/one", test_dir()) };
		struct tools other;

		checkout_file(a, c.cross_base, insides[i], "other\n");
		ck_assert_msg(tools_ask(a, &c, &sd, NULL, &other, &e) == 0, "%s", e.msg);
		ck_assert_str_ne(find(&t[0], "CROSS_BASE")->said, find(&other, "CROSS_BASE")->said);
		ck_assert_int_eq(unlink(arena_printf(a, "%s/%s", c.cross_base, insides[i])), 0);
	}
	ck_assert_str_eq(find(&t[0], "ld")->said, "ld 5");
	ck_assert_ptr_null(find(&t[0], "gcc"));
	for (size_t i = 0; i < t[0].n; i++)
		ck_assert_str_eq(t[0].v[i].said, t[1].v[i].said);
	ck_assert_str_eq(find(&t[0], "libc.a")->said,
	    "f0a17a43c74d2fe5474fa2fd29c8f14799e777d7d75a2cc4d11c20a6e7b161c5");
	arena_free(a);
}
END_TEST

static size_t
count_lines(struct arena *a, const char *path)
{
	struct err e = { 0 };
	size_t n = 0;
	char *text;

	ck_assert_msg(file_read(a, path, &text, NULL, &e) == 0, "%s", e.msg);
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* how many of make, ld and BUILD_CC need not be asked again; first and last line are the file's own
 */
static const struct {
	const char *build_cc;
	size_t remembered;
} memories[] = {
	{ "gcc", 3 }, { "gcc -m64", 3 }, { "/usr/bin/gcc", 3 },
	{ "ldd", 2 },	  /* a script may call anything */
	{ "env gcc", 2 }, /* and so may this */
};

START_TEST(asked_once)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = memories[_i].build_cc, .cross_base = "" };
	struct sysdeps sd =
	    facts(a, program(a, "t-gcc", "echo t-gcc 2"), arena_printf(a, "%s/t-", test_dir()));
	char *path = arena_printf(a, "%s/memo", test_dir());
	struct memo *m = memo_open(a, path);
	struct tools before, after;
	struct err e = { 0 };

	program(a, "t-ld", "echo t-ld 3");
	ck_assert_msg(tools_ask(a, &c, &sd, m, &before, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(memo_save(m, &e), 0);
	ck_assert_uint_eq(count_lines(a, path), 2 + memories[_i].remembered);
	program(a, "t-ld", "echo t-ld 4");
	ck_assert_int_eq(tools_ask(a, &c, &sd, memo_open(a, path), &after, &e), 0);
	ck_assert_uint_eq(before.n, after.n);
	for (size_t i = 0; i < before.n; i++)
		ck_assert_str_eq(
		    after.v[i].said, strcmp(before.v[i].name, "ld") ? before.v[i].said : "t-ld 4");
	arena_free(a);
}
END_TEST

/* it is the one that build steps will find */
START_TEST(not_by_our_path)
{
	struct arena *a = arena_new();
	struct config c = { .build_cc = "gcc", .cross_base = "" };
	struct sysdeps sd =
	    facts(a, program(a, "t-gcc", "echo t-gcc 2"), arena_printf(a, "%s/t-", test_dir()));
	struct tools t;
	struct err e = { 0 };

	program(a, "t-ld", "echo t-ld 3");
	program(a, "bin/make", "echo another make");
	program(a, "bin/gcc", "echo another gcc");
	ck_assert_int_eq(setenv("PATH", arena_printf(a, "%s/bin:/usr/bin:/bin", test_dir()), 1), 0);
	ck_assert_msg(tools_ask(a, &c, &sd, NULL, &t, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    !strncmp(find(&t, "make")->said, "GNU Make ", 9), "%s", find(&t, "make")->said);
	ck_assert_msg(
	    !strncmp(find(&t, "BUILD_CC")->said, "gcc (", 5), "%s", find(&t, "BUILD_CC")->said);
	arena_free(a);
}
END_TEST

Suite *
tools_suite(void)
{
	Suite *s = suite_create("tools");
	TCase *tc = harness_case(s, "tools");

	tcase_add_test(tc, what_they_say);
	tcase_add_test(tc, what_is_beside_it);
	tcase_add_loop_test(tc, not_there, 0, sizeof absent / sizeof *absent);
	tcase_add_loop_test(tc, asked_once, 0, sizeof memories / sizeof *memories);
	tcase_add_test(tc, not_by_our_path);
	tcase_add_test(tc, a_given_one_is_tried);
	tcase_add_test(tc, a_given_one_may_move);
	return s;
}
