/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/equivalent.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/play/matrix.h"

#include <string.h>

struct reader {
	struct arena *a;
	struct lines l;
	const struct image *image;
	bool fits;  /* all requirements above this line */
	bool ended; /* there was a line since, so the next requirement is a new one */
	struct equivalent *v;
	size_t n;
};

static int
read_requires(struct reader *r, char *rest, struct err *e)
{
	const char *key = word_next(&rest), *why, **values = NULL, *word;
	size_t n = 0;

	while ((word = word_next(&rest))) {
		values = arena_more(r->a, values, n, sizeof *values);
		values[n++] = word;
	}
	if (!n)
		return lines_fail(&r->l, e, "requires: needs KEY VALUE...");
	if (matrix_requires(r->a, r->image, key, values, n, &why, e) < 0)
		return wrap(e, "%s:%u", r->l.path, r->l.no);
	r->fits = (r->fits || r->ended) && !why;
	r->ended = false;
	return 0;
}

static int
read_equivalent(struct reader *r, const char *class, char *rest, struct err *e)
{
	struct equivalent q = { .class = class, .path = r->l.path, .line = r->l.no };

	q.target = word_next(&rest);
	q.reason = rest;
	if (!q.target || !*rest)
		return lines_fail(&r->l, e, "needs CLASS TARGET, and the reason why");
	r->ended = true;
	if (!r->fits)
		return 0;
	if (equivalent_find(r->v, r->n, q.class, q.target))
		return lines_fail(&r->l, e, "%s %s: is here twice", q.class, q.target);
	r->v = arena_more(r->a, r->v, r->n, sizeof *r->v);
	r->v[r->n++] = q;
	return 0;
}

int
equivalent_read(struct arena *a, const char *path, const struct image *i, struct equivalent **out,
    size_t *n, struct err *e)
{
	struct reader r = { .a = a, .image = i, .fits = true };
	char *line;

	*out = NULL;
	*n = 0;
	if (!file_exists(path))
		return 0;
	if (lines_open(a, path, &r.l, e) < 0)
		return -1;
	while ((line = lines_next(&r.l))) {
		const char *word = word_next(&line);

		if (!word || *word == '#')
			continue;
		if ((strcmp(word, "requires") ? read_equivalent(&r, word, trim(line), e)
					      : read_requires(&r, line, e)) < 0)
			return -1;
	}
	*out = r.v;
	*n = r.n;
	return 0;
}

struct equivalent *
equivalent_find(struct equivalent *v, size_t n, const char *class, const char *target)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].class, class) && !strcmp(v[i].target, target))
			return &v[i];
	return NULL;
}
