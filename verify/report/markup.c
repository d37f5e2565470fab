/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/markup.h"

#include "build/base/buf.h"

#include <string.h>

void
markup_plain(FILE *f, char c)
{
	if ((c >= ' ' && c <= '~') || c == '\t')
		putc(c, f);
	else
		fprintf(f, "\\x%02x", (unsigned char)c);
}

void
markup_row(FILE *f, const char *prefix, const char *name, const char *text)
{
	fprintf(f, "%s  %-10s ", prefix, name);
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && !p[1])
			break;
		if (*p == '\n')
			fprintf(f, "\n%s  %-10s ", prefix, "");
		else
			markup_plain(f, *p);
	}
	putc('\n', f);
}

/* length of the UTF-8 sequence at p (RFC 3629), 0 when it is none, or a character XML forbids */
static size_t
utf8(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char mask, lead;
		size_t len;
		unsigned least;
	} forms[] = { { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 },
		{ 0xf8, 0xf0, 4, 0x10000 } };

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		unsigned c;

		if ((*p & forms[i].mask) != forms[i].lead || n < forms[i].len)
			continue;
		c = (unsigned)*p & ~(unsigned)forms[i].mask;
		for (size_t k = 1; k < forms[i].len; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (p[k] & 0x3f);
		}
		if (c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
		    c == 0xfffe || c == 0xffff || (c >= 0x80 && c < 0xa0))
			return 0;
		return forms[i].len;
	}
	return 0;
}

void
markup_add(struct buf *b, const char *s, size_t n)
{
	static const struct {
		char c;
		const char *text;
	} special[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" },
		{ '\'', "&#39;" } };
	const unsigned char *p = (const unsigned char *)s;

	while (n) {
		size_t len = 1;
		const char *text = NULL;

		for (size_t i = 0; i < sizeof special / sizeof *special; i++)
			if (*p == (unsigned char)special[i].c)
				text = special[i].text;
		if (text)
			buf_adds(b, text);
		else if ((*p >= ' ' && *p <= '~') || *p == '\t' || *p == '\n' ||
			 (len = utf8(p, n)) > 0)
			buf_add(b, p, len);
		else if (len = 1,
		    *p != '\r' || n < 2 || p[1] != '\n') /* a console's line ends are no news */
			buf_addf(b, "\\x%02x", *p);
		p += len;
		n -= len;
	}
}

void
markup_adds(struct buf *b, const char *s)
{
	markup_add(b, s, strlen(s));
}
