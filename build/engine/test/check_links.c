/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/links.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/engine/program.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* what two runs of the linker wrote, for the same output: the later one counts */
static const char earlier[] = "prog: \\\n  old.o\n\nold.o:\n";
static const char later[] = "prog: \\\n"
			    "  /lh/toolchain/bin/../lib/crt1.o \\\n"
			    "  /usr/lib/gcc/crtbeginT.o \\\n"
			    "  main part.o \\\n"
			    "  ../lib/./own.a \\\n"
			    "  /tmp/cc1234.o \\\n"
			    "  /lh/stage/lib/libs.a \\\n"
			    "  /lh/stage/lib/stray.a \\\n"
			    "  /usr/lib/gcc/libgcc.a \\\n"
			    "  /usr/lib/gcc/./libgcc.a\n"
			    "\n"
			    "/lh/toolchain/bin/../lib/crt1.o:\n";

static const char expected[] = "rootfs/bin/other\tunknown\t-\n"
			       "rootfs/bin/renamed\ttoolchain/musl\tlib/crt1.o\n"
			       "rootfs/bin/renamed\tsystem\t/usr/lib/gcc/crtbeginT.o\n"
			       "rootfs/bin/renamed\town\ttools/main part.o\n"
			       "rootfs/bin/renamed\town\tlib/own.a\n"
			       "rootfs/bin/renamed\town\t(temporary object)\n"
			       "rootfs/bin/renamed\ttarget/skalibs\tlib/libs.a\n"
			       "rootfs/bin/renamed\tunknown\tstage/lib/stray.a\n"
			       "rootfs/bin/renamed\tsystem\t/usr/lib/gcc/libgcc.a\n";

static char *
put(struct arena *a, const char *rel, const char *text)
{
	checkout_file(a, test_dir(), rel, text);
	return arena_printf(a, "%s/%s", test_dir(), rel);
}

static const char *
whose(const void *arg, const char *name, const char *rel)
{
	ck_assert_str_eq(arg, "arg");
	if (!strcmp(name, "toolchain"))
		return "toolchain/musl";
	return !strcmp(name, "stage") && !strcmp(rel, "lib/libs.a") ? "target/skalibs" : NULL;
}

static void
record(struct arena *a, const char *name, const char *rule, time_t when)
{
	char *path = put(a, arena_printf(a, "links/%s.d", name), rule);

	put(a, arena_printf(a, "links/%s", name), "/lh/src/tools\n");
	ck_assert_int_eq(
	    utimensat(AT_FDCWD, path, (struct timespec[]){ { when, 0 }, { when, 0 } }, 0), 0);
}

static void
strip(struct arena *a, const char *from, const char *to)
{
	struct argv v = { .a = a };
	struct err e = { 0 };
	int status;

	argv_pushv(&v, "strip", "-R", ".note", "-R", ".comment", "-o", to, from, NULL);
	ck_assert_msg(child_run(v.v, NULL, &(struct buf){ 0 }, &status, &e) == 0 && status == 0,
	    "strip: %s", e.msg);
}

