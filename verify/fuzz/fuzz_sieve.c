/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A console on which the serial agent talks, too.  Of the input a byte 0xff begins to look for
 * frames, 0xfe for the echo of what stands up to the next newline, and 0xfd says that nothing more
 * comes of what was held back; all others are what the guest says.
 */
#include "build/base/buf.h"
#include "build/fuzz/fuzz.h"
#include "verify/guest/sieve.h"

#include <stdio.h>
#include <string.h>

#define TOKEN "t"
#define BYTES 256

static bool
is_told(const struct buf *b, const uint8_t *p, size_t n)
{
	return b->n == n && (!n || !memcmp(b->p, p, n));
}

static const uint8_t *
expect_echo(struct sieve *s, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *newline = memchr(p, '\n', (size_t)(end - p)), *to = newline ? newline : end;
	char line[sizeof s->echo];

	snprintf(line, sizeof line, "%.*s", (int)(to - p), (const char *)p);
	sieve_expect_echo(s, line);
	return newline ? newline + 1 : end;
}

/* what the guest said comes out once at most: nothing is made up, and nothing doubled */
static void
look_at_words(const struct sieve *s, const size_t said[BYTES])
{
	size_t told[BYTES] = { 0 };

	for (size_t i = 0; i < s->words.n; i++)
		told[(uint8_t)s->words.p[i]]++;
	for (size_t i = 0; i < BYTES; i++)
		fuzz_must(told[i] <= said[i], "a word of the guest's is one that it said");
}

static void
look_at_frames(const struct sieve *s)
{
	for (size_t i = 0, n; i < s->frames.n; i += n + 1) {
		n = strlen(s->frames.p + i);
		fuzz_must(n <= SIEVE_FRAME_MAX, "a frame has an end");
		fuzz_must(s->frames.p[i + strspn(s->frames.p + i, "0123456789abcdef:")] == '\0',
		    "a frame has digits and colons");
	}
}

/* a sieve that looks for nothing lets all pass */
static void
pass_all(const uint8_t *p, size_t n)
{
	struct sieve s = { 0 };

	sieve_add(&s, (const char *)p, n);
	fuzz_must(is_told(&s.words, p, n) && !s.frames.n && !sieve_holds(&s),
	    "who looks for nothing finds nothing");
	sieve_free(&s);
}

/* so does one that looks for frames, where none has a head */
static void
pass_plain(const uint8_t *p, size_t n)
{
	struct sieve s = { 0 };

	if (n && memchr(p, '@', n))
		return;
	sieve_begin(&s, TOKEN);
	sieve_add(&s, (const char *)p, n);
	fuzz_must(
	    is_told(&s.words, p, n) && !s.frames.n && !sieve_holds(&s), "plain text is words");
	sieve_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;
	size_t said[BYTES] = { 0 };
	struct sieve s = { 0 };

	pass_all(p, n);
	pass_plain(p, n);
	while (p < end) {
		uint8_t c = *p++;

		if (c == 0xff) {
			sieve_settle(&s);
			sieve_begin(&s, TOKEN);
		} else if (c == 0xfe) {
			p = expect_echo(&s, p, end);
		} else if (c == 0xfd) {
			sieve_settle(&s);
			fuzz_must(!sieve_holds(&s), "what has settled holds nothing back");
		} else {
			said[c]++;
			sieve_add(&s, (const char *)&c, 1);
		}
	}
	sieve_settle(&s);
	look_at_words(&s, said);
	look_at_frames(&s);
	sieve_free(&s);
	return 0;
}
