/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/section.h"

#include "build/base/arena.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

/* what of a section header matters here, whichever class it is of */
struct section {
	uint64_t name, type, offset, size;
};

struct image {
	const unsigned char *p;
	size_t n;
	int wide;
	uint64_t at, step, count,
	    names; /* of the table of sections; names: the one that has their names */
};

static int
begin(const void *bytes, size_t n, struct image *m)
{
	Elf64_Ehdr h64;
	Elf32_Ehdr h32;

	if (n < sizeof h64 || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return -1;
	memcpy(&h64, bytes, sizeof h64);
	memcpy(&h32, bytes, sizeof h32);
	if (h64.e_ident[EI_DATA] != ELFDATA2LSB)
		return -1;
	if (h64.e_ident[EI_CLASS] == ELFCLASS64)
		*m = (struct image){ bytes, n, 1, h64.e_shoff, h64.e_shentsize, h64.e_shnum,
			h64.e_shstrndx };
	else
		*m = (struct image){ bytes, n, 0, h32.e_shoff, h32.e_shentsize, h32.e_shnum,
			h32.e_shstrndx };
	return 0;
}

/* -1: the file ends before it */
static int
read_section(const struct image *m, uint64_t i, struct section *s)
{
	size_t want = m->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	uint64_t at;

	if (i >= m->count || m->step < want || m->at > m->n || (m->n - m->at) / m->step <= i)
		return -1;
	at = m->at + i * m->step;
	if (m->wide) {
		Elf64_Shdr h;

		memcpy(&h, m->p + at, sizeof h);
		*s = (struct section){ h.sh_name, h.sh_type, h.sh_offset, h.sh_size };
	} else {
		Elf32_Shdr h;

		memcpy(&h, m->p + at, sizeof h);
		*s = (struct section){ h.sh_name, h.sh_type, h.sh_offset, h.sh_size };
	}
	return 0;
}

static char *
name_of(struct arena *a, const struct image *m, const struct section *s)
{
	struct section names;
	uint64_t room;

	if (read_section(m, m->names, &names) < 0 || names.offset > m->n ||
	    names.size > m->n - names.offset || s->name >= names.size)
		return arena_strdup(a, "?");
	room = names.size - s->name;
	return arena_strndup(a, (const char *)m->p + names.offset + s->name,
	    strnlen((const char *)m->p + names.offset + s->name, room));
}

char *
section_at(struct arena *a, const void *bytes, size_t n, uint64_t offset)
{
	struct image m;
	struct section s;

	if (begin(bytes, n, &m) < 0)
		return NULL;
	for (uint64_t i = 1; read_section(&m, i, &s) == 0; i++)
		if (s.type != SHT_NOBITS && s.type != SHT_NULL && offset >= s.offset &&
		    offset - s.offset < s.size)
			return arena_printf(
			    a, "%s+0x%" PRIx64, name_of(a, &m, &s), offset - s.offset);
	return NULL;
}
