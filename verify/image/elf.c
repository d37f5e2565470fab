/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/elf.h"

#include "build/base/arena.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/*
 * an ARM file's flags that must be as here: EABI 5, hard float and not soft, not big-endian (ELF
 * for the Arm Architecture, 5.3)
 */
#define ARM_MASK (EF_ARM_EABIMASK | EF_ARM_ABI_FLOAT_HARD | EF_ARM_ABI_FLOAT_SOFT | EF_ARM_BE8)
#define ARM_WANTED (EF_ARM_EABI_VER5 | EF_ARM_ABI_FLOAT_HARD)

static const struct machine {
	const char *name;
	unsigned bits, number;
	uint32_t mask, wanted; /* of the flags */
} machines[] = {
	{ "ELF32 386", 32, EM_386, 0, 0 },
	{ "ELF64 X86_64", 64, EM_X86_64, 0, 0 },
	{ "ELF32 ARM", 32, EM_ARM, ARM_MASK, ARM_WANTED },
	{ "ELF64 AARCH64", 64, EM_AARCH64, 0, 0 },
};

#define NMACHINES (sizeof machines / sizeof *machines)

/* a file being read; headers are widened to their 64-bit form */
struct reading {
	struct arena *a;
	const unsigned char *p;
	size_t n;
	Elf64_Ehdr head;
	Elf64_Phdr *segments;
	Elf64_Shdr *sections;
	struct elf *f;
};

bool
elf_is(const void *p, size_t n)
{
	return n >= SELFMAG && !memcmp(p, ELFMAG, SELFMAG);
}

/* ---- headers ---- */

static bool
inside(const struct reading *r, uint64_t offset, uint64_t size)
{
	return offset <= r->n && size <= r->n - offset;
}

static int
read_head(struct reading *r, struct err *e)
{
	Elf32_Ehdr h;

	if (!elf_is(r->p, r->n) || r->n < sizeof h)
		return fail(e, "ELF header: cut off");
	if (r->p[EI_DATA] != ELFDATA2LSB)
		return fail(e, "ELF header: not little-endian");
	if (r->p[EI_CLASS] == ELFCLASS64) {
		if (r->n < sizeof r->head)
			return fail(e, "ELF header: cut off");
		memcpy(&r->head, r->p, sizeof r->head);
		r->f->bits = 64;
		return 0;
	}
	if (r->p[EI_CLASS] != ELFCLASS32)
		return fail(e, "ELF header: class %u is neither 32 nor 64 bits", r->p[EI_CLASS]);
	memcpy(&h, r->p, sizeof h);
	r->head = (Elf64_Ehdr){ .e_type = h.e_type,
		.e_machine = h.e_machine,
		.e_entry = h.e_entry,
		.e_phoff = h.e_phoff,
		.e_shoff = h.e_shoff,
		.e_flags = h.e_flags,
		.e_phentsize = h.e_phentsize,
		.e_phnum = h.e_phnum,
		.e_shentsize = h.e_shentsize,
		.e_shnum = h.e_shnum,
		.e_shstrndx = h.e_shstrndx };
	r->f->bits = 32;
	return 0;
}

static int
read_segments(struct reading *r, struct err *e)
{
	const Elf64_Ehdr *h = &r->head;
	size_t size = r->f->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (h->e_phnum && (h->e_phentsize != size || !inside(r, h->e_phoff, h->e_phnum * size)))
		return fail(e, "program headers: outside the file");
	r->segments = arena_array(r->a, h->e_phnum + 1u, sizeof *r->segments);
	for (size_t i = 0; i < h->e_phnum; i++) {
		Elf64_Phdr *s = &r->segments[i];
		Elf32_Phdr s32;

		if (r->f->bits == 64) {
			memcpy(s, r->p + h->e_phoff + i * size, size);
		} else {
			memcpy(&s32, r->p + h->e_phoff + i * size, size);
			*s = (Elf64_Phdr){ .p_type = s32.p_type,
				.p_flags = s32.p_flags,
				.p_offset = s32.p_offset,
				.p_vaddr = s32.p_vaddr,
				.p_filesz = s32.p_filesz,
				.p_memsz = s32.p_memsz };
		}
		if (s->p_filesz && !inside(r, s->p_offset, s->p_filesz))
			return fail(e, "segment %zu: outside the file", i);
		if (s->p_vaddr + s->p_filesz < s->p_vaddr)
			return fail(e, "segment %zu: beyond the last address", i);
	}
	return 0;
}

