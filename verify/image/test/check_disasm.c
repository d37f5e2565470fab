/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/disasm.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/image/elf.h"
#include "verify/test/suites.h"

#include <string.h>

#define AT 0x8000

#define I486 "cmov fcomi fcomip fucomi fucomip nopl endbr* cmpxchg8b rdtsc sse1 sse2 mmx !pause"
#define AMD64 "sse3 ssse3 sse41 sse42 avx avx2 bmi bmi2 popcnt lzcnt movbe aes !tzcnt"
#define ARMV7 "v8 crypto crc fparmv8 neon vfp4 divide"
/* lui, addi, c.nop and the like, c.jr and the like */
#define ENCODINGS "!00000037/0000007f !00000013/0000707f !0001/8003 !0002/e003"
#define ARMV8 "crypto crc cas* ldadd* ldapr*"

/* bytes as the assembler made them */
#define BYTES(s) s, sizeof s - 1

static const struct {
	const char *elf, *rule;
	const char *code;
	size_t n;
	bool thumb;
	const char *found; /* "ADDRESS NAME TEXT\n" of each */
} codes[] = {
	/* push ebp; mov ebp,esp; nop; xchg ax,ax; pause; lock cmpxchg [eax],ecx; bswap eax; fucom
	   st(1); hlt */
	{ "ELF32 386", I486,
	    BYTES("\x55\x89\xe5\x90\x66\x90\xf3\x90\xf0\x0f\xb1\x08\x0f\xc8\xdd\xe1\xf4"), false,
	    "" },
	{ "ELF32 386", I486, BYTES("\x0f\x42\xc1"), false, "8000 cmovb cmovb eax, ecx\n" },
	{ "ELF32 386", I486, BYTES("\x90\xda\xc1\xdb\xe9\xdf\xe9"), false,
	    "8001 fcmovb fcmovb st(0), st(1)\n8003 fucomi fucomi st(1)\n8005 fucomip fucomip "
	    "st(1)\n" },
	{ "ELF32 386", I486, BYTES("\x0f\x1f\x00\x66\x0f\x1f\x44\x00\x00"), false,
	    "8000 nopl nop dword ptr [eax]\n8003 nopl nop word ptr [eax + eax]\n" },
	{ "ELF32 386", I486, BYTES("\xf3\x0f\x1e\xfb\x0f\x31\x0f\xc7\x08"), false,
	    "8000 endbr32 endbr32 \n8004 rdtsc rdtsc \n8006 cmpxchg8b cmpxchg8b qword ptr "
	    "[eax]\n" },
	{ "ELF32 386", I486, BYTES("\x0f\x58\xc1\x66\x0f\xef\xc0\x0f\x6f\xc1"), false,
	    "8000 addps addps xmm0, xmm1\n8003 pxor pxor xmm0, xmm0\n8007 movq movq mm0, mm1\n" },
	/* addps; pxor; rep bsf; cmovb; nopw */
	{ "ELF64 X86_64", AMD64,
	    BYTES("\x0f\x58\xc1\x66\x0f\xef\xc0\xf3\x0f\xbc\xc1\x0f\x42\xc1\x0f\x1f\x00"), false,
	    "" },
	{ "ELF64 X86_64", AMD64, BYTES("\xf3\x0f\xb8\xc1\x66\x0f\x3a\x0b\xc1\x04\xc5\xf0\x58\xc2"),
	    false,
	    "8000 popcnt popcnt eax, ecx\n8004 roundsd roundsd xmm0, xmm1, 4\n800a vaddps vaddps "
	    "xmm0, xmm1, xmm2\n" },
	{ "ELF64 X86_64", AMD64, BYTES("\x90\x06"), false, "8001 unknown no instruction: 06..\n" },
	/* ldxr w0,[x1]; udf #0, which fills up */
	/* c.nop; lui a0,1; addi a0,a0,1; c.slli a0,1; zeros, which fill up */
	{ "ELF64 RISCV", ENCODINGS,
	    BYTES("\x01\x00\x37\x15\x00\x00\x13\x05\x15\x00\x06\x05\x00\x00"), false, "" },
	/* c.nop; vsetvli zero,zero,e8,m1,ta,ma, and what its second half looks like; half of a lui
	 */
	{ "ELF64 RISCV", ENCODINGS, BYTES("\x01\x00\x57\x70\x00\x0c\x01\x00\x37\x15"), false,
	    "8002 unknown no instruction: 57 70 00 0c\n8004 unknown no instruction: 00 0c 01 00\n"
	    "8008 unknown no instruction: 37 15\n" },
	{ "ELF64 AARCH64", ARMV8, BYTES("\x20\x7c\x5f\x88\x00\x00\x00\x00"), false, "" },
	{ "ELF64 AARCH64", ARMV8, BYTES("\x20\x40\xc2\x1a\x20\x48\x28\x4e"), false,
	    "8000 crc32b crc32b w0, w1, w2\n8004 aese aese v0.16b, v1.16b\n" },
	/* push {r4,lr}; movs r0,#1; pop {r4,pc} */
	{ "ELF32 ARM", ARMV7, BYTES("\x10\xb5\x01\x20\x10\xbd"), true, "" },
	{ "ELF32 ARM", ARMV7, BYTES("\xd3\xe8\xaf\x0f\x92\xfb\xf3\xf2"), true,
	    "8000 lda lda r0, [r3]\n8004 sdiv sdiv r2, r2, r3\n" },
	/* ldr r0,[pc,#0]; bx lr; a word that would be lda; movs r0,#1 */
	{ "ELF32 ARM", ARMV7, BYTES("\x00\x48\x70\x47\xd3\xe8\xaf\x0f\x01\x20"), true, "" },
	/* adr r0,.+8; bx lr; .. : a pair of words; then lda */
	{ "ELF32 ARM", ARMV7,
	    BYTES("\x00\xa0\x70\x47\xff\xff\xff\xff\xff\xff\xff\xff\xd3\xe8\xaf\x0f"), true,
	    "800c lda lda r0, [r3]\n" },
	/* tbb [pc,r0] with cases at +4 and +6; bx lr; lda: none of the table's bytes is run */
	{ "ELF32 ARM", ARMV7, BYTES("\xdf\xe8\x00\xf0\x02\x03\xe8\xe8\x70\x47\xd3\xe8\xaf\x0f"),
	    true, "800a lda lda r0, [r3]\n" },
	/* adr r1,.+8; ldr.w pc,[r1,r2,lsl #2]; nop; two words, of cases at 8010 and 8012; bx lr;
	   lda */
	{ "ELF32 ARM", ARMV7,
	    BYTES("\x01\xa1\x51\xf8\x22\xf0\x00\xbf\x11\x80\x00\x00\x13\x80\x00\x00\x70\x47\xd3\xe8"
		  "\xaf\x0f"),
	    true, "8012 lda lda r0, [r3]\n" },
	/* b.n over a word that only the code behind it reads */
	{ "ELF32 ARM", ARMV7, BYTES("\x01\xe0\xff\xff\xff\xff\x00\xbf\x5f\xf8\x08\x00\x70\x47"),
	    true, "8002 unknown no instruction: ff ff\n" },
	{ "ELF32 ARM", ARMV7, BYTES("\x02\xe0\x00\xbf\xff\xff\xff\xff\x5f\xf8\x08\x00\x70\x47"),
	    true, "" },
	/* ARM code: lda r0,[r3]; bx lr */
	{ "ELF32 ARM", ARMV7, BYTES("\x9f\x0c\x93\xe1\x1e\xff\x2f\xe1"), false,
	    "8000 lda lda r0, [r3]\n" },
};

