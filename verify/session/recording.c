/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/session/recording.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/scenario/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* shorter values are words by chance */
#define FACT_MIN 4
/* of a line that is wanted again */
#define LINE_MAX_BYTES 120
/* of a prompt, from its end */
#define PROMPT_MAX 40
/* a word with digits that is longer, and has no other letters, is a number in hexadecimal */
#define HEX_MIN 8

/* facts that say nothing where they are met, or are another time something else */
static const char *const vague[] = { "scale", "now", "memory", "dies", "says", "services",
	"longruns", "oneshots", "partitions", "listen", "set", "net" };

static bool
is_vague(const char *name)
{
	for (size_t i = 0; i < sizeof vague / sizeof *vague; i++)
		if (!strcmp(name, vague[i]))
			return true;
	return false;
}

/* do the bytes around a value belong to another word? */
static bool
is_whole(const char *text, size_t n, size_t at, size_t len)
{
	size_t end = at + len;
	bool joined = end + 1 < n && (text[end] == '.' || text[end] == '-') &&
		      isalnum((unsigned char)text[end + 1]);

	if (at && (isalnum((unsigned char)text[at - 1]) || text[at - 1] == '_'))
		return false;
	return !joined && (end == n || (!isalnum((unsigned char)text[end]) && text[end] != '_'));
}

/* the longest fact that stands there; NULL: none does */
static const struct name *
fact_at(const char *text, size_t n, size_t at, const struct names *names)
{
	const struct name *best = NULL;

	for (size_t i = 0; i < names->n; i++) {
		const struct name *x = &names->v[i];
		size_t len = x->value ? strlen(x->value) : 0;

		if (len < FACT_MIN || n - at < len || memcmp(text + at, x->value, len) != 0 ||
		    is_vague(x->name) || !is_whole(text, n, at, len))
			continue;
		if (!best || len > strlen(best->value))
			best = x;
	}
	return best;
}

/* ---- a word in quotes, and a pattern ---- */

static void
add_quoted(struct buf *b, char c)
{
	static const char from[] = "\n\r\t\033\003\022\"\\$", to[] = "nrtecR\"\\$";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_addf(b, "\\%c", to[at - from]);
	else
		buf_add(b, &c, 1);
}

static void
add_literal(struct buf *b, char c)
{
	if (c && strchr("\\^$.|?*+()[]{}/", c))
		buf_addf(b, "\\%c", c);
	else if (c >= ' ' && c <= '~')
		buf_add(b, &c, 1);
	else
		buf_adds(b, ".");
}

/* length of a number there, which may be hexadecimal; 0: there is none */
static size_t
number_at(const char *text, size_t n, const char **pattern)
{
	size_t len = 0, digits = 0;

	while (len < n && isxdigit((unsigned char)text[len])) {
		digits += isdigit((unsigned char)text[len]) != 0;
		len++;
	}
	*pattern = "[0-9a-f]+";
	if (len >= HEX_MIN && digits && digits < len)
		return len;
	*pattern = "[0-9]+";
	for (len = 0; len < n && isdigit((unsigned char)text[len]); len++)
		;
	return len;
}

static char *
quoted(struct arena *a, const char *text, const struct names *names)
{
	size_t n = strlen(text);
	struct buf b = { 0 };
	char *out;

	for (size_t i = 0; i < n;) {
		const struct name *x = fact_at(text, n, i, names);

		if (x)
			buf_addf(&b, "${%s}", x->name);
		else
			add_quoted(&b, text[i]);
		i += x ? strlen(x->value) : 1;
	}
	out = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return out;
}

static char *
pattern(struct arena *a, const char *text, size_t n, const struct names *names)
{
	struct buf b = { 0 };
	char *out;

	for (size_t i = 0; i < n;) {
		const struct name *x = fact_at(text, n, i, names);
		const char *any;
		size_t len = x ? strlen(x->value) : number_at(text + i, n - i, &any);

		if (x)
			buf_addf(&b, "${%s}", x->name);
		else if (len)
			buf_adds(&b, any);
		else
			add_literal(&b, text[i]);
		i += len ? len : 1;
	}
	out = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return out;
}

/* ---- steps ---- */

/* the longest line that is not too long; NULL: there is none */
static const char *
telling_line(const char *out, size_t n, size_t *len)
{
	const char *best = NULL, *end;

	*len = 0;
	for (const char *p = out; p < out + n; p = end + 1) {
		size_t here;

		end = memchr(p, '\n', (size_t)(out + n - p));
		if (!end)
			end = out + n;
		here = (size_t)(end - p);
		if (here > *len && here <= LINE_MAX_BYTES) {
			best = p;
			*len = here;
		}
	}
	return best;
}

static bool
says_nothing(const char *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] > ' ')
			return false;
	return true;
}

const char *
recording_run(struct arena *a, const char *command, int status, const char *out, size_t n,
    const struct names *names)
{
	size_t len;
	const char *line = telling_line(out, n, &len), *want = "";

	if (says_nothing(out, n))
		want = " -> empty";
	else if (line && !says_nothing(line, len))
		want = arena_printf(a, " -> /^%s$/", pattern(a, line, len, names));
	return arena_printf(a, "run \"%s\"%s%s\n", quoted(a, command, names), want,
	    status ? arena_printf(a, " status %d", status) : "");
}

/* the kernel says when it likes what it does, and not always in the same order */
static bool
is_kernels(const char *line, size_t n)
{
	return n && *line == '[';
}

const char *
recording_seen(struct arena *a, const char *console, size_t n, const struct names *names)
{
	while (n) {
		size_t from, len;

		while (n && (unsigned char)console[n - 1] <= ' ')
			n--;
		for (from = n; from && console[from - 1] != '\n'; from--)
			;
		len = n - from;
		if (len && len <= LINE_MAX_BYTES && !is_kernels(console + from, len))
			return arena_printf(
			    a, "expect /%s/\n", pattern(a, console + from, len, names));
		n = from;
	}
	return NULL;
}

const char *
recording_typed(struct arena *a, const char *prompt, const char *text, const struct names *names)
{
	size_t n = strlen(prompt);
	const char *send = arena_printf(a, "send \"%s\\n\"\n", quoted(a, text, names));

	for (; n && (unsigned char)*prompt < ' '; n--) /* a getty begins with a carriage return */
		prompt++;
	if (n > PROMPT_MAX) {
		prompt += n - PROMPT_MAX;
		n = PROMPT_MAX;
	}
	if (says_nothing(prompt, n))
		return send;
	return arena_printf(a, "prompt /%s$/\n%s", pattern(a, prompt, n, names), send);
}