static int
read_sections(struct reading *r, struct err *e)
{
	const Elf64_Ehdr *h = &r->head;
	size_t size = r->f->bits == 64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	if (h->e_shnum && (h->e_shentsize != size || !inside(r, h->e_shoff, h->e_shnum * size)))
		return fail(e, "section headers: outside the file");
	r->sections = arena_array(r->a, h->e_shnum + 1u, sizeof *r->sections);
	for (size_t i = 0; i < h->e_shnum; i++) {
		Elf64_Shdr *s = &r->sections[i];
		Elf32_Shdr s32;

		if (r->f->bits == 64) {
			memcpy(s, r->p + h->e_shoff + i * size, size);
		} else {
			memcpy(&s32, r->p + h->e_shoff + i * size, size);
			*s = (Elf64_Shdr){ .sh_type = s32.sh_type,
				.sh_flags = s32.sh_flags,
				.sh_addr = s32.sh_addr,
				.sh_offset = s32.sh_offset,
				.sh_size = s32.sh_size,
				.sh_link = s32.sh_link,
				.sh_entsize = s32.sh_entsize };
		}
		if (s->sh_type == SHT_NULL || s->sh_type == SHT_NOBITS)
			continue;
		if (s->sh_size && !inside(r, s->sh_offset, s->sh_size))
			return fail(e, "section %zu: outside the file", i);
		if (s->sh_addr + s->sh_size < s->sh_addr)
			return fail(e, "section %zu: beyond the last address", i);
	}
	return 0;
}

/* ---- what is in it ---- */

/* the text at offset up to its NUL, without what would upset a terminal */
static const char *
text_at(const struct reading *r, uint64_t offset, uint64_t max)
{
	size_t n = strnlen((const char *)r->p + offset, max < 200 ? (size_t)max : 200);
	char *s = arena_strndup(r->a, (const char *)r->p + offset, n);

	for (char *c = s; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return s;
}

static void
count_needed(struct reading *r, const Elf64_Phdr *s)
{
	size_t size = r->f->bits == 64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);

	for (uint64_t at = 0; at + size <= s->p_filesz; at += size) {
		const unsigned char *p = r->p + s->p_offset + at;
		Elf64_Sxword tag;
		Elf32_Sword tag32;

		if (r->f->bits == 64) {
			memcpy(&tag, p, sizeof tag);
		} else {
			memcpy(&tag32, p, sizeof tag32);
			tag = tag32;
		}
		if (tag == DT_NULL)
			return;
		r->f->nneeded += tag == DT_NEEDED;
	}
}

