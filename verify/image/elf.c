/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/elf.h"

#include "build/base/arena.h"
#include "build/files/elf.h"
#include "build/files/elf_name.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a file being read */
struct reading {
	struct arena *a;
	struct elf_file file;
	struct elf *f;
};

/* ---- what is in it ---- */

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

	for (size_t i = 0; i < r->file.nsections; i++) {
		const struct elf_section *s = &r->file.sections[i];

		if (elf_has_bytes(s) && s->flags & SHF_EXECINSTR)
			add_code(r, s->address, s->offset, s->size);
	}
	for (size_t i = 0; i < r->file.nsegments && !r->file.nsections; i++) {
		const struct elf_segment *s = &r->file.segments[i];

		if (s->type == PT_LOAD && s->flags & PF_X)
			add_code(r, s->address, s->offset, s->size);
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

/*
 * Is this how a function of x86 asks, at its end, whether its stack's guard is as it was?  Linux's
 * ABI keeps the value at %fs:0x28 and %gs:0x14; sub, xor and cmp compare it with a register.
 */
static bool
is_guard(const unsigned char *p, size_t n, unsigned machine)
{
	static const unsigned char far64[] = { 0x25, 0x28, 0, 0, 0 }, far32[] = { 0x14, 0, 0, 0 };
	bool wide = machine == EM_X86_64;

	if (n < (wide ? 9 : 7) || *p != (wide ? 0x64 : 0x65))
		return false;
	if (wide && (*++p & 0xfb) != 0x48)
		return false;
	if (p[1] != 0x2b && p[1] != 0x33 && p[1] != 0x3b)
		return false;
	return wide ? (p[2] & 0xc7) == 0x04 && !memcmp(p + 3, far64, sizeof far64)
		    : (p[2] & 0xc7) == 0x05 && !memcmp(p + 3, far32, sizeof far32);
}

static void
count_guards(const unsigned char *p, struct elf *f)
{
	for (size_t i = 0; i < f->ncode; i++) {
		const struct elf_code *c = &f->code[i];

		f->code_size += c->size;
		for (size_t k = 0; k < c->size; k++)
			f->guards += is_guard(p + c->offset + k, c->size - k, f->machine);
	}
}

static int
by_address(const void *a, const void *b)
{
	const struct elf_mark *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* $a, $t, $x, $d, perhaps with a dot and more behind it (ELF for the Arm Architecture, 5.5.5) */
static void
add_mark(void *arg, const char *name, uint64_t address)
{
	struct reading *r = arg;
	struct elf *f = r->f;

	if (name[0] != '$' || !name[1] || !strchr("atxd", name[1]) || (name[2] && name[2] != '.'))
		return;
	f->marks = arena_more(r->a, f->marks, f->nmarks, sizeof *f->marks);
	f->marks[f->nmarks++] = (struct elf_mark){ address, name[1] };
}

static int
find_marks(struct reading *r, struct err *e)
{
	if (elf_symbols(&r->file, add_mark, r, e) < 0)
		return -1;
	if (r->f->nmarks)
		qsort(r->f->marks, r->f->nmarks, sizeof *r->f->marks, by_address);
	return 0;
}

static void
find_protection(const struct elf_file *file, struct elf *f)
{
	f->stack_code = true; /* the kernel's choice where no header speaks of it */
	for (size_t i = 0; i < file->nsegments; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (s->type == PT_GNU_RELRO)
			f->relro = true;
		else if (s->type == PT_GNU_STACK)
			f->stack_code = s->flags & PF_X;
		else if (s->type == PT_LOAD && s->flags & PF_X && s->flags & PF_W)
			f->writable_code = true;
	}
}

static bool
has_debugging(const struct elf_file *file)
{
	for (size_t i = 0; i < file->nsections; i++) {
		const struct elf_section *s = &file->sections[i];

		if (s->type == SHT_SYMTAB || !strncmp(s->name, ".debug", strlen(".debug")))
			return true;
	}
	return false;
}

int
elf_read(struct arena *a, const void *p, size_t n, struct elf *out, struct err *e)
{
	struct reading r = { .a = a, .f = out };

	*out = (struct elf){ 0 };
	if (elf_open(a, p, n, &r.file, e) < 0)
		return -1;
	out->bits = r.file.bits;
	out->type = r.file.type;
	out->machine = r.file.machine;
	out->flags = r.file.flags;
	out->entry = r.file.entry;
	out->interp = r.file.interp;
	out->nneeded = r.file.nneeded;
	out->pie = r.file.pie;
	find_protection(&r.file, out);
	out->debugging = has_debugging(&r.file);
	if (out->machine == EM_ARM) { /* bit 0 is no part of the address */
		out->thumb = out->entry & 1;
		out->entry &= ~UINT64_C(1);
	}
	if (find_code(&r, e) < 0)
		return -1;
	if (out->machine == EM_X86_64 || out->machine == EM_386)
		count_guards(p, out);
	return find_marks(&r, e);
}

/* ---- is it what it should be ---- */

int
elf_kind(const char *name, const char *flags, struct elf_kind *out, struct err *e)
{
	int end = 0;

	*out = (struct elf_kind){ .name = name };
	if (!name || !elf_name_known(name))
		return fail_usage(e, "manifest: elf %s: unknown, so programs cannot be checked",
		    name ? name : "(none)");
	if (flags &&
	    (sscanf(flags, "0x%" SCNx32 "=0x%" SCNx32 "%n", &out->mask, &out->wanted, &end) != 2 ||
		flags[end]))
		return fail_usage(e, "manifest: elf-flags %s: not 0xMASK=0xVALUE", flags);
	return 0;
}

const char *
elf_differs(struct arena *a, const struct elf *f, const struct elf_kind *kind)
{
	const char *name = elf_name(a, f->bits, f->machine);

	if (strcmp(name, kind->name))
		return arena_printf(a, "is %s, not %s", name, kind->name);
	if ((f->flags & kind->mask) != kind->wanted)
		return arena_printf(a, "has the flags 0x%x, where %s has 0x%x of 0x%x", f->flags,
		    name, kind->wanted, kind->mask);
	return NULL;
}
