/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/tree.h"

#include "build/base/arena.h"
#include "build/base/path.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

const char *const entry_names[] = {
	[ENTRY_DIR] = "folder",
	[ENTRY_FILE] = "file",
	[ENTRY_LINK] = "symlink",
	[ENTRY_FIFO] = "fifo",
	[ENTRY_CHAR] = "character device",
	[ENTRY_BLOCK] = "block device",
};

struct entry *
tree_push(struct tree *t, const struct entry *new)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;

		t->v = arena_grow(t->a, t->v, t->n, cap, sizeof *t->v);
		t->cap = cap;
	}
	t->v[t->n] = *new;
	return &t->v[t->n++];
}

void
tree_init(struct arena *a, const char *name, struct tree *t)
{
	*t = (struct tree){ .a = a, .name = name };
	tree_push(t,
	    &(struct entry){ .path = "", .type = ENTRY_DIR, .mode = 0755, .package = "lh-build" });
}

int
tree_is_plain(const char *path, struct err *e)
{
	static const struct {
		const char *name, *what;
	} lost[] = {
		{ "security.capability",
		    "has file capabilities, which no image keeps; remove them with setcap -r" },
		{ "system.posix_acl_access",
		    "has an access control list, which no image keeps; remove it with setfacl -b" },
		{ "system.posix_acl_default",
		    "has an access control list, which no image keeps; remove it with setfacl -b" },
	};

	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
		if (lgetxattr(path, lost[i].name, NULL, 0) > 0)
			return fail_usage(e, "%s: %s", path, lost[i].what);
	return 0;
}

struct adding {
	struct tree *t;
	const char *dir, *package;
	size_t layer;
};

/*
 * The store is read-only, so owner write says nothing there and is put back.  Group
 * write is an echo of somebody's umask, unless everyone may write, which is meant.
 */
static mode_t
clean_mode(mode_t mode)
{
	mode = (mode & 07777) | S_IRUSR | S_IWUSR;
	return mode & S_IWOTH ? mode : mode & ~(mode_t)S_IWGRP;
}

static int
add(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct adding *ad = arg;
	struct tree *t = ad->t;
	struct entry *n;
	char *full = arena_printf(t->a, "%s/%s", ad->dir, rel);
	char target[PATH_MAX];
	ssize_t len;

	if (tree_is_plain(full, e) < 0)
		return -1;
	n = tree_push(t, &(struct entry){ .path = full + strlen(ad->dir) + 1,
			     .mode = clean_mode(st->st_mode),
			     .package = ad->package,
			     .layer = ad->layer });
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		n->type = ENTRY_DIR;
		return 0;
	case S_IFREG:
		n->type = ENTRY_FILE;
		n->from = full;
		n->size = (uint64_t)st->st_size;
		return 0;
	case S_IFLNK:
		len = readlink(full, target, sizeof target - 1);
		if (len < 0)
			return fail_errno(e, "%s", full);
		n->type = ENTRY_LINK;
		n->mode = 0777;
		n->target = arena_strndup(t->a, target, (size_t)len);
		return 0;
	case S_IFIFO:
		n->type = ENTRY_FIFO;
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		n->type = S_ISCHR(st->st_mode) ? ENTRY_CHAR : ENTRY_BLOCK;
		n->major = major(st->st_rdev);
		n->minor = minor(st->st_rdev);
		return 0;
	default:
		return fail(e, "%s: /%s from %s is a socket, which an image cannot contain",
		    t->name, rel, ad->package);
	}
}

int
tree_add(struct tree *t, const char *dir, const char *package, struct err *e)
{
	struct adding ad = {
		.t = t, .dir = arena_strdup(t->a, dir), .package = arena_strdup(t->a, package)
	};

	return beneath_walk(ad.dir, "", add, &ad, e);
}