static void
on_found(void *arg, uint64_t address, const char *name, const char *text)
{
	buf_addf(arg, "%llx %s %s\n", (unsigned long long)address, name, text);
}

START_TEST(refuses)
{
	struct elf_code c = { AT, 0, codes[_i].n };
	struct elf f = { .thumb = codes[_i].thumb, .code = &c, .ncode = 1 };
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct disasm *d;
	struct err e;

	ck_assert_msg(disasm_new(a, codes[_i].elf, codes[_i].rule, &d, &e) == 0, "%s", e.msg);
	ck_assert_uint_gt(disasm_sweep(d, &f, codes[_i].code, on_found, &b), 0);
	ck_assert_str_eq(b.n ? b.p : "", codes[_i].found);
	disasm_free(d);
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(follows_mapping_symbols)
{
	/* Thumb: lda; data: the same bytes; ARM: lda */
	static const char code[] = "\xd3\xe8\xaf\x0f\xd3\xe8\xaf\x0f\x9f\x0c\x93\xe1";
	struct elf_mark marks[] = { { AT, 't' }, { AT + 4, 'd' }, { AT + 8, 'a' } };
	struct elf_code c = { AT, 0, 12 };
	struct elf f = { .code = &c, .ncode = 1, .marks = marks, .nmarks = 3 };
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct disasm *d;
	struct err e;

	ck_assert_msg(disasm_new(a, "ELF32 ARM", ARMV7, &d, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(disasm_sweep(d, &f, code, on_found, &b), 2);
	ck_assert_str_eq(b.p, "8000 lda lda r0, [r3]\n8008 lda lda r0, [r3]\n");
	disasm_free(d);
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* later instructions, which an old Capstone does not know: either way they are refused */
START_TEST(unknown_is_refused)
{
	static const uint32_t words[] = { 0xb8200041 /* ldadd */, 0xc8e0fc41 /* casal */,
		0xb8bfc020 /* ldapr */, 0x2518e3e0 /* ptrue */, 0x4e829420 /* sdot */,
		0xd65f0bff /* retaa */ };
	struct elf_code c = { AT, 0, sizeof words };
	struct elf f = { .code = &c, .ncode = 1 };
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct disasm *d;
	struct err e;
	size_t lines = 0;

	ck_assert_msg(disasm_new(a, "ELF64 AARCH64",
			  "crypto crc cas* ldadd* ldapr* sve* ptrue* sdot* retaa*", &d, &e) == 0,
	    "%s", e.msg);
	disasm_sweep(d, &f, words, on_found, &b);
	for (const char *s = b.p; (s = strchr(s, '\n')); s++)
		lines++;
	ck_assert_uint_eq(lines, sizeof words / sizeof *words);
	disasm_free(d);
	buf_free(&b);
	arena_free(a);
}
END_TEST

static const struct {
	const char *elf, *rule, *msg;
} bad[] = {
	{ "ELF64 RISCV", "crc", "elf ELF64 RISCV: no disassembler for it" },
	{ "ELF32 386", "cmov cmvo",
	    "refuse cmvo: Capstone has no such instruction or group on ELF32 386" },
	{ "ELF32 386", "cmov !", "refuse !: not a name" },
	{ "ELF64 RISCV", "!0001/8003 cmov",
	    "refuse cmov: not !VALUE/MASK, of 4 or of 8 hexadecimal digits each" },
	{ "ELF64 RISCV", "!0001/8003 !01/83",
	    "refuse !01/83: not !VALUE/MASK, of 4 or of 8 hexadecimal digits each" },
	{ "ELF64 RISCV", "!0001/00008003",
	    "refuse !0001/00008003: not !VALUE/MASK, of 4 or of 8 hexadecimal digits each" },
	{ "ELF64 RISCV", "!0005/8003",
	    "refuse !0005/8003: nothing can be so: the value has bits beyond its mask" },
	{ "ELF32 ARM", "nopl",
	    "refuse nopl: Capstone has no such instruction or group on ELF32 ARM" },
};

START_TEST(rules_are_checked)
{
	struct arena *a = arena_new();
	struct disasm *d;
	struct err e;

	ck_assert_int_eq(disasm_new(a, bad[_i].elf, bad[_i].rule, &d, &e), -1);
	ck_assert_str_eq(e.msg, bad[_i].msg);
	arena_free(a);
}
END_TEST

/* a table with as many entries as there are numbers before it, though what follows looks like more
 */
START_TEST(a_table_ends)
{
	/* cmp r0,#1; bhi; tbh [pc,r0,lsl #1] with two far cases; lda r0,[r3]; then nops */
	static const unsigned char head[] = { 0x01, 0x28, 0x05, 0xd8, 0xdf, 0xe8, 0x10, 0xf0, 0xf0,
		0xff, 0xf0, 0xff, 0xd3, 0xe8, 0xaf, 0x0f };
	static unsigned char code[1 << 18];
	struct arena *a = arena_new();
	struct elf_code c = { AT, 0, sizeof code };
	struct elf f = { .thumb = true, .code = &c, .ncode = 1 };
	struct buf found = { 0 };
	struct disasm *d;
	struct err e;

	for (size_t i = 0; i < sizeof code; i++)
		code[i] = i % 2 ? 0xbf : 0x00;
	memcpy(code, head, sizeof head);
	ck_assert_int_eq(disasm_new(a, "ELF32 ARM", ARMV7, &d, &e), 0);
	disasm_sweep(d, &f, code, on_found, &found);
	ck_assert_str_eq(found.p, "800c lda lda r0, [r3]\n");
	disasm_free(d);
	buf_free(&found);
	arena_free(a);
}
END_TEST

Suite *
disasm_suite(void)
{
	Suite *s = suite_create("disasm");
	TCase *tc = harness_case(s, "sweep");

	tcase_add_loop_test(tc, refuses, 0, (int)(sizeof codes / sizeof *codes));
	tcase_add_test(tc, a_table_ends);
	tcase_add_test(tc, follows_mapping_symbols);
	tcase_add_test(tc, unknown_is_refused);
	tcase_add_loop_test(tc, rules_are_checked, 0, (int)(sizeof bad / sizeof *bad));
	return s;
}
