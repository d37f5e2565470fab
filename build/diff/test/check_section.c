/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/section.h"
#include "build/base/arena.h"
#include "build/base/file.h"
#include "build/test/suites.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/*
 * header, .text of 16 bytes at 64, the names at 80, the table at 128; sections: none, .text, .bss,
 * names
 */
static size_t
make(unsigned char *p, bool wide)
{
	static const char names[] = "\0.text\0.bss\0.shstrtab";
	Elf64_Ehdr h = {
		.e_shoff = 128, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 4, .e_shstrndx = 3
	};
	Elf32_Ehdr h32 = {
		.e_shoff = 128, .e_shentsize = sizeof(Elf32_Shdr), .e_shnum = 4, .e_shstrndx = 3
	};
	const Elf64_Shdr v[4] = {
		{ 0 },
		{ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = 64, .sh_size = 16 },
		{ .sh_name = 7, .sh_type = SHT_NOBITS, .sh_offset = 80, .sh_size = 4096 },
		{ .sh_name = 12, .sh_type = SHT_STRTAB, .sh_offset = 80, .sh_size = sizeof names },
	};

	memset(p, 0, 512);
	memcpy(h.e_ident, ELFMAG, SELFMAG);
	h.e_ident[EI_CLASS] = ELFCLASS64;
	h.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(h32.e_ident, h.e_ident, EI_NIDENT);
	h32.e_ident[EI_CLASS] = ELFCLASS32;
	if (wide)
		memcpy(p, &h, sizeof h);
	else
		memcpy(p, &h32, sizeof h32);
	memcpy(p + 80, names, sizeof names);
	for (size_t i = 0; i < 4; i++) {
		Elf32_Shdr n = { .sh_name = v[i].sh_name,
			.sh_type = v[i].sh_type,
			.sh_offset = (Elf32_Off)v[i].sh_offset,
			.sh_size = (Elf32_Word)v[i].sh_size };

		if (wide)
			memcpy(p + 128 + i * sizeof *v, &v[i], sizeof *v);
		else
			memcpy(p + 128 + i * sizeof n, &n, sizeof n);
	}
	return 128 + 4 * (wide ? sizeof *v : sizeof(Elf32_Shdr));
}

static const struct {
	uint64_t at;
	const char *name;
} cases[] = { { 0, NULL }, { 63, NULL }, { 64, ".text+0x0" }, { 79, ".text+0xf" },
	{ 80, ".shstrtab+0x0" }, { 127, NULL }, { UINT64_MAX, NULL } };

START_TEST(finds)
{
	struct arena *a = arena_new();
	unsigned char p[512];

	for (int wide = 0; wide < 2; wide++) {
		size_t n = make(p, wide);
		const char *name = section_at(a, p, n, cases[_i].at);

		if (cases[_i].name)
			ck_assert_str_eq(name, cases[_i].name);
		else
			ck_assert_ptr_null(name);
	}
	arena_free(a);
}
END_TEST

/* cut short anywhere, or with any byte spoiled, it is read no further than it goes */
START_TEST(damaged)
{
	struct arena *a = arena_new();
	unsigned char p[512];

	for (int wide = 0; wide < 2; wide++) {
		size_t n = make(p, wide);

		for (size_t i = 0; i < n; i++) {
			unsigned char *copy = malloc(n);

			memcpy(copy, p, n);
			section_at(a, copy, i, 70);
			copy[i] ^= 0xff;
			section_at(a, copy, n, 70);
			free(copy);
		}
		ck_assert_str_eq(section_at(a, p, n, 70), ".text+0x6");
		p[EI_DATA] = ELFDATA2MSB;
		ck_assert_ptr_null(section_at(a, p, n, 70));
	}
	ck_assert_ptr_null(section_at(a, "#!/bin/sh\n", 10, 3));
	arena_free(a);
}
END_TEST

Suite *
section_suite(void)
{
	Suite *s = suite_of("section", (const TTest *[]){ damaged, NULL });

	tcase_add_loop_test(harness_case(s, "table"), finds, 0, sizeof cases / sizeof *cases);
	return s;
}
