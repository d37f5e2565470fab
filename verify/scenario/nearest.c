/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/nearest.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/scenario/one_line.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define SHOWN 300
/* of what the console said, this much at its end is looked at */
#define LOOKED_AT 65536
/* shorter common text is chance */
#define COMMON_MIN 4

/* words of programs in trouble */
static const char *const trouble[] = { "panic", "fatal", "error", "fail", "unable", "cannot",
	"can't", "denied", "not found", "refused", "timed out", "no such", "killed" };

static bool
has_trouble(const char *line, size_t n)
{
	for (size_t i = 0; i < sizeof trouble / sizeof *trouble; i++) {
		size_t len = strlen(trouble[i]);

		for (size_t at = 0; at + len <= n; at++)
			if (!strncasecmp(line + at, trouble[i], len))
				return true;
	}
	return false;
}

/* the longest piece of a pattern that stands for itself */
static const char *
literal_of(const char *re, size_t *n)
{
	const char *best = re;
	size_t len;

	for (*n = 0; *re; re += len ? len : 1) {
		len = strcspn(re, "\\^$.|?*+()[]{}/");
		if (len > *n) {
			best = re;
			*n = len;
		}
	}
	return best;
}

/* length of the longest text that both have */
static size_t
common(const char *a, size_t na, const char *b, size_t nb)
{
	size_t best = 0;

	for (size_t i = 0; i + best < na; i++)
		for (size_t j = 0; j + best < nb; j++) {
			size_t n = 0;

			while (i + n < na && j + n < nb && a[i + n] == b[j + n])
				n++;
			if (n > best)
				best = n;
		}
	return best;
}

struct line {
	const char *p;
	size_t n;
};

static bool
says_something(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] > ' ')
			return true;
	return false;
}

const char *
nearest_in(struct arena *a, const char *text, size_t n, const char *wanted)
{
	struct line close = { 0 }, bad = { 0 }, last = { 0 };
	size_t nliteral = 0, best = COMMON_MIN - 1;
	const char *literal = wanted ? literal_of(wanted, &nliteral) : "", *end;

	for (const char *p = text; p < text + n; p = end + 1) {
		size_t len;

		end = memchr(p, '\n', (size_t)(text + n - p));
		if (!end)
			end = text + n;
		len = (size_t)(end - p);
		if (!says_something(p, len))
			continue;
		last = (struct line){ p, len };
		if (has_trouble(p, len))
			bad = last;
		/* ever the later one of equals */
		if (nliteral && common(p, len > 500 ? 500 : len, literal, nliteral) >=
				    best + (close.p ? 0 : 1)) {
			best = common(p, len > 500 ? 500 : len, literal, nliteral);
			close = last;
		}
	}
	if (close.p && 2 * best >= nliteral)
		last = close;
	else if (bad.p)
		last = bad;
	return last.p ? one_line(a, last.p, last.n, SHOWN) : NULL;
}

const char *
nearest_line(struct arena *a, struct stream *s, uint64_t from, const char *wanted)
{
	uint64_t size = stream_size(s);
	size_t n;
	char *text;

	if (size > LOOKED_AT && from < size - LOOKED_AT)
		from = size - LOOKED_AT;
	text = stream_text(a, s, from, size, &n);
	if (n && says_something(text, n))
		return nearest_in(a, text, n, wanted);
	text = stream_last_line(a, s, SHOWN);
	return text && *text ? text : NULL;
}
