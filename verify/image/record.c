/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/record.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/lines.h"
#include "verify/image/image.h"

#include <stdlib.h>
#include <string.h>

static const char first_line[] = "lh-sizes 1";

static int
by_package(const void *a, const void *b)
{
	const struct filetable_row *x = a, *y = b;

	return strcmp(x->package, y->package);
}

static void
add_packages(struct buf *b, struct filetable *t)
{
	if (t->n) /* an empty table is NULL, which qsort may not be given */
		qsort(t->v, t->n, sizeof *t->v, by_package);
	for (size_t i = 0, next; i < t->n; i = next) {
		unsigned long long bytes = 0;

		for (next = i; next < t->n && !by_package(&t->v[i], &t->v[next]); next++)
			bytes += S_ISREG(t->v[next].mode) ? t->v[next].size : 0;
		if (strcmp(t->v[i].package, "-") != 0)
			buf_addf(b, "%s %llu\n", t->v[i].package, bytes);
	}
}

static int
write_sizes(struct arena *a, const struct image *i, const char *path, struct err *e)
{
	const char *kernel = manifest_path(a, &i->m, i->m.kernel),
		   *files = manifest_path(a, &i->m, i->m.files);
	struct filetable t = { 0 };
	struct buf b = { 0 };
	struct err ignored;
	int r;

	/* what is wrong with the table is for the scenarios to say */
	if (files && filetable_read(a, files, &t, &ignored) < 0)
		t.n = 0;
	buf_addf(&b, "%s\n", first_line);
	if (kernel)
		buf_addf(&b, "kernel %llu\n", (unsigned long long)image_size(kernel));
	add_packages(&b, &t);
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}

int
record_image(struct arena *a, const struct image *i, struct err *e)
{
	if (file_mkdirs(i->dir, 0755, e) < 0 ||
	    file_copy(i->path, arena_printf(a, "%s/manifest", i->dir), 0644, e) < 0)
		return -1;
	return write_sizes(a, i, arena_printf(a, "%s/sizes", i->dir), e);
}

int
record_sizes(struct arena *a, const char *path, struct record_size **out, size_t *n, struct err *e)
{
	struct lines l;
	char *line;

	*out = NULL;
	*n = 0;
	if (!file_exists(path))
		return 0;
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	line = lines_next(&l);
	if (!line || strcmp(line, first_line) != 0)
		return lines_fail(&l, e, "the first line must be \"%s\"", first_line);
	while ((line = lines_next_datum(&l))) {
		const char *name = word_next(&line);
		char *end;
		long long bytes = strtoll(line, &end, 10);

		if (end == line || *end || bytes < 0)
			return lines_fail(&l, e, "expected NAME BYTES");
		*out = arena_more(a, *out, *n, sizeof **out);
		(*out)[(*n)++] = (struct record_size){ name, bytes };
	}
	return 0;
}