/* what the user gives is no package's output, which only we could have made a device in */
static int
lay(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct adding *ad = arg;
	struct tree *t = ad->t;
	const struct entry *n;

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
		return fail_usage(
		    e, "%s/%s: neither file, folder nor symlink; remove it", ad->dir, rel);
	if (add(arg, rel, st, e) < 0)
		return -1;
	n = &t->v[t->n - 1];
	/* an absolute one starts at the root of the image */
	if (n->type == ENTRY_LINK && *n->target != '/' && !path_stays(rel, n->target))
		return fail_usage(e,
		    "%s/%s: a symlink to %s, out of the folder; give a path that starts at the "
		    "image's /",
		    ad->dir, rel, n->target);
	return 0;
}

int
tree_lay(struct tree *t, const char *dir, const char *name, size_t layer, struct err *e)
{
	struct adding ad = { .t = t,
		.dir = arena_strdup(t->a, dir),
		.package = arena_strdup(t->a, name),
		.layer = layer };

	return beneath_walk(ad.dir, "", lay, &ad, e);
}

/*
 * where a byte of a path stands: the end first, then '/', so that what a folder holds follows it at
 * once
 */
static unsigned
rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : (unsigned)(unsigned char)c + 1;
}

static int
path_cmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (rank(*a) > rank(*b)) - (rank(*a) < rank(*b));
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = path_cmp(x->path, y->path);

	if (!c)
		c = (x->layer > y->layer) - (x->layer < y->layer);
	return c ? c
		 : strcmp(x->package,
		       y->package); /* which of two equals stays must not hang on qsort */
}

/* a regular file when the walk saw it */
static FILE *
open_entry(const struct entry *n, struct err *e)
{
	int fd = file_open(n->from, O_NOFOLLOW, e);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !f) {
		fail_errno(e, "%s", n->from);
		close(fd);
	}
	return f;
}

static int
same_bytes(const struct entry *x, const struct entry *y, bool *same, struct err *e)
{
	FILE *fx = open_entry(x, e), *fy = fx ? open_entry(y, e) : NULL;
	int r = 0, c;

	if (!fx || !fy) {
		r = -1;
		goto close_both;
	}
	do
		c = getc(fx);
	while (c == getc(fy) && c != EOF);
	*same = c == EOF && feof(fx) && feof(fy);
	if (ferror(fx) || ferror(fy))
		r = fail_errno(e, "%s", ferror(fx) ? x->from : y->from);
close_both:
	if (fy)
		fclose(fy);
	if (fx)
		fclose(fx);
	return r;
}

/* two packages brought the same path */
static int
agree(const struct tree *t, struct entry *x, const struct entry *y, struct err *e)
{
	bool same = true;

	if (x->type != y->type)
		return fail(e, "%s: /%s is a %s in %s and a %s in %s", t->name, x->path,
		    entry_names[x->type], x->package, entry_names[y->type], y->package);
	if (x->mode != y->mode)
		return fail(e, "%s: /%s has mode %04o in %s and %04o in %s", t->name, x->path,
		    (unsigned)x->mode, x->package, (unsigned)y->mode, y->package);
	if (x->type == ENTRY_LINK && strcmp(x->target, y->target))
		return fail(e, "%s: /%s points to %s in %s and to %s in %s", t->name, x->path,
		    x->target, x->package, y->target, y->package);
	if (x->type == ENTRY_FILE && x->size == y->size && same_bytes(x, y, &same, e) < 0)
		return -1;
	if (x->size != y->size || x->major != y->major || x->minor != y->minor)
		same = false;
	if (!same)
		return fail(e, "%s: /%s comes from %s and from %s, and they differ", t->name,
		    x->path, x->package, y->package);
	return 0;
}

/* y is laid over x, which it replaces; two folders are one, with the mode of the first */
static int
cover(const struct tree *t, struct entry *x, const struct entry *y, struct err *e)
{
	if (x->type == ENTRY_DIR && y->type == ENTRY_DIR)
		return 0;
	if ((x->type == ENTRY_DIR) != (y->type == ENTRY_DIR))
		return fail_usage(e, "%s: /%s is a %s in %s and a %s in %s", t->name, x->path,
		    entry_names[x->type], x->package, entry_names[y->type], y->package);
	*x = *y;
	return 0;
}

