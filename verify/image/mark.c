/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* bytes that s begins with, two digits each; what is behind them is left in s */
static size_t
read_bytes(const char **s, unsigned char *out, size_t max)
{
	size_t n = 0;
	unsigned byte;

	while (n < max && strspn(*s, "0123456789abcdef") >= 2 && sscanf(*s, "%2x", &byte) == 1) {
		out[n++] = (unsigned char)byte;
		*s += 2;
	}
	return n;
}

int
mark_read(const char *word, struct mark *out, struct err *e)
{
	char *end;
	const char *s;

	memset(out->mask, 0xff, sizeof out->mask);
	out->at = strtoul(word, &end, 16);
	s = end + (*end == '=');
	out->n = *end == '=' ? read_bytes(&s, out->bytes, sizeof out->bytes) : 0;
	if (out->n && *s == '/' && ++s && read_bytes(&s, out->mask, out->n) != out->n)
		out->n = 0;
	if (!out->n || *s)
		return fail_usage(e, "kernel-mark %s: not OFFSET=BYTES[/MASK], of up to %zu bytes",
		    word, sizeof out->bytes);
	return 0;
}

bool
mark_fits(const struct mark *m, const void *p, size_t n)
{
	if (n < m->n || m->at > n - m->n)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if ((((const unsigned char *)p)[m->at + i] & m->mask[i]) != m->bytes[i])
			return false;
	return true;
}
