/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/folder.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/cache/pack.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/publish/legal.h"
#include "build/publish/page.h"
#include "build/publish/provenance.h"
#include "build/publish/given.h"
#include "build/publish/signature.h"
#include "build/publish/sums.h"
#include "build/publish/traces.h"

#include <stdbool.h>
#include <string.h>

static int
copy_all(struct arena *a, const char *from, const char *const *names, size_t n, const char *to,
    struct err *e)
{
	if (file_mkdirs(to, 0755, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (names[i] && file_copy(arena_printf(a, "%s/%s", from, names[i]),
				    arena_printf(a, "%s/%s", to, names[i]), 0644, e) < 0)
			return -1;
	return 0;
}

/* what only concerns who built it stays with him: whose folders no file may mention */
static int
write_manifest(struct arena *a, const struct manifest *m, const char *dir, struct err *e)
{
	struct manifest given = *m;

	given.npaths = 0;
	return manifest_write(&given, arena_printf(a, "%s/manifest", dir), e);
}

static int
write_image(struct arena *a, const struct release *r, const struct manifest *m, const char *to,
    struct err *e)
{
	const char *const names[] = { m->files, m->kernel, m->symbols, m->kernel_config };
	const char *dir = arena_printf(a, "%s/%s", to, page_folder(a, m)),
		   *image = manifest_path(a, m, m->image);

	if (copy_all(a, m->dir, names, sizeof names / sizeof *names, dir, e) < 0)
		return -1;
	for (size_t i = 0; i < m->nforms; i++)
		if (copy_all(a, m->dir, &m->forms[i].file, 1, dir, e) < 0)
			return -1;
	for (size_t i = 0; i < m->nsboms; i++)
		if (copy_all(a, m->dir, &m->sboms[i].file, 1, dir, e) < 0)
			return -1;
	return write_manifest(a, m, dir, e) < 0 || traces_search_file(&r->traces, image, e) < 0
		   ? -1
		   : pack_file(image, arena_printf(a, "%s/%s.zst", dir, m->image), e);
}

/* lines of results that are for who has the machine, and its folders: who it is, commands */
static bool
is_of_here(const char *line)
{
	static const char *const keys[] = { "host ", "again ", "open " };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strncmp(line, keys[i], strlen(keys[i])))
			return true;
	return false;
}

/* the report, and the results but for what is of here */
static int
write_reports(struct arena *a, const struct release *r, const char *to, struct err *e)
{
	static const char *const reports[] = { "index.html", "junit.xml" };
	const char *dir = arena_printf(a, "%s/verify", to);
	struct buf out = { 0 };
	struct lines l;
	char *line;
	int done;

	if (copy_all(a, r->reports, reports, sizeof reports / sizeof *reports, dir, e) < 0 ||
	    lines_open(a, arena_printf(a, "%s/results", r->reports), &l, e) < 0)
		return -1;
	while ((line = lines_next(&l)))
		if (!is_of_here(line))
			buf_addf(&out, "%s\n", line);
	done = file_write(arena_printf(a, "%s/results", dir), out.p, out.n, 0644, e);
	buf_free(&out);
	return done;
}

/* what is told of the others comes last */
static int
write_sums(struct arena *a, const struct release *r, const char *to, struct err *e)
{
	struct sums s;

	if (sums_of(a, to, &s, e) < 0 || provenance_write(a, r, &s, to, e) < 0 ||
	    sums_add(a, to, PROVENANCE_FILE, &s, e) < 0 || traces_search(&r->traces, to, e) < 0 ||
	    sums_write(&s, to, e) < 0)
		return -1;
	return *r->key ? signature_make(a, r->key, arena_printf(a, "%s/" SUMS_FILE, to), e) : 0;
}

int
folder_write(struct arena *a, const struct release *r, const char *to, struct err *e)
{
	const char *tmp = arena_printf(a, "%s.new", to), *line = arena_printf(a, "%s\n", r->commit);

	if (file_remove(tmp, e) < 0)
		return -1;
	for (size_t i = 0; i < r->nimages; i++)
		if (write_image(a, r, &r->images[i], tmp, e) < 0)
			return -1;
	if (write_reports(a, r, tmp, e) < 0 ||
	    file_write(arena_printf(a, "%s/commit", tmp), line, strlen(line), 0644, e) < 0 ||
	    file_copy(arena_printf(a, "%s/build/publish/first-login", r->top),
		arena_printf(a, "%s/first-login", tmp), 0755, e) < 0 ||
	    page_write(a, r, tmp, e) < 0 || legal_write(a, r, tmp, e) < 0 ||
	    write_sums(a, r, tmp, e) < 0 || file_remove(to, e) < 0)
		return -1;
	return file_settle(tmp, to, e);
}
