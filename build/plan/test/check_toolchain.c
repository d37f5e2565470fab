/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/toolchain.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <string.h>

/* a compiler that makes what the case says: "$1" is -c or -static, "$3" the output */
#define CC(compile, link) "#!/bin/sh\ncase $1 in\n-c) " compile ";;\n-static) " link ";;\nesac\n"
#define OBJECT "echo object >\"$3\""
#define HEADER(class, type, machine)                                                               \
	"printf '\\177ELF\\00" class "\\001\\001\\0\\0\\0\\0\\0\\0\\0\\0\\0" type "\\0" machine    \
				     "\\0\\001\\0\\0\\0"
/* no program header; then 40 bytes more */
#define REST32                                                                                     \
	"\\0\\0\\0\\0\\064\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\064\\0\\040\\0\\0\\0\\0\\0\\0\\0\\0"  \
	"\\0'; head -c 40 /dev/zero"
/* one at 52: an interpreter */
#define DYNAMIC                                                                                    \
	"\\0\\0\\0\\0\\064\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\064\\0\\040\\0\\001\\0\\0\\0\\0\\0\\" \
	"0\\0\\003\\0\\0\\0'; head -c 40 /dev/zero"

static const struct {
	const char *gcc, *message;
} cases[] = {
	{ CC(OBJECT, "{ " HEADER("1", "\\002", "\\003") REST32 "; } >\"$3\""), NULL },
	{ CC(OBJECT, "{ " HEADER("1", "\\002", "\\003") DYNAMIC "; } >\"$3\""),
	    "GCC produces dynamic programs when asked for static ones" },
	{ CC(OBJECT, "{ " HEADER("1", "\\002", "\\050") REST32 "; } >\"$3\""),
	    "GCC produces ELF32 ARM programs; i486-linux-musl needs ELF32 386" },
	{ CC(OBJECT, "{ " HEADER("2", "\\002", "\\076") REST32 "; } >\"$3\""),
	    "GCC produces ELF64 X86_64 programs; i486-linux-musl needs ELF32 386" },
	{ CC(OBJECT, "{ " HEADER("1", "\\002", "\\010") REST32 "; } >\"$3\""),
	    "GCC produces ELF32 MIPS programs; i486-linux-musl needs ELF32 386" },
	{ CC(OBJECT, "echo hello >\"$3\""), "GCC does not produce ELF programs" },
	{ CC(OBJECT, "printf '\\177ELF\\001' >\"$3\""),
	    "GCC produces damaged programs: ELF header: cut off" },
	{ CC("echo 'program.c:3:2: error: #error another libc' >&2; exit 1", ""),
	    "GCC does not compile against musl" },
	{ CC("echo 'cc1: internal error'; echo more; exit 1", ""),
	    "GCC cannot compile: cc1: internal error" },
	{ CC("echo 'In file included from x:'; echo 'y: fatal error: no stubs'; exit 1",
	      ";; -dumpmachine) echo sparc-linux-gnu"),
	    "GCC (it is for sparc-linux-gnu) cannot compile: y: fatal error: no stubs" },
	{ CC(OBJECT, "echo 'ld: cannot find -lc'; exit 1"),
	    "GCC cannot link a static program: ld: cannot find -lc" },
	{ CC("exit 1", ""), "GCC cannot compile: no output" },
	{ NULL, "GCC: No such file or directory" },
};

START_TEST(put_to_the_test)
{
	struct fact facts[] = { { "elf", "ELF32 386" } };
	struct sysdeps sd = { .triple = "i486-linux-musl",
		.dir = "sysdeps/i486-linux-musl",
		.facts = facts,
		.nfacts = 1 };
	struct arena *a = arena_new();
	char *gcc = arena_printf(a, "%s/i486-linux-musl-gcc", test_dir());
	struct argv none = { .a = a };
	struct toolchain t = { .gcc = gcc, .wrap = &none, .dir = test_dir(), .inside = test_dir() };
	struct err e = { 0 };
	int r;

	if (cases[_i].gcc)
		ck_assert_int_eq(
		    file_write(gcc, cases[_i].gcc, strlen(cases[_i].gcc), 0755, &e), 0);
	r = toolchain_check(a, &t, &sd, &e);
	if (cases[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a, "%s%s", gcc, cases[_i].message + strlen("GCC")));
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
	}
	arena_free(a);
}
END_TEST

/* the distribution's own compiler is a good one, but not for us */
START_TEST(glibc_is_refused)
{
	struct fact facts[] = { { "elf", "ELF64 X86_64" } };
	struct sysdeps sd = { .triple = "x86_64-linux-musl",
		.dir = "sysdeps/x86_64-linux-musl",
		.facts = facts,
		.nfacts = 1 };
	struct arena *a = arena_new();
	struct toolchain t = { .gcc = "gcc", .dir = test_dir(), .inside = test_dir() };
	struct err e = { 0 };

	ck_assert_int_eq(toolchain_check(a, &t, &sd, &e), -1);
	ck_assert_str_eq(e.msg, "gcc does not compile against musl");
	arena_free(a);
}
END_TEST

Suite *
toolchain_suite(void)
{
	Suite *s = suite_create("toolchain");
	TCase *tc = harness_case(s, "toolchain");

	tcase_add_loop_test(tc, put_to_the_test, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, glibc_is_refused);
	return s;
}
