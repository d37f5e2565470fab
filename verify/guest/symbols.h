/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SYMBOLS_H
#define VERIFY_GUEST_SYMBOLS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* Where in the kernel is it?  A System.map, and what QEMU prints about the processor. */
struct symbols;

int symbols_read(struct arena *a, const char *path, struct symbols **out, struct err *e);
/*
 * A kernel may lie elsewhere than its System.map says, all of it by one distance, the slide.
 * Without one, name of the function an address lies in, or NULL: not in the kernel's text; s may
 * be NULL
 */
const char *symbols_name(const struct symbols *s, uint64_t address);
/* the n-th slide with which an address in the kernel may be in its text; false: there are no more
 */
bool symbols_slide(const struct symbols *s, uint64_t address, unsigned n, uint64_t *slide);
/* where the kernel has the text that begins "Linux version", without a slide; 0: not known */
uint64_t symbols_banner(const struct symbols *s);

/* what `info registers` says */
struct processor {
	uint64_t pc;
	bool halted; /* waits for an interrupt: where it is not told, the symbol tells */
};

/* pc_register: of the manifest, or NULL; false when the text has no such register */
bool processor_parse(const char *text, const char *pc_register, struct processor *out);

#endif
