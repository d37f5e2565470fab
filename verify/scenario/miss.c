/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/miss.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/expect.h"
#include "verify/scenario/one_line.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define SHOWN 300
/* a shorter piece of a pattern fits by chance */
#define FITS_MIN 4

/* what people get wrong in a pattern: it matches when that is not looked at */
static const struct slip {
	bool numbers, letters, blanks, anchors;
	const char *how;
} slips[] = {
	{ .numbers = true, .how = "the same with another number" },
	{ .letters = true, .how = "the same but for upper and lower case" },
	{ .blanks = true, .how = "the same but for blanks, or for where lines end" },
	{ .anchors = true, .how = "the same, but there is more on the line" },
};

/* ---- a pattern that does not look so closely ---- */

/* length of what stands for itself and has to stay: a class, an escape, a count, a group's head */
static size_t
fixed(const char *p)
{
	const char *q = p + 1;

	if (*p == '\\')
		return p[1] ? 2 : 1;
	if (*p == '[') {
		q += *q == '^';
		q += *q == ']';
		for (; *q && *q != ']'; q++)
			q += *q == '\\' && q[1];
		return (size_t)(q - p) + (*q != 0);
	}
	if (*p == '{' || (*p == '(' && p[1] == '?')) {
		q = p + strcspn(p, *p == '{' ? "}" : ">:=!)");
		return (size_t)(q - p) + (*q != 0);
	}
	return 0;
}

/* length of the blanks that a pattern has there, quoted or not */
static size_t
blanks_at(const char *p)
{
	const char *q = p;

	while (*q == ' ' || (*q == '\\' && q[1] == ' '))
		q += *q == '\\' ? 2 : 1;
	return (size_t)(q - p);
}

/* NULL: there is nothing of that kind in it */
static const char *
loosen(struct arena *a, const char *re, const struct slip *s)
{
	struct buf b = { 0 };
	const char *text;
	size_t n;

	buf_adds(&b, s->letters ? "(?i)" : "");
	for (const char *p = re; *p; p += n) {
		if (s->blanks && (n = blanks_at(p))) {
			buf_adds(&b, "\\s+");
		} else if ((n = fixed(p))) {
			buf_add(&b, p, n);
		} else if (s->numbers && isdigit((unsigned char)*p)) {
			n = strspn(p, "0123456789");
			buf_adds(&b, "[0-9]+");
		} else {
			n = 1;
			if (!s->anchors || (*p != '^' && *p != '$'))
				buf_add(&b, p, 1);
		}
	}
	text = b.n && strcmp(b.p, re) != 0 ? arena_strndup(a, b.p, b.n) : NULL;
	buf_free(&b);
	return text;
}

/* ---- what came close ---- */

static bool
finds(struct arena *a, const char *re, const char *text, size_t n, struct hit *h)
{
	struct pattern *p;
	struct err ignored;

	return re && pattern_compile(a, re, &p, &ignored) == 0 &&
	       pattern_match(a, p, text, n, h, &ignored) == 1 && h->end > h->start;
}

/* the lines that from..to is on, as one, and what there is to say of them */
static const char *
tell(struct arena *a, const char *text, size_t n, size_t from, size_t to, const char *how)
{
	while (from && text[from - 1] != '\n' && text[from - 1] != '\r')
		from--;
	while (to < n && text[to] != '\n' && text[to] != '\r')
		to++;
	return arena_printf(a, "%s   (%s)", one_line(a, text + from, to - from, SHOWN), how);
}

/* length of the longest piece that stands for itself */
static size_t
literal(const char *re)
{
	size_t best = 0;

	while (*re) {
		size_t n = strcspn(re, "\\^$.|?*+()[]{}/");

		if (n > best)
			best = n;
		re += n ? n : 1;
	}
	return best;
}

static const char *
fits_so_far(struct arena *a, const char *text, size_t n, const char *re)
{
	struct pattern *p;
	struct reach r;
	struct err ignored;

	if (pattern_compile(a, re, &p, &ignored) < 0 || !pattern_reach(p, text, n, &r) ||
	    r.to - r.from < FITS_MIN || r.n < FITS_MIN || 2 * r.n < literal(re))
		return NULL;
	return tell(
	    a, text, n, r.from, r.to, arena_printf(a, "fits as far as /%.*s/", (int)r.n, re));
}

const char *
miss_untaken(struct arena *a, const char *text, size_t n, const char *re)
{
	struct hit h;

	if (!finds(a, re, text, n, &h))
		return NULL;
	return tell(a, text, n, h.start, h.end,
	    h.end == n ? "that fits; that nothing follows it, `prompt` would wait for"
		       : "that fits, but more came behind it");
}

const char *
miss_in(struct arena *a, const char *text, size_t n, const char *re)
{
	struct hit h;

	if (finds(a, re, text, n, &h))
		return NULL;
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
		if (finds(a, loosen(a, re, &slips[i]), text, n, &h))
			return tell(a, text, n, h.start, h.end, slips[i].how);
	return fits_so_far(a, text, n, re);
}
