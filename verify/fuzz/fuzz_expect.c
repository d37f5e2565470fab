/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns on a stream.  The input is up to four patterns, a line each, an empty line, and the
 * text.  What a reader sees of it, errors included, is the same for every way of cutting it into
 * reads: at once, byte by byte, and in pieces that the input's length chooses.
 *
 * Every other input is made by a grammar, as bytes that are changed by chance are seldom patterns.
 */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/fuzz/fuzz.h"
#include "verify/expect.h"

#include <stdio.h>
#include <string.h>

#define PATTERNS 4

/* libFuzzer's: ours is called for the next input of at most max bytes, and may ask for its own */
size_t LLVMFuzzerMutate(uint8_t *p, size_t n, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *p, size_t n, size_t max, unsigned seed);

/* --- a grammar --- */

/* bytes that stand for one of a list; those of them that end it come first */
#define REGEX "\1"
#define BRANCH "\2"
#define ITEM "\3"
#define ATOM "\4"
#define TIMES "\5"

static const struct {
	const char *const as[44];
	size_t n, last; /* last: so many of them have no REGEX */
} grammar[] = {
	[1] = { { BRANCH, BRANCH, BRANCH "|" BRANCH }, 3, 3 },
	[2] = { { ITEM, ITEM ITEM, ITEM ITEM ITEM }, 3, 3 },
	[3] = { { ATOM, ATOM, ATOM TIMES }, 3, 3 },
	[4] = { { "a", "b", "a", "b", "ab", "ba", "B", "\\r", "\\n", "\\r\\n", ".", "\\N", "[ab]",
		    "[^a]", "[^\\r\\n]", "\\s", "\\S", "\\w", "\\h", "\\v", "\\K", "\\Qa\\E", "^",
		    "$", "\\b", "\\B", "\\A", "\\z", "\\Z", "(?i)", "(?s)", "(?-m)", "(" REGEX ")",
		    "(" REGEX ")\\1", "(?:" REGEX ")", "(?=" REGEX ")", "(?!" REGEX ")",
		    "(?<=" REGEX ")", "(?<!" REGEX ")", "(?>" REGEX ")", "(?s:" REGEX ")",
		    "(" REGEX ")(?1)", "(" REGEX ")?(?(1)" REGEX "|" REGEX ")", "(?<x>" REGEX ")" },
	    44, 32 },
	[5] = { { "*", "+", "?", "*?", "+?", "??", "*+", "++", "{2}", "{1,3}", "{2,}?" }, 11, 11 },
};

static unsigned
draw(unsigned *seed, size_t n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % (unsigned)n;
}

static void
expand(struct buf *b, unsigned *seed, const char *text, unsigned depth)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= sizeof grammar / sizeof *grammar)
			buf_add(b, text, 1);
		else
			expand(b, seed,
			    grammar[c].as[draw(seed, depth ? grammar[c].n : grammar[c].last)],
			    depth - (depth && c == *ATOM));
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *p, size_t n, size_t max, unsigned seed)
{
	static const char *const texts[] = { "a", "b", "\r", "\n", "\r\n", " ", "aab", "B" };
	struct buf b = { 0 };
	size_t few, length;

	if (draw(&seed, 2))
		return LLVMFuzzerMutate(p, n, max);
	for (unsigned i = draw(&seed, PATTERNS) + 1; i; i--) {
		expand(&b, &seed, REGEX, 3);
		buf_adds(&b, "\n");
	}
	buf_adds(&b, "\n");
	few = 1 + draw(&seed, sizeof texts / sizeof *texts);
	for (length = draw(&seed, 2) ? 12 : 300; length; length--)
		buf_adds(&b, texts[draw(&seed, few)]);
	n = b.n < max ? b.n : max;
	memcpy(p, b.p, n);
	buf_free(&b);
	return n;
}

/* --- what is seen --- */

static void
look(struct arena *a, struct cursor *c, struct buf *seen)
{
	struct hit h;
	struct err e = { 0 };
	int r;

	while ((r = cursor_find(a, c, &h, &e))) {
		if (fuzz_failed(r, &e)) {
			buf_addf(seen, "!%s\n", e.msg);
			continue;
		}
		buf_addf(seen, "%zu:%llu-%llu", h.which, (unsigned long long)h.start,
		    (unsigned long long)h.end);
		for (size_t i = 0; i < h.nvalues; i++)
			buf_addf(seen, " %s=%s", h.names[i], h.values[i] ? h.values[i] : "-");
		buf_adds(seen, "\n");
	}
}

/* seed 0: in one read; 1: byte by byte; else at random */
static void
play(struct pattern *const *v, size_t n, size_t window, bool each, const char *text, size_t len,
    unsigned seed, struct buf *seen)
{
	struct arena *a = arena_new();
	struct stream *s = stream_new(window);
	struct cursor *c = cursor_new(s, v, n);

	if (each)
		cursor_each(c);
	for (size_t at = 0, k; at < len; at += k) {
		k = seed ? 1 : len;
		if (seed > 1) {
			seed = seed * 1103515245u + 12345u;
			k = 1 + (seed >> 16) % (seed & 1 ? 4 : 40);
		}
		if (k > len - at)
			k = len - at;
		stream_add(s, text + at, k);
		look(a, c, seen);
	}
	stream_eof(s);
	look(a, c, seen);
	buf_adds(seen, "end\n");
	fuzz_must(cursor_lost(c) == 0, "who looks after each read loses nothing");
	cursor_free(c);
	stream_free(s);
	arena_free(a);
}

static void
same(const char *at_once, const char *in_pieces)
{
	if (strcmp(at_once, in_pieces) != 0)
		fprintf(stderr, "in one read:\n%.2000s\nin pieces:\n%.2000s\n", at_once, in_pieces);
	fuzz_must(!strcmp(at_once, in_pieces), "how a stream is cut changes nothing");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct pattern *v[PATTERNS];
	struct buf want = { 0 }, got = { 0 };
	struct err e = { 0 };
	const char *text = arena_strndup(a, (const char *)p, n), *stop = text + n, *end;
	size_t found = 0, window = n & 1 ? 64 : 4096;
	bool each = n & 2;

	for (; found < PATTERNS && (end = memchr(text, '\n', (size_t)(stop - text)));
	     text = end + 1) {
		const char *re = arena_strndup(a, text, (size_t)(end - text));

		if (end == text)
			break;
		found += !fuzz_failed(pattern_compile(a, re, &v[found], &e), &e);
	}
	if (found) {
		play(v, found, window, each, text, (size_t)(stop - text), 0, &want);
		for (unsigned seed = 1; seed < 4; seed++) {
			buf_clear(&got);
			play(v, found, window, each, text, (size_t)(stop - text), seed, &got);
			same(want.p, got.p);
		}
	}
	buf_free(&want);
	buf_free(&got);
	arena_free(a);
	return 0;
}
