/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/one_line.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <ctype.h>
#include <stdbool.h>

char *
one_line(struct arena *a, const char *p, size_t n, size_t max)
{
	struct buf b = { 0 };
	bool blank = false;
	char *s;

	for (size_t i = 0; i < n && b.n < max; i++) {
		unsigned char ch = (unsigned char)p[i];

		if (isspace(ch)) {
			blank = b.n > 0;
			continue;
		}
		if (blank)
			buf_adds(&b, " ");
		blank = false;
		if (isprint(ch))
			buf_add(&b, &p[i], 1);
		else
			buf_addf(&b, "\\x%02x", ch);
	}
	if (b.n >= max)
		buf_adds(&b, " ...");
	s = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return s;
}