START_TEST(told)
{
	struct arena *a = arena_new();
	const char *dir = test_dir(), *linked = arena_printf(a, "%s/src/tools/prog", dir),
		   *bin = arena_printf(a, "%s/out/rootfs/bin", dir);
	struct links l = { .records = arena_printf(a, "%s/links", dir),
		.inside = "/lh",
		.dir = dir,
		.out = arena_printf(a, "%s/out", dir),
		.whose = whose,
		.arg = "arg" };
	struct buf text = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(file_mkparent(linked, &e), 0);
	ck_assert_int_eq(file_mkdirs(bin, 0755, &e), 0);
	ck_assert_int_eq(file_copy("/proc/self/exe", linked, 0755, &e), 0);
	strip(a, linked, arena_printf(a, "%s/renamed", bin));
	ck_assert_int_eq(file_copy("/bin/true", arena_printf(a, "%s/other", bin), 0755, &e), 0);
	put(a, "out/rootfs/etc/text", "no program\n");
	record(a, "Aa", later, 2000);
	record(a, "Bb", earlier, 1000);
	put(a, "links/Cc", "/lh/src\n"); /* the compiler was not asked to link, or failed */
	ck_assert_msg(links_text(a, &l, &text, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(text.p, expected);
	buf_free(&text);
	arena_free(a);
}
END_TEST

START_TEST(damaged_record)
{
	struct arena *a = arena_new();
	struct links l = { .records = arena_printf(a, "%s/links", test_dir()),
		.inside = "/lh",
		.dir = test_dir(),
		.out = test_dir(),
		.whose = whose };
	struct buf text = { 0 };
	struct err e = { 0 };

	record(a, "Aa", "prog\n", 1000);
	ck_assert_int_eq(links_text(a, &l, &text, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a,
		       "%s/links/Aa.d:1: expected OUTPUT: \\, as ld --dependency-file writes it",
		       test_dir()));
	arena_free(a);
}
END_TEST

/* what a step leaves among its records, or calls the linker's output, is not followed */
static const struct {
	const char *script; /* in the work folder */
	const char *said;   /* behind its path; NULL: there is nothing to tell */
} hostile[] = {
	{ "ln -s /etc/passwd links/x.d; echo /lh/src >links/x",
	    "/links/x.d: is a symlink, not a regular file" },
	{ "ln -s /etc/passwd links/x; printf 'p: \\\\\\n  a.o\\n' >links/x.d",
	    "/links/x: is a symlink, not a regular file" },
	{ "mkfifo links/x.d; echo /lh/src >links/x", "/links/x.d: is a fifo, not a regular file" },
	{ "mkfifo links/x; printf 'p: \\\\\\n  a.o\\n' >links/x.d",
	    "/links/x: is a fifo, not a regular file" },
	{ "echo /lh/src >links/x; truncate -s 17M links/x.d",
	    "/links/x.d: larger than the limit of 16777216 bytes" },
	{ "truncate -s 5000 links/x; printf 'p: \\\\\\n  a.o\\n' >links/x.d",
	    "/links/x: larger than the limit of 4096 bytes" },
	{ "cp /bin/true out/t; echo / >links/x; printf 'bin/true: \\\\\\n  a.o\\n' >links/x.d",
	    NULL },
	{ "cp /bin/true out/t; mkfifo src/p; echo /lh/src >links/x; printf 'p: \\\\\\n  a.o\\n' "
	  ">links/x.d",
	    NULL },
	{ "cp /bin/true out/t; ln -s /bin/true src/p; echo /lh/src >links/x; printf 'p: \\\\\\n  "
	  "a.o\\n' >links/x.d",
	    NULL },
	{ "cp /bin/true out/t; ln -s /bin src/d; echo /lh/src/d >links/x; printf 'true: \\\\\\n  "
	  "a.o\\n' >links/x.d",
	    NULL },
	{ "mkdir links/d.d", NULL },
	{ "rm -r out; ln -s /etc out", "/out: is a symlink, not a folder" },
};

START_TEST(records_of_strangers)
{
	struct arena *a = arena_new();
	struct links l = { .records = arena_printf(a, "%s/links", test_dir()),
		.inside = "/lh",
		.dir = test_dir(),
		.out = arena_printf(a, "%s/out", test_dir()),
		.whose = whose,
		.arg = "arg" };
	struct buf text = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(system(arena_printf(a, "cd %s && mkdir links src out && %s", test_dir(),
			     hostile[_i].script)),
	    0);
	ck_assert_int_eq(links_text(a, &l, &text, &e), hostile[_i].said ? -1 : 0);
	if (hostile[_i].said)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", test_dir(), hostile[_i].said));
	/* no program here is what that record speaks of */
	if (strstr(hostile[_i].script, "out/t;"))
		ck_assert_str_eq(text.p, "t\tunknown\t-\n");
	else
		ck_assert_uint_eq(text.n, 0);
	buf_free(&text);
	arena_free(a);
}
END_TEST

START_TEST(no_programs)
{
	static const char *const texts[] = { "", "x", "\177ELF",
		"\177ELF\2\1\1 a header that ends too early" };
	struct arena *a = arena_new();
	struct err e = { 0 };
	char hex[DIGEST_HEX];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_int_eq(program_digest(put(a, "file", texts[i]), hex, &e), 0);
	ck_assert_int_eq(program_digest(arena_printf(a, "%s/absent", test_dir()), hex, &e), -1);
	arena_free(a);
}
END_TEST

Suite *
links_suite(void)
{
	Suite *s = suite_of("links", (const TTest *[]){ told, damaged_record, no_programs, NULL });

	tcase_add_loop_test(
	    harness_case(s, "hostile"), records_of_strangers, 0, sizeof hostile / sizeof *hostile);
	return s;
}