static int
by_offset(const void *a, const void *b)
{
	const struct elf_code *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void
add_code(struct reading *r, uint64_t address, uint64_t offset, uint64_t size)
{
	struct elf *f = r->f;

	if (!size)
		return;
	f->code = arena_more(r->a, f->code, f->ncode, sizeof *f->code);
	f->code[f->ncode++] =
	    (struct elf_code){ .address = address, .offset = (size_t)offset, .size = (size_t)size };
}

static int
find_code(struct reading *r, struct err *e)
{
	struct elf *f = r->f;
	bool entered = false;

	for (size_t i = 0; i < r->head.e_shnum; i++) {
		const Elf64_Shdr *s = &r->sections[i];

		if (s->sh_type != SHT_NULL && s->sh_type != SHT_NOBITS &&
		    s->sh_flags & SHF_EXECINSTR)
			add_code(r, s->sh_addr, s->sh_offset, s->sh_size);
	}
	for (size_t i = 0; i < r->head.e_phnum && !r->head.e_shnum; i++) {
		const Elf64_Phdr *s = &r->segments[i];

		if (s->p_type == PT_LOAD && s->p_flags & PF_X)
			add_code(r, s->p_vaddr, s->p_offset, s->p_filesz);
	}
	if (f->ncode)
		qsort(f->code, f->ncode, sizeof *f->code, by_offset);
	for (size_t i = 0; i < f->ncode; i++) {
		const struct elf_code *c = &f->code[i];

		if (i && c->offset < c[-1].offset + c[-1].size)
			return fail(e, "two pieces of code overlap at offset %zu", c->offset);
		entered = entered || (f->entry >= c->address && f->entry - c->address < c->size);
	}
	/* headers that hide the code from who looks at it, and not from the kernel */
	if ((f->type == ET_EXEC || f->type == ET_DYN) && f->entry && !entered)
		return fail(e, "it starts at 0x%llx, where no header shows code",
		    (unsigned long long)f->entry);
	return 0;
}

static int
by_address(const void *a, const void *b)
{
	const struct elf_mark *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* $a, $t, $x, $d, perhaps with a dot and more behind it (ELF for the Arm Architecture, 5.5.5) */
static void
add_mark(struct reading *r, uint64_t address, const char *name)
{
	struct elf *f = r->f;

	if (name[0] != '$' || !name[1] || !strchr("atxd", name[1]) || (name[2] && name[2] != '.'))
		return;
	f->marks = arena_more(r->a, f->marks, f->nmarks, sizeof *f->marks);
	f->marks[f->nmarks++] = (struct elf_mark){ address, name[1] };
}

static int
find_marks(struct reading *r, struct err *e)
{
	size_t size = r->f->bits == 64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);

	for (size_t i = 0; i < r->head.e_shnum; i++) {
		const Elf64_Shdr *s = &r->sections[i],
				 *names =
				     &r->sections[s->sh_link < r->head.e_shnum ? s->sh_link : 0];

		if (s->sh_type != SHT_SYMTAB)
			continue;
		if (names->sh_type != SHT_STRTAB || !names->sh_size ||
		    r->p[names->sh_offset + names->sh_size - 1])
			return fail(e, "section %zu: its symbols have no names", i);
		for (uint64_t at = 0; at + size <= s->sh_size; at += size) {
			const unsigned char *p = r->p + s->sh_offset + at;
			Elf64_Sym y;
			Elf32_Sym y32;

			if (r->f->bits == 64) {
				memcpy(&y, p, sizeof y);
			} else {
				memcpy(&y32, p, sizeof y32);
				y = (Elf64_Sym){ .st_name = y32.st_name, .st_value = y32.st_value };
			}
			if (y.st_name < names->sh_size)
				add_mark(r, y.st_value,
				    (const char *)r->p + names->sh_offset + y.st_name);
		}
	}
	if (r->f->nmarks)
		qsort(r->f->marks, r->f->nmarks, sizeof *r->f->marks, by_address);
	return 0;
}

int
elf_read(struct arena *a, const void *p, size_t n, struct elf *out, struct err *e)
{
	struct reading r = { .a = a, .p = p, .n = n, .f = out };

	*out = (struct elf){ 0 };
	if (read_head(&r, e) < 0 || read_segments(&r, e) < 0 || read_sections(&r, e) < 0)
		return -1;
	out->type = r.head.e_type;
	out->machine = r.head.e_machine;
	out->flags = r.head.e_flags;
	out->entry = r.head.e_entry;
	if (out->machine == EM_ARM) { /* bit 0 is no part of the address */
		out->thumb = out->entry & 1;
		out->entry &= ~UINT64_C(1);
	}
	for (size_t i = 0; i < r.head.e_phnum; i++) {
		const Elf64_Phdr *s = &r.segments[i];

		if (s->p_type == PT_INTERP && s->p_filesz)
			out->interp = text_at(&r, s->p_offset, s->p_filesz);
		else if (s->p_type == PT_DYNAMIC)
			count_needed(&r, s);
	}
	return find_code(&r, e) < 0 ? -1 : find_marks(&r, e);
}

/* ---- is it what it should be ---- */

static const struct machine *
machine_of(const char *name)
{
	for (size_t i = 0; i < NMACHINES; i++)
		if (!strcmp(machines[i].name, name))
			return &machines[i];
	return NULL;
}

bool
elf_known(const char *name)
{
	return machine_of(name) != NULL;
}

const char *
elf_differs(struct arena *a, const struct elf *f, const char *name)
{
	const struct machine *m = machine_of(name);

	if (!m)
		return arena_printf(a, "%s is not known here", name);
	if (m->bits != f->bits || m->number != f->machine) {
		for (size_t i = 0; i < NMACHINES; i++)
			if (machines[i].bits == f->bits && machines[i].number == f->machine)
				return arena_printf(a, "is %s, not %s", machines[i].name, name);
		return arena_printf(
		    a, "is ELF%u for machine %u, not %s", f->bits, f->machine, name);
	}
	if ((f->flags & m->mask) != m->wanted)
		return arena_printf(a, "has the flags 0x%x, where EABI 5 with hard float is 0x%x",
		    f->flags, m->wanted);
	return NULL;
}
