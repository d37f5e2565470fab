/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/elf.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#define NAME_SHOWN 200

/*
 * libelf says of the offsets and counts in a file only what it cannot do without, and follows some
 * of them later.  So sizes are compared with the file's before libelf is asked, strings are taken
 * from the bytes themselves, and nothing is ever decompressed.
 */
static bool
inside(const struct elf_file *f, uint64_t offset, uint64_t size)
{
	return offset <= f->n && size <= f->n - offset;
}

static Elf *
begin(const struct elf_file *f)
{
	elf_version(EV_CURRENT);
	return elf_memory((char *)(uintptr_t)f->bytes, f->n); /* which it does not write to */
}

/* the text at offset up to its NUL, without what would upset a terminal */
static const char *
text_at(struct arena *a, const struct elf_file *f, uint64_t offset, uint64_t max)
{
	const char *at = (const char *)f->bytes + offset;
	char *s = arena_strndup(a, at, strnlen(at, max < NAME_SHOWN ? (size_t)max : NAME_SHOWN));

	for (char *c = s; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return s;
}

bool
elf_is(const void *bytes, size_t n)
{
	return n >= SELFMAG && !memcmp(bytes, ELFMAG, SELFMAG);
}

bool
elf_is_file(const char *path)
{
	char magic[SELFMAG];
	struct err ignored;
	int fd = file_open(path, 0, &ignored);
	bool is = fd >= 0 && read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
		  elf_is(magic, sizeof magic);

	if (fd >= 0)
		close(fd);
	return is;
}

/* ---- headers ---- */

static int
check_ident(const struct elf_file *f, struct err *e)
{
	const unsigned char *p = f->bytes;

	if (!elf_is(p, f->n) || f->n < sizeof(Elf32_Ehdr))
		return fail(e, "ELF header: cut off");
	if (p[EI_DATA] != ELFDATA2LSB)
		return fail(e, "ELF header: not little-endian");
	if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
		return fail(e, "ELF header: class %u is neither 32 nor 64 bits", p[EI_CLASS]);
	if (p[EI_CLASS] == ELFCLASS64 && f->n < sizeof(Elf64_Ehdr))
		return fail(e, "ELF header: cut off");
	if (p[EI_VERSION] != EV_CURRENT)
		return fail(e, "ELF header: version %u is not %d", p[EI_VERSION], EV_CURRENT);
	return 0;
}

static int
read_segments(struct arena *a, Elf *elf, const GElf_Ehdr *h, struct elf_file *f, struct err *e)
{
	size_t size = f->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (h->e_phnum && (h->e_phentsize != size || !inside(f, h->e_phoff, h->e_phnum * size)))
		return fail(e, "program headers: outside the file");
	f->segments = arena_array(a, h->e_phnum + 1u, sizeof *f->segments);
	for (; f->nsegments < h->e_phnum; f->nsegments++) {
		size_t i = f->nsegments;
		GElf_Phdr p;

		if (!gelf_getphdr(elf, (int)i, &p))
			return fail(e, "segment %zu: %s", i, elf_errmsg(-1));
		if (p.p_filesz && !inside(f, p.p_offset, p.p_filesz))
			return fail(e, "segment %zu: outside the file", i);
		if (p.p_vaddr + p.p_filesz < p.p_vaddr)
			return fail(e, "segment %zu: beyond the last address", i);
		f->segments[i] = (struct elf_segment){ .type = p.p_type,
			.flags = p.p_flags,
			.address = p.p_vaddr,
			.offset = p.p_filesz ? (size_t)p.p_offset : 0,
			.size = (size_t)p.p_filesz };
	}
	return 0;
}

bool
elf_has_bytes(const struct elf_section *s)
{
	return s->type != SHT_NULL && s->type != SHT_NOBITS;
}

/* names: as the headers have them, offsets into the section that they name for it */
static void
name_sections(struct arena *a, struct elf_file *f, size_t holder, const uint32_t *names)
{
	const struct elf_section *h = holder < f->nsections ? &f->sections[holder] : NULL;

	for (size_t i = 0; i < f->nsections; i++)
		f->sections[i].name = h && elf_has_bytes(h) && names[i] < h->size
					  ? text_at(a, f, h->offset + names[i], h->size - names[i])
					  : "?";
}

static int
read_sections(struct arena *a, Elf *elf, const GElf_Ehdr *h, struct elf_file *f, struct err *e)
{
	size_t size = f->bits == 64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), count, holder = 0;
	uint32_t *names;

	/* libelf takes a table that does not fit for an empty one */
	if (elf_getshdrnum(elf, &count) < 0 || count < h->e_shnum ||
	    (count && (h->e_shentsize != size || count > f->n / size ||
			  !inside(f, h->e_shoff, count * size))))
		return fail(e, "section headers: outside the file");
	f->sections = arena_array(a, count + 1, sizeof *f->sections);
	names = arena_array(a, count + 1, sizeof *names);
	for (; f->nsections < count; f->nsections++) {
		size_t i = f->nsections;
		struct elf_section *s = &f->sections[i];
		GElf_Shdr p;

		if (!gelf_getshdr(elf_getscn(elf, i), &p))
			return fail(e, "section %zu: %s", i, elf_errmsg(-1));
		*s = (struct elf_section){ .type = p.sh_type,
			.link = p.sh_link,
			.flags = p.sh_flags,
			.address = p.sh_addr,
			.offset = p.sh_offset,
			.size = p.sh_size };
		names[i] = p.sh_name;
		if (!elf_has_bytes(s))
			continue;
		if (s->size && !inside(f, s->offset, s->size))
			return fail(e, "section %zu: outside the file", i);
		if (s->address + s->size < s->address)
			return fail(e, "section %zu: beyond the last address", i);
	}
	if (elf_getshdrstrndx(elf, &holder) == 0)
		name_sections(a, f, holder, names);
	else
		name_sections(a, f, count, names);
	return 0;
}

