/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/override.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/value.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/files/memo.h"
#include "build/source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a git tree has no times; any will do, as long as it is the same for all files: 2000-01-01 */
#define TREE_TIME 946684800
/*
 * Bytes of an archive for each MiB that may come out of it: a small file takes four times what it
 * counts for there
 */
#define TAR_MOST (UINT64_C(4) << 20)

/* when a file or a symlink was changed last */
struct age {
	const char *rel;
	struct timespec when;
};

/* a folder being read, and copied when into is not NULL */
struct scan {
	struct arena *a; /* for this scan only */
	const char *dir, *into;
	struct digest *digest;
	struct age *ages;
	size_t nages;
};

/* what git keeps is no source, and changes while one looks: other programs take their locks there
 */
static bool
is_git(const char *rel)
{
	const char *slash = strrchr(rel, '/');

	return !strcmp(slash ? slash + 1 : rel, ".git");
}

static void
add(struct scan *s, const char *kind, const char *rel, const char *content)
{
	digest_add(s->digest, kind, strlen(kind) + 1);
	digest_add(s->digest, rel, strlen(rel) + 1);
	digest_add(s->digest, content, strlen(content) + 1);
}

/* the target of a symlink; NULL with errno */
static char *
target_of(struct arena *a, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof text);

	return n < 0 ? NULL : arena_strndup(a, text, (size_t)n);
}

static int
scan_file(struct scan *s, const char *rel, const char *path, const char *to, const struct stat *st,
    struct err *e)
{
	bool runs = st->st_mode & 0100;
	char hex[DIGEST_HEX];

	if (to && file_copy(path, to, runs ? 0755 : 0644, e) < 0)
		return -1;
	if (digest_file(to ? to : path, hex, e) < 0)
		return -1;
	add(s, runs ? "program" : "file", rel, hex);
	return 0;
}

static int
scan_entry(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct scan *s = arg;
	const char *path = arena_printf(s->a, "%s/%s", s->dir, rel);
	const char *to = s->into ? arena_printf(s->a, "%s/%s", s->into, rel) : NULL;

	if (is_git(rel))
		return FILE_PRUNE;
	if (S_ISDIR(st->st_mode)) {
		add(s, "folder", rel, "");
		return to ? file_mkdirs(to, 0755, e) : 0;
	}
	if (S_ISREG(st->st_mode)) {
		if (scan_file(s, rel, path, to, st, e) < 0)
			return -1;
	} else if (S_ISLNK(st->st_mode)) {
		const char *target = target_of(s->a, path);

		if (!target)
			return fail_errno(e, "%s", path);
		add(s, "link", rel, target);
		if (to && file_symlink(target, to, e) < 0)
			return -1;
	} else {
		return fail_usage(e,
		    "%s: neither file, folder nor symlink: move it out of the source tree", path);
	}
	s->ages = arena_more(s->a, s->ages, s->nages, sizeof *s->ages);
	s->ages[s->nages++] = (struct age){ arena_strdup(s->a, rel), st->st_mtim };
	if (to && utimensat(AT_FDCWD, to, (struct timespec[]){ st->st_mtim, st->st_mtim },
		      AT_SYMLINK_NOFOLLOW) < 0)
		return fail_errno(e, "%s", to);
	return 0;
}

static int
by_age(const void *x, const void *y)
{
	const struct age *a = x, *b = y;

	if (a->when.tv_sec != b->when.tv_sec)
		return a->when.tv_sec < b->when.tv_sec ? -1 : 1;
	if (a->when.tv_nsec != b->when.tv_nsec)
		return a->when.tv_nsec < b->when.tv_nsec ? -1 : 1;
	return strcmp(a->rel, b->rel);
}

/*
 * Which file is newer than which is all that make sees of times: it decides whether a parser is
 * generated again, or an object that somebody has left there is taken for what it is made from.
 */
static void
add_order(struct scan *s)
{
	if (s->nages)
		qsort(s->ages, s->nages, sizeof *s->ages, by_age);
	for (size_t i = 0; i < s->nages; i++) {
		const struct age *it = &s->ages[i];
		bool newer = i && (it->when.tv_sec != it[-1].when.tv_sec ||
				      it->when.tv_nsec != it[-1].when.tv_nsec);

		add(s, newer ? "newer" : "as old", it->rel, "");
	}
}

/* hashes what dir holds, and copies it when into is not NULL */
static int
scan(const char *dir, const char *into, char hex[DIGEST_HEX], struct err *e)
{
	struct scan s = { .a = arena_new(), .dir = dir, .into = into, .digest = digest_new() };
	int r = file_walk(dir, scan_entry, &s, e);

	add_order(&s);
	digest_end(s.digest, hex);
	arena_free(s.a);
	return r;
}

