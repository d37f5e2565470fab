/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_DIFF_SECTION_H
#define BUILD_DIFF_SECTION_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Which section of an ELF file (System V gABI, chapter 4) holds the byte at an offset:
 * ".rodata+0x2c", on the arena; NULL when the bytes are no little-endian ELF, or none of
 * its sections has it.
 */
char *section_at(struct arena *a, const void *bytes, size_t n, uint64_t offset);

#endif
