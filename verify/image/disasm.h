/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_DISASM_H
#define VERIFY_IMAGE_DISASM_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct elf;

/*
 * Which instructions a program has that its processor may lack, by Capstone: a sweep over all its
 * code.  Data among the code is passed over: what mapping symbols call data, and in Thumb code
 * without them, which has lost its mapping symbols to strip, what a load relative to the pc
 * fetches or a table branch reads.
 *
 * A rule is blank-separated names of Capstone's: groups of instructions (cmov sse2 crypto) and
 * instructions (popcnt); nopl is the nop of several bytes.  name* is every name that begins so, and
 * there need not be any.  !name is fine all the same.  Bytes that are no instruction are refused
 * under the name "unknown".
 *
 * For a processor that not every Capstone knows, a rule is all instructions that it has, as
 * encodings (verify/image/encoding.h) with a ! before each: what fits none is refused.
 */
struct disasm;

/* elf: what elf.h calls it, such as "ELF32 386"; a name that Capstone does not know is an error */
int disasm_new(
    struct arena *a, const char *elf, const char *rule, struct disasm **out, struct err *e);
void disasm_free(struct disasm *d);

/* name: of the instruction; text: with its operands */
typedef void disasm_found(void *arg, uint64_t address, const char *name, const char *text);
/* calls found for each that the rule refuses; how many instructions there were */
size_t disasm_sweep(
    struct disasm *d, const struct elf *f, const void *bytes, disasm_found *found, void *arg);

#endif
