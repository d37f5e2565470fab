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
/* name of the function an address lies in, or NULL: not in the kernel's text; s may be NULL */
const char *symbols_name(const struct symbols *s, uint64_t address);

/* what `info registers` says */
struct processor {
	uint64_t pc;
	bool halted; /* waits for an interrupt: where it is not told, the symbol tells */
};

/* pc_register: of the manifest, or NULL; false when the text has no such register */
bool processor_parse(const char *text, const char *pc_register, struct processor *out);

#endif
