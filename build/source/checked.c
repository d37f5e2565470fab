/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/checked.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/lines.h"
#include "build/base/stamp.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define HEAD "lh-checked 2"

struct entry {
	const char *name, *stamp, *sha256;
	bool settled; /* else it is for this run only */
	struct entry *next;
};

struct checked {
	struct arena *a;
	const char *dir, *path;
	struct entry *entries;
	bool changed;
};

static struct entry *
find(const struct checked *c, const char *name)
{
	struct entry *it = c->entries;

	while (it && strcmp(it->name, name))
		it = it->next;
	return it;
}

static void
remember(struct checked *c, const char *name, const char *stamp, bool settled, const char *sha256)
{
	struct entry *it = find(c, name);

	if (!it) {
		it = arena_alloc(c->a, sizeof *it);
		it->next = c->entries;
		c->entries = it;
	}
	it->name = name;
	it->stamp = stamp;
	it->settled = settled;
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
			remember(c, line, stamp, true, sha256);
	}
	return c;
}

const char *
checked_sha256(struct checked *c, const char *name)
{
	char *path = arena_printf(c->a, "%s/%s", c->dir, name), *hex;
	struct entry *it = find(c, name);
	struct stamp stamp;
	struct stat st;
	struct err e;

	if (stat(path, &st) < 0 || stamp_one(path, &stamp, &e) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return NULL;
	}
	if (it && !strcmp(it->stamp, stamp.hex))
		return it->sha256;
	hex = arena_alloc(c->a, DIGEST_HEX);
	if (digest_file(path, hex, &e) < 0)
		return NULL;
	remember(c, arena_strdup(c->a, name), arena_strdup(c->a, stamp.hex), stamp.settled, hex);
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
		struct stamp now;
		struct err ignored;

		/* gone or changed since: nothing to remember */
		if (it->settled &&
		    stamp_one(arena_printf(c->a, "%s/%s", c->dir, it->name), &now, &ignored) == 0 &&
		    !strcmp(now.hex, it->stamp))
			buf_addf(&out, "%s %s %s\n", it->sha256, it->stamp, it->name);
	}
	r = file_write(c->path, out.p, out.n, 0644, e);
	buf_free(&out);
	return r;
}
