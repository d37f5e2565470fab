/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/checked.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD "lh-checked 1"

struct entry {
	const char *name, *stamp, *sha256;
	struct entry *next;
};

struct checked {
	struct arena *a;
	const char *dir, *path;
	struct entry *entries;
	bool changed;
};

/* the change time too: it is the one that touch(1) and cp -p cannot set */
static char *
stamp_of(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "%ju-%jd-%jd.%09ld-%jd.%09ld", (uintmax_t)st->st_ino, (intmax_t)st->st_size,
	    (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static struct entry *
find(const struct checked *c, const char *name)
{
	struct entry *it = c->entries;

	while (it && strcmp(it->name, name))
		it = it->next;
	return it;
}

static void
remember(struct checked *c, const char *name, const char *stamp, const char *sha256)
{
	struct entry *it = find(c, name);

	if (!it) {
		it = arena_alloc(c->a, sizeof *it);
		it->next = c->entries;
		c->entries = it;
	}
	it->name = name;
	it->stamp = stamp;
	it->sha256 = sha256;
}

struct checked *
checked_open(struct arena *a, const char *dir)
{
	struct checked *c = arena_alloc(a, sizeof *c);
	struct lines l;
	struct err e;
	char *line;

	c->a = a;
	c->dir = arena_strdup(a, dir);
	c->path = arena_printf(a, "%s/.checked", dir);
	if (lines_open(a, c->path, &l, &e) < 0)
		return c;
	line = lines_next(&l);
	if (!line || strcmp(line, HEAD))
		return c;
	while ((line = lines_next(&l))) {
		char *sha256 = word_next(&line), *stamp = word_next(&line);

		if (stamp && *line && strlen(sha256) == DIGEST_HEX - 1)
			remember(c, line, stamp, sha256);
	}
	return c;
}

const char *
checked_sha256(struct checked *c, const char *name)
{
	char *path = arena_printf(c->a, "%s/%s", c->dir, name), *hex;
	struct entry *it = find(c, name);
	struct stat st;
	struct err e;
	const char *stamp;

	if (stat(path, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	stamp = stamp_of(c->a, &st);
	if (it && !strcmp(it->stamp, stamp))
		return it->sha256;
	hex = arena_alloc(c->a, DIGEST_HEX);
	if (digest_file(path, hex, &e) < 0)
		return NULL;
	remember(c, arena_strdup(c->a, name), stamp, hex);
	c->changed = true;
	return hex;
}

int
checked_save(struct checked *c, struct err *e)
{
	struct buf out = { 0 };
	int r;

	if (!c->changed)
		return 0;
	buf_adds(&out, HEAD "\n");
	for (struct entry *it = c->entries; it; it = it->next) {
		struct stat st;

		/* gone or changed since: nothing to remember */
		if (stat(arena_printf(c->a, "%s/%s", c->dir, it->name), &st) == 0 && !strcmp(stamp_of(c->a, &st), it->stamp))
			buf_addf(&out, "%s %s %s\n", it->sha256, it->stamp, it->name);
	}
	r = file_write(c->path, out.p, out.n, 0644, e);
	buf_free(&out);
	return r;
}
