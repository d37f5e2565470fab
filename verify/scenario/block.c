/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/block.h"

#include "build/base/arena.h"
#include "build/files/lines.h"

#include <string.h>

static const char blanks[] = " \t\r";

const char *
block_mark(const char *word)
{
	size_t n;

	if (strncmp(word, "<<", 2) != 0)
		return NULL;
	word += 2;
	n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return n && !word[n] ? word : NULL;
}

/* how many bytes two lines begin with alike, of n */
static size_t
common(const char *a, const char *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

/* lines of blanks alone do not count, and become empty */
static void
unindent(struct block *b)
{
	const char *model = NULL;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		size_t here = strspn(b->v[i], blanks);

		if (!b->v[i][here])
			continue;
		n = model ? common(model, b->v[i], n) : here;
		model = b->v[i];
	}
	for (size_t i = 0; i < b->n; i++)
		b->v[i] += b->v[i][strspn(b->v[i], blanks)] ? n : strlen(b->v[i]);
}

int
block_read(struct arena *a, struct lines *l, const char *mark, struct block *out, struct err *e)
{
	unsigned opening = l->no;
	size_t said = 0;
	char *line;

	*out = (struct block){ .first = opening + 1 };
	while ((line = lines_next(l)) && strcmp(line, mark) != 0) {
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] = line;
		said += line[strspn(line, blanks)] != '\0';
	}
	if (line && said) {
		unindent(out);
		return 0;
	}
	l->no = opening; /* the message is about that line */
	return line ? lines_fail(l, e, "<<%s: there is nothing before the line %s", mark, mark)
		    : lines_fail(l, e, "<<%s: no line %s follows", mark, mark);
}
