/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_MARK_H
#define VERIFY_IMAGE_MARK_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a kernel's file has when it is one for a machine: OFFSET=BYTES[/MASK] in hexadecimal, as
 * 0x202=48647253 for the magic HdrS, or 0x236=01/01 for a bit that is set.
 */
struct mark {
	size_t at, n;
	unsigned char bytes[8], mask[8];
};

int mark_read(const char *word, struct mark *out, struct err *e);
/* do the n bytes at p, which are a whole file, have it */
bool mark_fits(const struct mark *m, const void *p, size_t n);

#endif
