/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_ENCODING_H
#define VERIFY_IMAGE_ENCODING_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * All instructions that a processor has, by their encodings: for processors whose encodings are
 * regular enough to be listed, as RISC-V's are, and that not every disassembler knows.
 *
 * An encoding is VALUE/MASK in hexadecimal, of 4 digits each for an instruction of 16 bits, of 8
 * for one of 32, little-endian: 00000017/0000007f is all whose low seven bits are 0010111.
 */
struct encodings;

/* the words look like encodings, each with a ! before it */
bool encodings_are(const char *rule);
int encodings_read(struct arena *a, const char *rule, struct encodings **out, struct err *e);
/* the size of the instruction that the n bytes at p begin with, or 0: there is none such */
size_t encodings_fit(const struct encodings *c, const unsigned char *p, size_t n);
/* of the shortest instruction */
size_t encodings_step(const struct encodings *c);

#endif
