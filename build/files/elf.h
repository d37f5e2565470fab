/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_ELF_H
#define BUILD_FILES_ELF_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * An ELF file in memory (System V gABI, chapters 4 and 5), read through libelf: little endian, of
 * 32 or 64 bits, both told in the wider form.  Nobody vouches for its bytes, so what it says of
 * itself is checked here before libelf follows it: whatever elf_open accepts lies inside the file.
 */
struct elf_file {
	const unsigned char *bytes; /* the caller's; they must outlive this */
	size_t n;
	unsigned bits;	  /* 32, 64 */
	unsigned type;	  /* ET_EXEC.. */
	unsigned machine; /* EM_386.. */
	uint32_t flags;
	uint64_t entry;
	struct elf_segment {
		uint32_t type, flags; /* PT_LOAD.., PF_X.. */
		uint64_t address;
		size_t offset, size; /* in the file */
	} * segments;
	size_t nsegments;
	struct elf_section {
		const char *name;
		uint32_t type, link; /* SHT_PROGBITS.. */
		uint64_t flags;	     /* SHF_ALLOC.. */
		uint64_t address;
		uint64_t offset, size; /* in the file, but for SHT_NOBITS and SHT_NULL */
	} * sections;		       /* the first one stands for none */
	size_t nsections;
	const char *interp; /* the program that would load it, or NULL */
	size_t nneeded;	    /* shared libraries that it asks for */
	bool pie;	    /* it says that it is a program, whatever its type (DF_1_PIE) */
};

/* begins as one */
bool elf_is(const void *bytes, size_t n);
/* the same of a file; one that cannot be read is none */
bool elf_is_file(const char *path);

/* -1: it is damaged, and how; no name in it has bytes that would upset a terminal */
int elf_open(struct arena *a, const void *bytes, size_t n, struct elf_file *out, struct err *e);

/* whose bytes in the file have the one at offset; NULL: none */
const struct elf_section *elf_section_at(const struct elf_file *f, uint64_t offset);
/* has this section bytes in the file */
bool elf_has_bytes(const struct elf_section *s);

typedef void elf_symbol(void *arg, const char *name, uint64_t value);
/* calls found for each symbol of SHT_SYMTAB that has a name; -1: they are damaged, and how */
int elf_symbols(const struct elf_file *f, elf_symbol *found, void *arg, struct err *e);

#endif
