/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what machines say on their consoles: learned, written, read again, compared; and such a file */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/fuzz/fuzz.h"
#include "verify/report/transcript.h"

#include <string.h>

static size_t
lines_of(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

/* it is read as it was written */
static void
look_at(struct arena *a, const struct transcript *t)
{
	struct buf b = { 0 }, c = { 0 };
	struct transcript again;
	struct err e = { 0 };

	transcript_write(t, &b);
	fuzz_must(transcript_parse(a, "t", arena_strndup(a, b.p, b.n), &again, &e) == 0,
	    "what was written can be read");
	transcript_write(&again, &c);
	fuzz_must(b.n == c.n && !memcmp(b.p, c.p, b.n), "and is the same");
	buf_free(&b);
	buf_free(&c);
}

/* the bytes up to a form feed are a console, and so are those behind it */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	const char *text = arena_strndup(a, (const char *)p, n), *rest = text;
	struct transcript t = { 0 }, c;
	struct buf b = { 0 };
	struct err e = { 0 };

	if (!fuzz_failed(transcript_parse(a, "t", arena_strdup(a, text), &t, &e), &e))
		look_at(a, &t);
	t = (struct transcript){ 0 };
	while (n) {
		const char *end = memchr(rest, '\f', n);
		size_t k = end ? (size_t)(end - rest) : n;

		if (!fuzz_failed(transcript_of(a, "c", rest, k, &c, &e), &e)) {
			size_t differ = transcript_compare(a, &t, &c, &b);

			fuzz_must(differ == lines_of(&b), "each difference is a line");
			buf_clear(&b);
			if (fuzz_failed(transcript_learn(a, &t, &c, &e), &e))
				break;
			look_at(a, &t);
			fuzz_must(t.consoles > 1 || !transcript_compare(a, &t, &c, &b),
			    "what was learned is known");
		}
		rest += k + (end != NULL);
		n -= k + (end != NULL);
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}