/* an absolute path without symlinks; a folder that is not there is the user's mistake */
static int
find_dir(struct arena *a, const char *text, const char *dir, const char **out, struct err *e)
{
	char *real = realpath(dir, NULL);

	if (real && !file_isdir(real)) {
		free(real);
		real = NULL;
		errno = ENOTDIR;
	}
	if (!real)
		return fail_usage(e, "override %s: %s: %s", text, dir, strerror(errno));
	*out = arena_strdup(a, real);
	free(real);
	return 0;
}

static int
read_git(struct arena *a, const char *text, struct override *out, struct err *e)
{
	const char *dir = text + strlen("git:"), *at = value_revision(a, "/", dir);
	struct err inner;
	char *id;

	out->rev = at ? arena_strdup(a, at + 1) : "HEAD";
	if (at)
		dir = arena_strndup(a, dir, (size_t)(at - dir));
	if (find_dir(a, text, dir, &out->dir, e) < 0)
		return -1;
	if (git_id(a, out->dir, arena_printf(a, "%s^{tree}", out->rev), &id, &inner) < 0)
		return fail_usage(e, "override %s: %s", text, inner.msg);
	out->id = arena_printf(a, "git-tree %s", id);
	return 0;
}

const char *
override_uncommitted(struct arena *a, const struct override *o)
{
	struct buf said = { 0 };
	struct err why;
	const char *text = NULL;
	size_t n = 0;

	if (!o->git || strcmp(o->rev, "HEAD") != 0)
		return NULL;
	if (git_status(a, o->dir, &said, &why) < 0)
		text = arena_printf(
		    a, "override: HEAD is built, whatever is not committed: %s", why.msg);
	for (const char *p = said.p; !text && p && (p = strchr(p, '\n')); p++)
		n++;
	if (n)
		text = arena_printf(a,
		    "override git:%s: HEAD is built, without %zu file%s not committed, such as "
		    "%.*s; the folder as it is: %s",
		    o->dir, n, n == 1 ? "" : "s", (int)strcspn(said.p + 3, "\n"), said.p + 3,
		    o->dir);
	buf_free(&said);
	return text;
}

static int
look(const char *dir, char *hex, struct err *e)
{
	return scan(dir, NULL, hex, e);
}

static const struct memo_kind way = { .name = "override in order", .digest = look, .skip = is_git };

int
override_read(
    struct arena *a, struct memo *m, const char *text, struct override *out, struct err *e)
{
	char hex[DIGEST_HEX];

	*out = (struct override){ .git = !strncmp(text, "git:", 4) };
	if (out->git)
		return read_git(a, text, out, e);
	if (find_dir(a, text, text, &out->dir, e) < 0)
		return -1;
	if (memo_digest(m, &way, out->dir, hex, e) < 0)
		return wrap(e, "override");
	out->id = arena_printf(a, "tree %s", hex);
	return 0;
}

static int
set_time(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	static const struct timespec times[] = { { .tv_sec = TREE_TIME }, { .tv_sec = TREE_TIME } };
	const int *dir = arg;

	(void)st;
	return utimensat(*dir, rel, times, AT_SYMLINK_NOFOLLOW) < 0 ? fail_errno(e, "%s", rel) : 0;
}

/* the tree of that id, whatever the revision has become since */
static int
export_git(
    struct arena *a, const struct override *o, unsigned most, const char *into, struct err *e)
{
	const char *tar = arena_printf(a, "%s.tar", into), *tree = o->id + strlen("git-tree ");
	int dir, r = -1;

	if (git_export(a, o->dir, tree, tar, most * TAR_MOST, e) < 0) {
		wrap(e, "override git:%s@%s", o->dir, o->rev);
		goto out;
	}
	if (unpack_with(tar, into, &(struct unpack_opts){ .most = most }, e) < 0)
		goto out;
	dir = open(into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		fail_errno(e, "%s", into);
		goto out;
	}
	r = file_walk(into, set_time, &dir, e);
	close(dir);
out:
	unlink(tar);
	return r;
}

int
override_export(
    struct arena *a, const struct override *o, unsigned most, const char *into, struct err *e)
{
	char hex[DIGEST_HEX];

	if (o->git)
		return export_git(a, o, most, into, e);
	if (file_mkdirs(into, 0755, e) < 0 || scan(o->dir, into, hex, e) < 0)
		return wrap(e, "override");
	if (strcmp(hex, o->id + strlen("tree ")))
		return fail(e,
		    "override %s: changed since the build began; build again when it is no longer "
		    "edited",
		    o->dir);
	return 0;
}
