/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_TINY_H
#define VERIFY_TEST_TINY_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * an ELF program with one section of code, at address 0x10000 + its offset in the file, and nothing
 * else
 */
struct tiny {
	unsigned bits, type, machine;
	uint32_t flags;
	unsigned segment; /* type of a second program header, whose bytes are the code's; 0: there
			     is none */
	const void *code;
	size_t n;
};

#define TINY_CODE32 (52 + 2 * 32 + 2 * 40) /* offset of the code */
#define TINY_CODE64 (64 + 2 * 56 + 2 * 64)

char *tiny_elf(struct arena *a, const struct tiny *t, size_t *size);

#endif
