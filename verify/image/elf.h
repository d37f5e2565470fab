/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_ELF_H
#define VERIFY_IMAGE_ELF_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * What an audit wants to know of an ELF file of the image: whom it is for, what it needs, and where
 * its code is.  build/files/elf.h reads it; its bytes are not trusted.
 */
struct elf {
	unsigned bits;	  /* 32, 64 */
	unsigned type;	  /* ET_EXEC.. */
	unsigned machine; /* EM_386.. */
	uint32_t flags;
	uint64_t entry;
	bool thumb;	    /* ARM: it starts in Thumb code */
	const char *interp; /* the program that would load it, or NULL */
	size_t nneeded;	    /* shared libraries */
	bool pie;	    /* it says that it is a program that may lie anywhere */
	bool relro;	    /* what it relocates is write-protected before it starts */
	bool stack_code;    /* its stack may hold code, as a header says, or none does not */
	bool writable_code; /* a segment may be written to and executed */
	bool debugging;	    /* it has symbols, or more of what only a debugger reads */
	struct elf_code {
		uint64_t address;
		size_t offset, size; /* in the file */
	} * code; /* executable sections, or segments where there are no sections; by offset, apart
		   */
	size_t ncode;
	size_t code_size; /* of all of it, on x86; else 0 */
	size_t guards;	  /* checks of a stack's guard in it, on x86; else 0 */
	struct elf_mark { /* a mapping symbol of ARM: what begins here */
		uint64_t address;
		char kind; /* 'a' ARM, 't' Thumb, 'x' A64, 'd' data */
	} * marks;	   /* by address; none in a stripped file */
	size_t nmarks;
};

/* -1: it is damaged, and how */
int elf_read(struct arena *a, const void *p, size_t n, struct elf *out, struct err *e);
/* what all programs of an image are */
struct elf_kind {
	const char *name;      /* "ELF32 386": build/files/elf_name.h */
	uint32_t mask, wanted; /* e_flags have these bits */
};

/* of the manifest's keys elf and elf-flags, both NULL if they are not there; -1: not to be read */
int elf_kind(const char *name, const char *flags, struct elf_kind *out, struct err *e);
/* NULL, or why the file is of another kind, on the arena */
const char *elf_differs(struct arena *a, const struct elf *f, const struct elf_kind *kind);

#endif
