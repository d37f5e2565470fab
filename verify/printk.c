/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/printk.h"

#include <ctype.h>

int
printk_stamp(const char *p, size_t n)
{
	size_t i = 1, seconds, point;

	if (n && *p != '[')
		return -1;
	while (i < n && p[i] == ' ')
		i++;
	for (seconds = i; i < n && isdigit((unsigned char)p[i]);)
		i++;
	if (i >= n)
		return 0;
	if (i == seconds || p[i++] != '.')
		return -1;
	for (point = i; i < n && i < point + 6 && isdigit((unsigned char)p[i]);)
		i++;
	for (const char *rest = "] "; i < n && *rest; rest++)
		if (i < point + 6 || p[i++] != *rest)
			return -1;
	return i == point + 8 ? (int)i : 0;
}
