/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/elf.h"

#include "build/base/arena.h"
#include "build/files/elf.h"
#include "build/files/file.h"
#include "verify/test/suites.h"
#include "verify/test/tiny.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define CODE "/lib/ld.so\0\1\0\0"

static const struct {
	struct tiny t;
	const char *differs; /* from what the row of machines says */
	const char *interp;
	size_t nneeded;
} files[] = {
	{ { 32, ET_EXEC, EM_386, 0, 0, CODE, 14 }, NULL, NULL, 0 },
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, CODE, 14 }, "is ELF64 X86_64, not ELF32 386", NULL, 0 },
	{ { 64, ET_DYN, EM_PPC64, 0, 0, CODE, 14 }, "is ELF64 PPC64, not ELF32 386", NULL, 0 },
	{ { 32, ET_EXEC, EM_386, 0, PT_INTERP, CODE, 14 }, NULL, "/lib/ld.so", 0 },
	{ { 32, ET_EXEC, EM_386, 0, PT_INTERP, "\33[2J", 4 }, NULL, "?[2J", 0 },
	{ { 32, ET_EXEC, EM_386, 0, PT_DYNAMIC,
	      "\1\0\0\0\7\0\0\0\1\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\0\0\0", 32 },
	    NULL, NULL, 2 },
	{ { 64, ET_EXEC, EM_X86_64, 0, PT_DYNAMIC, "\1\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0\1", 17 },
	    "is ELF64 X86_64, not ELF32 386", NULL, 1 },
};

START_TEST(reads)
{
	struct arena *a = arena_new();
	struct elf_kind kind;
	struct elf f;
	struct err e;
	size_t n;
	const char *bytes = tiny_elf(a, &files[_i].t, &n);

	ck_assert(elf_is(bytes, n));
	ck_assert_msg(elf_read(a, bytes, n, &f, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(elf_kind("ELF32 386", NULL, &kind, &e), 0);
	ck_assert_pstr_eq(elf_differs(a, &f, &kind), files[_i].differs);
	ck_assert_pstr_eq(f.interp, files[_i].interp);
	ck_assert_uint_eq(f.nneeded, files[_i].nneeded);
	ck_assert_uint_eq(f.ncode, 1);
	ck_assert_uint_eq(f.code[0].size, files[_i].t.n);
	ck_assert_uint_eq(f.code[0].address, 0x10000 + f.code[0].offset);
	arena_free(a);
}
END_TEST

/* this program is not stripped */
START_TEST(sees_what_a_debugger_reads)
{
	struct arena *a = arena_new();
	struct elf f;
	struct err e;
	char *bytes;
	size_t n;

	ck_assert_msg(file_read(a, "/proc/self/exe", &bytes, &n, &e) == 0, "%s", e.msg);
	ck_assert_msg(elf_read(a, bytes, n, &f, &e) == 0, "%s", e.msg);
	ck_assert(f.debugging);
	bytes = tiny_elf(a, &files[0].t, &n);
	ck_assert_int_eq(elf_read(a, bytes, n, &f, &e), 0);
	ck_assert(!f.debugging);
	arena_free(a);
}
END_TEST

static const struct {
	struct tiny t;
	size_t guards;
} guarded[] = {
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, "\x64\x48\x2b\x04\x25\x28\0\0\0", 9 }, 1 },
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, "\x90\x64\x4c\x33\x3c\x25\x28\0\0\0", 10 }, 1 },
	/* where it is put, and another place */
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, "\x64\x48\x89\x04\x25\x28\0\0\0", 9 }, 0 },
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, "\x64\x48\x2b\x04\x25\x30\0\0\0", 9 }, 0 },
	/* cut off */
	{ { 64, ET_EXEC, EM_X86_64, 0, 0, "\x64\x48\x2b\x04\x25\x28\0\0", 8 }, 0 },
	{ { 32, ET_EXEC, EM_386, 0, 0, "\x65\x2b\x15\x14\0\0\0", 7 }, 1 },
	{ { 32, ET_EXEC, EM_386, 0, 0, "\x64\x48\x2b\x04\x25\x28\0\0\0", 9 }, 0 },
	{ { 64, ET_EXEC, EM_AARCH64, 0, 0, "\x64\x48\x2b\x04\x25\x28\0\0\0", 9 }, 0 },
};

