/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/vouch.h"

#include "build/base/arena.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/filetable.h"
#include "build/files/manifest.h"
#include "build/files/memo.h"
#include "build/image/tree.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(v) (sizeof(v) / sizeof *(v))

/* ---- folders ---- */

/* what is, or has to be, in a folder: a line a name */
struct shown {
	struct arena *a;
	const char *dir;
	const char **v;
	size_t n;
};

/* fs.c adds it to the image; a folder shows what packages brought */
static bool
is_shown(const char *rel, mode_t mode)
{
	return *rel && strcmp(rel, "lost+found") && !S_ISCHR(mode) && !S_ISBLK(mode);
}

static void
add(struct shown *s, const char *rel, mode_t mode, const char *content)
{
	unsigned bits = S_ISLNK(mode) ? S_IFLNK : (mode & S_IFMT) | TREE_HOST_MODE(mode);

	s->v = arena_more(s->a, s->v, s->n, sizeof *s->v);
	s->v[s->n++] = arena_printf(s->a, "%s %o %s", rel, bits, content ? content : "-");
}

static int
see(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct shown *s = arg;
	const char *path = arena_printf(s->a, "%s/%s", s->dir, rel);
	char text[PATH_MAX];
	ssize_t n;

	if (!is_shown(rel, st->st_mode))
		return 0;
	if (S_ISREG(st->st_mode)) {
		if (digest_file(path, text, e) < 0)
			return -1;
		add(s, rel, st->st_mode, text);
	} else if (S_ISLNK(st->st_mode)) {
		if ((n = readlink(path, text, sizeof text - 1)) < 0)
			return fail_errno(e, "%s", path);
		text[n] = '\0';
		add(s, rel, st->st_mode, text);
	} else {
		add(s, rel, st->st_mode, NULL);
	}
	return 0;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sum(struct shown *s, char hex[DIGEST_HEX])
{
	struct digest *d = digest_new();

	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, by_text);
	for (size_t i = 0; i < s->n; i++)
		digest_add(d, s->v[i], strlen(s->v[i]) + 1);
	digest_end(d, hex);
}

static int
digest_folder(const char *dir, char *hex, struct err *e)
{
	struct shown s = { .a = arena_new(), .dir = dir };
	int r = beneath_walk(dir, "", see, &s, e);

	sum(&s, hex);
	arena_free(s.a);
	return r;
}

static void
digest_table(const struct filetable *t, const char *fs, char hex[DIGEST_HEX])
{
	struct shown s = { .a = arena_new() };
	size_t n = strlen(fs);

	for (size_t i = 0; i < t->n; i++) {
		const struct filetable_row *r = &t->v[i];

		if (!strncmp(r->name, fs, n) && !strncmp(r->name + n, ":/", 2) &&
		    is_shown(r->name + n + 2, r->mode))
			add(&s, r->name + n + 2, r->mode, r->sha256 ? r->sha256 : r->target);
	}
	sum(&s, hex);
	arena_free(s.a);
}

/* ---- all ---- */

static const struct memo_kind disk = { .name = "image", .digest = digest_disk, .until_boot = true },
			      file = { .name = "image's file",
				      .digest = digest_file,
				      .until_boot = true },
			      folder = { .name = "image's folder",
				      .digest = digest_folder,
				      .until_boot = true };

static bool
is(struct arena *a, struct memo *memo, const struct memo_kind *kind, const char *dir,
    const char *name, const char *told)
{
	enum beneath type = kind == &folder ? BENEATH_FOLDER : BENEATH_FILE;
	char hex[DIGEST_HEX];

	return told && beneath_type(dir, name) == type &&
	       memo_digest(
		   memo, kind, arena_printf(a, "%s/%s", dir, name), hex, &(struct err){ 0 }) == 0 &&
	       !strcmp(hex, told);
}

bool
vouch(struct arena *a, struct memo *memo, const char *dir, const struct manifest *m)
{
	const struct {
		const char *name, *told;
	} files[] = { { m->kernel, m->kernel_sha256 }, { m->symbols, m->symbols_sha256 },
		{ m->kernel_config, m->kernel_config_sha256 }, { m->files, m->files_sha256 } };
	static const char *const folders[] = { "rootfs", "rwfs", "userfs" };
	struct filetable t;
	char told[DIGEST_HEX];

	for (size_t i = 0; i < COUNT(files); i++)
		if (!files[i].name || !is(a, memo, &file, dir, files[i].name, files[i].told))
			return false;
	for (size_t i = 0; i < m->nforms; i++)
		if (!is(a, memo, &file, dir, m->forms[i].file, m->forms[i].sha256))
			return false;
	if (!m->image || !is(a, memo, &disk, dir, m->image, m->image_digest) ||
	    filetable_read(a, arena_printf(a, "%s/%s", dir, m->files), &t, &(struct err){ 0 }) < 0)
		return false;
	for (size_t i = 0; i < COUNT(folders); i++) {
		digest_table(&t, folders[i], told);
		if (!is(a, memo, &folder, dir, folders[i], told))
			return false;
	}
	return true;
}
