/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/markup.h"

#include "build/base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COLUMN 13 /* of the text of a row */

void
markup_plain(FILE *f, char c)
{
	if ((c >= ' ' && c <= '~') || c == '\t')
		putc(c, f);
	else
		fprintf(f, "\\x%02x", (unsigned char)c);
}

/* as markup_plain() does it, but for newlines */
static void
add_plain_lines(struct buf *b, const char *text)
{
	for (const char *p = text; *p; p++)
		if ((*p >= ' ' && *p <= '~') || *p == '\t' || *p == '\n')
			buf_add(b, p, 1);
		else
			buf_addf(b, "\\x%02x", (unsigned char)*p);
}

/* what of n bytes goes into a line of so many, cut at a blank; a word that is too long is left
 * whole
 */
static size_t
fitting(const char *s, size_t n, size_t room)
{
	size_t at = room;

	if (n <= room)
		return n;
	while (at && s[at] != ' ')
		at--;
	for (; at < n && (!at || s[at] != ' '); at++)
		;
	return at;
}

void
markup_row(FILE *f, const char *prefix, const char *name, const char *text, unsigned columns)
{
	struct buf b = { 0 };
	size_t taken = strlen(prefix) + COLUMN, room = SIZE_MAX, n;

	if (columns > 2 * taken)
		room = columns - 1 - taken; /* a terminal may go to its next line behind the last */
	add_plain_lines(&b, text);
	fprintf(f, "%s  %-10s ", prefix, name);
	for (const char *p = b.n ? b.p : ""; *p; p += n) {
		bool ends;

		n = strcspn(p, "\n");
		ends = p[n] && !p[n + 1];
		n = fitting(p, n, room);
		fwrite(p, 1, n, f);
		if (ends && p[n] == '\n')
			break;
		if (p[n])
			fprintf(f, "\n%s%*s", prefix, COLUMN, "");
		n += p[n] != '\0'; /* the blank or the newline */
	}
	putc('\n', f);
	buf_free(&b);
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

void
markup_base64(struct buf *b, const void *data, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;

	for (; n; p += n < 3 ? n : 3, n -= n < 3 ? n : 3) {
		unsigned v =
		    (unsigned)p[0] << 16 | (n > 1 ? (unsigned)p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
		const char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
			n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '=' };

		buf_add(b, four, sizeof four);
	}
}