START_TEST(counts_guards)
{
	struct arena *a = arena_new();
	struct elf f;
	struct err e;
	size_t n;
	const char *bytes = tiny_elf(a, &guarded[_i].t, &n);

	ck_assert_msg(elf_read(a, bytes, n, &f, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(f.guards, guarded[_i].guards);
	arena_free(a);
}
END_TEST

static const struct {
	uint32_t flags;
	const char *differs;
} arms[] = {
	{ 0x05000400, NULL },
	{ 0x05000200, "has the flags 0x5000200, where ELF32 ARM has 0x5000400 of 0xff800600" },
	{ 0x05000600, "has the flags 0x5000600, where ELF32 ARM has 0x5000400 of 0xff800600" },
	{ 0x04000400, "has the flags 0x4000400, where ELF32 ARM has 0x5000400 of 0xff800600" },
	{ 0x05800400, "has the flags 0x5800400, where ELF32 ARM has 0x5000400 of 0xff800600" },
};

START_TEST(arm_is_hard_float)
{
	struct arena *a = arena_new();
	struct tiny t = { 32, ET_EXEC, EM_ARM, arms[_i].flags, 0, CODE, 14 };
	struct elf_kind kind;
	struct elf f;
	struct err e;
	size_t n;
	const char *bytes = tiny_elf(a, &t, &n);

	ck_assert_int_eq(elf_read(a, bytes, n, &f, &e), 0);
	ck_assert_int_eq(elf_kind("ELF32 ARM", "0xff800600=0x05000400", &kind, &e), 0);
	ck_assert_pstr_eq(elf_differs(a, &f, &kind), arms[_i].differs);
	arena_free(a);
}
END_TEST

/* one number of a header is changed; all of them are of the 64-bit form */
static const struct {
	size_t at;
	unsigned char bytes[8];
	size_t n;
	const char *msg;
} damages[] = {
	{ 4, { 3 }, 1, "ELF header: class 3 is neither 32 nor 64 bits" },
	{ 5, { 2 }, 1, "ELF header: not little-endian" },
	{ 24, { 0 }, 3, NULL }, /* starts at 0: no program */
	{ 24, { 0, 0, 2 }, 3, "it starts at 0x20000, where no header shows code" },
	{ 32, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, "program headers: outside the file" },
	{ 40, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, "section headers: outside the file" },
	{ 54, { 57 }, 1, "program headers: outside the file" },
	{ 56, { 255, 255 }, 2, "program headers: outside the file" },
	{ 58, { 65 }, 1, "section headers: outside the file" },
	{ 60, { 255, 255 }, 2, "section headers: outside the file" },
	{ 64 + 8, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, "segment 0: outside the file" },
	{ 64 + 32, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8, "segment 0: outside the file" },
	{ 64 + 16, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8,
	    "segment 0: beyond the last address" },
	{ 64 + 112 + 64 + 24, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8,
	    "section 1: outside the file" },
	{ 64 + 112 + 64 + 32, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8,
	    "section 1: outside the file" },
	{ 64 + 112 + 64 + 16, { 255, 255, 255, 255, 255, 255, 255, 255 }, 8,
	    "section 1: beyond the last address" },
	{ 64 + 112 + 64 + 8, { 0 }, 8,
	    "it starts at 0x10130, where no header shows code" }, /* the section is not executable
								   */
	{ 64 + 112 + 4, { SHT_SYMTAB }, 1, "section 0: its symbols have no names" },
};

START_TEST(tells_damage)
{
	struct arena *a = arena_new();
	struct tiny t = { 64, ET_EXEC, EM_X86_64, 0, PT_INTERP, CODE, 14 };
	struct elf f;
	struct err e = { .msg = "" };
	size_t n;
	char *bytes = tiny_elf(a, &t, &n);

	memcpy(bytes + damages[_i].at, damages[_i].bytes, damages[_i].n);
	if (elf_read(a, bytes, n, &f, &e) == 0)
		ck_assert_ptr_null(damages[_i].msg);
	else
		ck_assert_pstr_eq(e.msg, damages[_i].msg);
	arena_free(a);
}
END_TEST

/* whatever it says, it reads nothing behind the end: the bytes are where a sanitizer watches them
 */
static void
read_copy(struct arena *a, const char *bytes, size_t n)
{
	char *copy = xmalloc(n + !n);
	struct elf f;
	struct err e;

	memcpy(copy, bytes, n);
	if (elf_read(a, copy, n, &f, &e) == 0)
		for (size_t i = 0; i < f.ncode; i++)
			ck_assert(f.code[i].offset <= n && f.code[i].size <= n - f.code[i].offset);
	free(copy);
}

START_TEST(survives_anything)
{
	struct tiny t = { _i ? 64 : 32, ET_EXEC, _i ? EM_X86_64 : EM_386, 0, PT_DYNAMIC,
		CODE CODE CODE, 42 };
	struct arena *a = arena_new();
	size_t n;
	char *bytes = tiny_elf(a, &t, &n);
	unsigned seed = 1;

	for (size_t i = 0; i <= n; i++)
		read_copy(a, bytes, i);
	for (size_t i = 4; i < n; i++)
		for (unsigned k = 0; k < 4; k++) {
			static const unsigned char values[] = { 0, 1, 127, 255 };
			char was = bytes[i];

			bytes[i] = (char)values[k];
			read_copy(a, bytes, n);
			bytes[i] = was;
		}
	for (int k = 0; k < 2000; k++) {
		char *copy = arena_alloc(a, n);

		memcpy(copy, bytes, n);
		for (int j = 0; j < 6; j++) {
			seed = seed * 1103515245 + 12345;
			copy[6 + (seed >> 8) % (n - 6)] = (char)(seed >> 24);
		}
		read_copy(a, copy, n);
	}
	arena_free(a);
}
END_TEST

Suite *
elf_suite(void)
{
	Suite *s = suite_create("elf");
	TCase *tc = harness_case(s, "files");

	tcase_add_loop_test(tc, reads, 0, (int)(sizeof files / sizeof *files));
	tcase_add_loop_test(tc, arm_is_hard_float, 0, (int)(sizeof arms / sizeof *arms));
	tcase_add_loop_test(tc, counts_guards, 0, (int)(sizeof guarded / sizeof *guarded));
	tcase_add_loop_test(tc, tells_damage, 0, (int)(sizeof damages / sizeof *damages));
	tcase_add_loop_test(tc, survives_anything, 0, 2);
	tcase_add_test(tc, sees_what_a_debugger_reads);
	return s;
}
