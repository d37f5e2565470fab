/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/utf8.h"

locale_t
utf8_enter(void)
{
	static locale_t utf8;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return utf8 ? uselocale(utf8) : (locale_t)0;
}

void
utf8_leave(locale_t before)
{
	if (before)
		uselocale(before);
}

size_t
utf8_size(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t n = *c < 0x80   ? *c != 0
		   : *c < 0xc2 ? 0
		   : *c < 0xe0 ? 2
		   : *c < 0xf0 ? 3
		   : *c < 0xf5 ? 4
			       : 0;

	/* neither longer than needed, nor half of a pair, nor above U+10FFFF */
	if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) ||
	    (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return n;
}
