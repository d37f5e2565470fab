/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/nearest.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/scenario/miss.h"
#include "verify/scenario/one_line.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define SHOWN 300
/* of what the console said, this much at its end is looked at */
#define LOOKED_AT 65536

/* words of programs in trouble */
static const char *const trouble[] = { "panic", "fatal", "error", "fail", "unable", "cannot",
	"can't", "denied", "not found", "refused", "timed out", "no such", "killed" };

static bool
has_trouble(const char *line, size_t n)
{
	for (size_t i = 0; i < sizeof trouble / sizeof *trouble; i++) {
		size_t len = strlen(trouble[i]);

		for (size_t at = 0; at + len <= n; at++)
			/* and no kernel's parameter, as panic=-1 */
			if (!strncasecmp(line + at, trouble[i], len) &&
			    (at + len == n || !strchr("=_", line[at + len])))
				return true;
	}
	return false;
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

/* what a kernel says of being a copy of another guest, which is our doing */
static bool
is_ours(const char *p, size_t n)
{
	static const char reseeded[] = "crng reseeded due to virtual machine fork";

	return memmem(p, n, reseeded, sizeof reseeded - 1) != NULL;
}

/* is the line only what a tty sends back of that text?  A prompt may stand before it */
static bool
is_echo(const char *p, size_t n, const char *sent)
{
	size_t len = sent ? strcspn(sent, "\r\n") : 0;

	while (n && p[n - 1] <= ' ')
		n--;
	while (len && sent[len - 1] == ' ')
		len--;
	return len && n >= len && !memcmp(p + n - len, sent, len);
}

/* the last line that sounds like trouble, or the last one at all; echo: nothing but that was said
 */
static struct line
most_telling(const char *text, size_t n, const char *sent, bool *echo)
{
	struct line bad = { 0 }, last = { 0 }, echoed = { 0 };
	const char *end;

	for (const char *p = text; p < text + n; p = end + 1) {
		size_t len;

		end = memchr(p, '\n', (size_t)(text + n - p));
		if (!end)
			end = text + n;
		len = (size_t)(end - p);
		if (!says_something(p, len) || is_ours(p, len))
			continue;
		if (is_echo(p, len, sent)) {
			echoed = (struct line){ p, len };
			continue;
		}
		last = (struct line){ p, len };
		if (has_trouble(p, len))
			bad = last;
	}
	*echo = !last.p && echoed.p;
	return *echo ? echoed : bad.p ? bad : last;
}

struct nearest
nearest_in(struct arena *a, const char *text, size_t n, const char *re, const char *sent)
{
	struct nearest r = { .miss = re ? miss_untaken(a, text, n, re) : NULL };
	struct line l;
	bool echo;

	if (!r.miss && re)
		r.miss = miss_in(a, text, n, re);
	l = most_telling(text, n, sent, &echo);
	r.telling = l.p ? one_line(a, l.p, l.n, SHOWN) : NULL;
	if (echo && !r.miss)
		r.miss = arena_printf(a, "%s   (only the echo of what was sent)", r.telling);
	return r;
}

struct nearest
nearest_line(struct arena *a, struct stream *s, uint64_t from, const char *re, const char *sent)
{
	uint64_t size = stream_size(s);
	size_t n;
	char *text;

	if (size > LOOKED_AT && from < size - LOOKED_AT)
		from = size - LOOKED_AT;
	text = stream_text(a, s, from, size, &n);
	if (n && says_something(text, n))
		return nearest_in(a, text, n, re, sent);
	text = stream_last_line(a, s, SHOWN);
	return (struct nearest){ .telling = text && *text ? text : NULL };
}