int
tree_sort(struct tree *t, struct err *e)
{
	size_t n = 0;

	qsort(t->v, t->n, sizeof *t->v, entry_cmp);
	for (size_t i = 0; i < t->n; i++) {
		if (n && !strcmp(t->v[n - 1].path, t->v[i].path)) {
			struct entry *x = &t->v[n - 1], *y = &t->v[i];

			if ((x->layer == y->layer ? agree : cover)(t, x, y, e) < 0)
				return -1;
			continue;
		}
		t->v[n++] = t->v[i];
	}
	t->n = n;
	return 0;
}

struct entry *
tree_find(const struct tree *t, const char *path)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = path_cmp(path, t->v[mid].path);

		if (c == 0)
			return &t->v[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static int
put_file(const struct entry *n, const char *path, struct err *e)
{
	int fd = file_open(n->from, O_NOFOLLOW, e), r;

	if (fd < 0)
		return -1;
	/* not fd_copy(): a name may have all of the 255 bytes there are */
	r = fd_copy_new(fd, path, TREE_HOST_MODE(n->mode), e);
	close(fd);
	return r;
}

static int
put(const struct entry *n, const char *path, struct err *e)
{
	int r = 0;

	switch (n->type) {
	case ENTRY_DIR:
		r = mkdir(path, 0700);
		break;
	case ENTRY_FILE:
		return put_file(n, path, e);
	case ENTRY_LINK:
		r = symlink(n->target, path);
		break;
	case ENTRY_FIFO:
		r = mkfifo(path, 0600);
		if (r == 0)
			r = chmod(path, TREE_HOST_MODE(n->mode));
		break;
	case ENTRY_CHAR:
	case ENTRY_BLOCK: /* only root could */
		break;
	}
	return r < 0 ? fail_errno(e, "%s", path) : 0;
}

static int
put_all(struct arena *a, const struct tree *t, const char *dir, struct err *e)
{
	for (size_t i = 0; i < t->n; i++)
		if (put(&t->v[i], arena_printf(a, "%s/%s", dir, t->v[i].path), e) < 0)
			return -1;
	/* folders last and inside out: one may not be ours to write into */
	for (size_t i = t->n; i-- > 0;) {
		const char *path = arena_printf(a, "%s/%s", dir, t->v[i].path);

		if (t->v[i].type == ENTRY_DIR && chmod(path, TREE_HOST_MODE(t->v[i].mode)) < 0)
			return fail_errno(e, "%s", path);
	}
	return 0;
}

int
tree_materialise(const struct tree *t, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	char *tmp = arena_printf(a, "%s.tmp", dir);
	int r = file_remove(tmp, e);

	if (r == 0)
		r = put_all(a, t, tmp, e);
	if (r == 0)
		r = file_remove(dir, e);
	if (r == 0 && rename(tmp, dir) < 0)
		r = fail_errno(e, "%s", dir);
	arena_free(a);
	return r;
}

int
tree_digest(const struct tree *t, char hex[DIGEST_HEX], struct err *e)
{
	struct digest *d = digest_new();
	char text[PATH_MAX + 256], sum[DIGEST_HEX] = "";
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct entry *n = &t->v[i];

		*sum = '\0';
		if (n->type == ENTRY_FILE)
			r = digest_file(n->from, sum, e);
		snprintf(text, sizeof text, "%s %04o %u:%u %u,%u %s %s", entry_names[n->type],
		    (unsigned)n->mode, (unsigned)n->uid, (unsigned)n->gid, n->major, n->minor, sum,
		    n->path);
		digest_add(d, text, strlen(text) + 1);
		if (n->target)
			digest_add(d, n->target, strlen(n->target) + 1);
	}
	digest_end(d, hex);
	return r;
}
