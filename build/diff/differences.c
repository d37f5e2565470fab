/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/differences.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static const char *const more[DIFF_NRANKS] = {
	[DIFF_MADE_OF] = "in the manifests",
	[DIFF_TABLE] = "in the partition tables",
	[DIFF_THERE] = "in which files there are",
	[DIFF_BYTES] = "in the bytes of files",
	[DIFF_ATTRIBUTE] = "in modes, owners, times or targets",
	[DIFF_STRUCTURE] = "in the structure of filesystems",
	[DIFF_FOLLOWS] = "that follow from others",
};

void
diff_add(struct differences *d, enum diff_rank rank, const char *fs, const char *path,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	d->v = arena_more(d->a, d->v, d->n, sizeof *d->v);
	d->v[d->n++] = (struct difference){
		.rank = rank, .fs = fs, .path = path, .text = arena_vprintf(d->a, fmt, ap)
	};
	va_end(ap);
}

/* names and links of an image, which is anybody's: none ends the line, or begins another */
static void
add_words(struct buf *out, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ')
			buf_addf(out, "\\x%02x", (unsigned char)*s);
		else
			buf_add(out, s, 1);
}

static void
print_one(const struct difference *one, struct buf *out)
{
	if (one->fs)
		buf_addf(out, "%s:", one->fs);
	if (one->fs && one->path)
		add_words(out, one->path);
	if (one->fs)
		buf_adds(out, one->path ? ": " : " ");
	add_words(out, one->text);
	if (one->owner)
		buf_addf(out, " (%s, recipes/%s)", one->owner, one->owner);
	buf_adds(out, "\n");
}

void
diff_report(struct differences *d, size_t limit, struct buf *out)
{
	for (int rank = 0; rank < DIFF_NRANKS; rank++) {
		size_t told = 0, most = rank == DIFF_FOLLOWS ? limit / 4 : limit;

		for (size_t i = 0; i < d->n; i++)
			if ((int)d->v[i].rank == rank && told++ < most)
				print_one(&d->v[i], out);
		if (told > most)
			buf_addf(out, "and %zu more %s\n", told - most, more[rank]);
	}
}
