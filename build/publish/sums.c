/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/sums.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MOST 100000

static int
by_name(const void *x, const void *y)
{
	return strcmp(((const struct sum *)x)->name, ((const struct sum *)y)->name);
}

static void
add(struct arena *a, struct sums *s, const char *name, const char *sha256)
{
	s->v = arena_more(a, s->v, s->n, sizeof *s->v);
	s->v[s->n++] = (struct sum){ name, sha256 };
}

/* what sha256sum(1) writes as it is, and no terminal takes for anything else */
static bool
is_clean(const char *name)
{
	const char *at = name;

	for (const char *p = name; *p; p++)
		if (*p < ' ' || *p > '~' || *p == '\\')
			return false;
	for (;;) {
		size_t n = strcspn(at, "/");

		if (!n || (n == 1 && *at == '.') || (n == 2 && !strncmp(at, "..", 2)))
			return false;
		if (!at[n])
			return true;
		at += n + 1;
	}
}

/* ---- what is there ---- */

struct looking {
	struct arena *a;
	struct sums *out;
};

static int
look(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct looking *l = arg;
	const char *shown = filetable_escape(l->a, rel);

	if (!is_clean(rel))
		return fail(e, "%s: no name for a file that is released", shown);
	if (S_ISDIR(st->st_mode))
		return 0;
	if (!S_ISREG(st->st_mode))
		return fail(e, "%s: neither a file nor a folder", shown);
	if ((uint64_t)st->st_size > SUMS_MOST)
		return fail(e,
		    "%s: has %" PRIu64 " MiB; nobody releases a file of more than %" PRIu64, shown,
		    (uint64_t)st->st_size >> 20, SUMS_MOST >> 20);
	if (l->out->n == FILES_MOST)
		return fail(e, "%s: more than %d files", shown, FILES_MOST);
	if (strcmp(rel, SUMS_FILE) != 0 && strcmp(rel, SUMS_SIGNATURE) != 0)
		add(l->a, l->out, arena_strdup(l->a, rel), NULL);
	return 0;
}

static int
digest_beneath(const char *dir, const char *rel, char hex[DIGEST_HEX], struct err *e)
{
	int fd = beneath_open(dir, rel, BENEATH_FILE, e), r;

	if (fd < 0)
		return -1;
	r = digest_fd(fd, SUMS_MOST, rel, hex, e);
	close(fd);
	return r;
}

int
sums_of(struct arena *a, const char *dir, struct sums *out, struct err *e)
{
	struct looking l = { a, out };

	*out = (struct sums){ 0 };
	if (beneath_walk(dir, "", look, &l, e) < 0)
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		char *hex = arena_alloc(a, DIGEST_HEX);

		if (digest_beneath(dir, out->v[i].name, hex, e) < 0)
			return -1;
		out->v[i].sha256 = hex;
	}
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return 0;
}

int
sums_add(struct arena *a, const char *dir, const char *name, struct sums *to, struct err *e)
{
	char *hex = arena_alloc(a, DIGEST_HEX);

	if (digest_beneath(dir, name, hex, e) < 0)
		return -1;
	add(a, to, name, hex);
	qsort(to->v, to->n, sizeof *to->v, by_name);
	return 0;
}

/* ---- what is told ---- */

int
sums_parse(struct arena *a, const char *text, struct sums *out, struct err *e)
{
	struct lines l;
	char *line;

	*out = (struct sums){ 0 };
	lines_text(a, SUMS_FILE, text, &l);
	while ((line = lines_next(&l))) {
		const char *name = line + DIGEST_HEX + 1;

		if (strspn(line, "0123456789abcdef") != DIGEST_HEX - 1 ||
		    strncmp(line + DIGEST_HEX - 1, "  ", 2) != 0)
			return fail(e, "%s:%u: not a sha256, two blanks and a name", l.path, l.no);
		if (!is_clean(name))
			return fail(e, "%s:%u: %s: names no file of this folder", l.path, l.no,
			    filetable_escape(a, name));
		line[DIGEST_HEX - 1] = '\0';
		add(a, out, name, line);
	}
	if (!out->n)
		return fail(e, "%s: lists no file", SUMS_FILE);
	qsort(out->v, out->n, sizeof *out->v, by_name);
	for (size_t i = 1; i < out->n; i++)
		if (!strcmp(out->v[i - 1].name, out->v[i].name))
			return fail(e, "%s: lists %s twice", SUMS_FILE, out->v[i].name);
	return 0;
}

int
sums_write(const struct sums *s, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	int r;

	for (size_t i = 0; i < s->n; i++)
		buf_addf(&out, "%s  %s\n", s->v[i].sha256, s->v[i].name);
	r = file_write(arena_printf(a, "%s/" SUMS_FILE, dir), out.p, out.n, 0644, e);
	buf_free(&out);
	arena_free(a);
	return r;
}

int
sums_compare(const struct sums *told, const struct sums *are, struct err *e)
{
	for (size_t i = 0; i < told->n; i++) {
		const char *is = sums_find(are, told->v[i].name);

		if (!is)
			return fail(
			    e, "%s: is listed in %s, but is not there", told->v[i].name, SUMS_FILE);
		if (strcmp(is, told->v[i].sha256) != 0)
			return fail(e, "%s: is not what %s lists: sha256 is %s", told->v[i].name,
			    SUMS_FILE, is);
	}
	for (size_t i = 0; i < are->n; i++)
		if (!sums_find(told, are->v[i].name))
			return fail(
			    e, "%s: is there, but is not listed in %s", are->v[i].name, SUMS_FILE);
	return 0;
}

const char *
sums_find(const struct sums *s, const char *name)
{
	struct sum key = { name, NULL };
	const struct sum *found = s->n ? bsearch(&key, s->v, s->n, sizeof *s->v, by_name) : NULL;

	return found ? found->sha256 : NULL;
}
