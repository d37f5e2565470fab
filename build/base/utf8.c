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
