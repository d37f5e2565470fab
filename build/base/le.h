/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_LE_H
#define BUILD_BASE_LE_H

#include <stdint.h>

/* a number of n bytes, 8 at most, the lowest first, as partition tables and FAT have it */
static inline uint64_t
le_get(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

#endif
