/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/test/tiny.h"

#include "build/base/arena.h"

#include <elf.h>
#include <string.h>

static char *
make32(struct arena *a, const struct tiny *t, size_t *size)
{
	const unsigned at = TINY_CODE32;
	Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = (Elf32_Half)t->type,
		.e_machine = (Elf32_Half)t->machine,
		.e_version = EV_CURRENT,
		.e_entry = 0x10000 + at,
		.e_phoff = sizeof h,
		.e_shoff = sizeof h + 2 * sizeof(Elf32_Phdr),
		.e_flags = t->flags,
		.e_ehsize = sizeof h,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = t->segment ? 2 : 1,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = 2 };
	Elf32_Phdr p[2] = { { .p_type = PT_LOAD, .p_vaddr = 0x10000, .p_flags = PF_R | PF_X },
		{ .p_type = t->segment, .p_offset = at, .p_vaddr = 0x10000 + at } };
	Elf32_Shdr s[2] = { { 0 }, { .sh_type = SHT_PROGBITS,
				       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				       .sh_addr = 0x10000 + at,
				       .sh_offset = at,
				       .sh_size = (Elf32_Word)t->n } };
	char *b = arena_alloc(a, *size = at + t->n);

	p[0].p_filesz = p[0].p_memsz = (Elf32_Word)*size;
	p[1].p_filesz = p[1].p_memsz = (Elf32_Word)t->n;
	memcpy(b, &h, sizeof h);
	memcpy(b + h.e_phoff, p, sizeof p);
	memcpy(b + h.e_shoff, s, sizeof s);
	memcpy(b + at, t->code, t->n);
	return b;
}

static char *
make64(struct arena *a, const struct tiny *t, size_t *size)
{
	const unsigned at = TINY_CODE64;
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = (Elf64_Half)t->type,
		.e_machine = (Elf64_Half)t->machine,
		.e_version = EV_CURRENT,
		.e_entry = 0x10000 + at,
		.e_phoff = sizeof h,
		.e_shoff = sizeof h + 2 * sizeof(Elf64_Phdr),
		.e_flags = t->flags,
		.e_ehsize = sizeof h,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = t->segment ? 2 : 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 2 };
	Elf64_Phdr p[2] = { { .p_type = PT_LOAD, .p_vaddr = 0x10000, .p_flags = PF_R | PF_X },
		{ .p_type = t->segment, .p_offset = at, .p_vaddr = 0x10000 + at } };
	Elf64_Shdr s[2] = { { 0 }, { .sh_type = SHT_PROGBITS,
				       .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
				       .sh_addr = 0x10000 + at,
				       .sh_offset = at,
				       .sh_size = t->n } };
	char *b = arena_alloc(a, *size = at + t->n);

	p[0].p_filesz = p[0].p_memsz = *size;
	p[1].p_filesz = p[1].p_memsz = t->n;
	memcpy(b, &h, sizeof h);
	memcpy(b + h.e_phoff, p, sizeof p);
	memcpy(b + h.e_shoff, s, sizeof s);
	memcpy(b + at, t->code, t->n);
	return b;
}

char *
tiny_elf(struct arena *a, const struct tiny *t, size_t *size)
{
	return t->bits == 64 ? make64(a, t, size) : make32(a, t, size);
}