static void
read_dynamic(Elf *elf, const struct elf_segment *s, struct elf_file *f)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)s->offset, s->size, ELF_T_DYN);
	GElf_Dyn d;

	for (int i = 0; data && gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++) {
		f->nneeded += d.d_tag == DT_NEEDED;
		if (d.d_tag == DT_FLAGS_1 && d.d_un.d_val & DF_1_PIE)
			f->pie = true;
	}
}

/* what the segments say of how it is started */
static int
read_start(struct arena *a, Elf *elf, struct elf_file *f, struct err *e)
{
	bool dynamic = false;

	for (size_t i = 0; i < f->nsegments; i++) {
		const struct elf_segment *s = &f->segments[i];

		if (s->type == PT_INTERP) {
			f->interp = text_at(a, f, s->offset, s->size);
		} else if (s->type == PT_DYNAMIC && s->size) {
			if (dynamic)
				return fail(e, "segment %zu: a second PT_DYNAMIC", i);
			dynamic = true;
			read_dynamic(elf, s, f);
		}
	}
	return 0;
}

int
elf_open(struct arena *a, const void *bytes, size_t n, struct elf_file *out, struct err *e)
{
	GElf_Ehdr h;
	Elf *elf;
	int r = -1;

	*out = (struct elf_file){ .bytes = bytes, .n = n };
	if (check_ident(out, e) < 0)
		return -1;
	elf = begin(out);
	if (!elf) /* with an ident like this, it refuses nothing else */
		return fail(e, "section headers: outside the file");
	if (gelf_getehdr(elf, &h)) {
		out->bits = out->bytes[EI_CLASS] == ELFCLASS64 ? 64 : 32;
		out->type = h.e_type;
		out->machine = h.e_machine;
		out->flags = h.e_flags;
		out->entry = h.e_entry;
		r = read_segments(a, elf, &h, out, e);
		if (r == 0)
			r = read_sections(a, elf, &h, out, e);
		if (r == 0)
			r = read_start(a, elf, out, e);
	} else {
		fail(e, "ELF header: %s", elf_errmsg(-1));
	}
	elf_end(elf);
	return r;
}

/* ---- sections and symbols ---- */

const struct elf_section *
elf_section_at(const struct elf_file *f, uint64_t offset)
{
	for (size_t i = 1; i < f->nsections; i++) {
		const struct elf_section *s = &f->sections[i];

		if (elf_has_bytes(s) && offset >= s->offset && offset - s->offset < s->size)
			return s;
	}
	return NULL;
}

static void
report_symbols(Elf *elf, const struct elf_file *f, const struct elf_section *s,
    const struct elf_section *names, elf_symbol *found, void *arg)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)s->offset, (size_t)s->size, ELF_T_SYM);
	GElf_Sym y;

	for (int i = 0; data && gelf_getsym(data, i, &y); i++)
		if (y.st_name && y.st_name < names->size)
			found(arg, (const char *)f->bytes + names->offset + y.st_name, y.st_value);
}

int
elf_symbols(const struct elf_file *f, elf_symbol *found, void *arg, struct err *e)
{
	Elf *elf = begin(f);
	uint64_t all = 0;
	int r = 0;

	for (size_t i = 0; i < f->nsections && r == 0; i++) {
		const struct elf_section *s = &f->sections[i], *names = NULL;

		if (s->type != SHT_SYMTAB)
			continue;
		all += s->size;
		if (s->link && s->link < f->nsections)
			names = &f->sections[s->link];
		if (!names || names->type != SHT_STRTAB || !names->size ||
		    f->bytes[names->offset + names->size - 1])
			r = fail(e, "section %zu: its symbols have no names", i);
		else if (all > f->n) /* or reading them could take for ever */
			r = fail(e, "section %zu: overlapping symbol tables", i);
		else
			report_symbols(elf, f, s, names, found, arg);
	}
	elf_end(elf);
	return r;
}
