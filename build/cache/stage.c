/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/stage.h"

#include "build/files/beneath.h"
#include "build/files/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* one package being merged */
struct merge {
	const char *dir;
	const struct staged *all;
	size_t who;
};

static int
conflict(const struct merge *m, const char *rel, struct err *e)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < m->who; i++) {
		snprintf(path, sizeof path, "%s/%s", m->all[i].dir, rel);
		if (file_exists(path))
			return fail(e, "%s and %s both install sdk/%s", m->all[i].id,
			    m->all[m->who].id, rel);
	}
	return fail(e, "%s: sdk/%s exists already", m->all[m->who].id, rel);
}

static int
copy_link(const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof target - 1);

	if (n < 0)
		return -1;
	target[n] = '\0';
	return symlink(target, to);
}

static int
merge_one(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct merge *m = arg;
	char from[PATH_MAX], to[PATH_MAX];
	int r;

	if (snprintf(from, sizeof from, "%s/%s", m->all[m->who].dir, rel) >= (int)sizeof from ||
	    snprintf(to, sizeof to, "%s/%s", m->dir, rel) >= (int)sizeof to) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s: sdk/%s", m->all[m->who].id, rel);
	}
	switch (st->st_mode & S_IFMT) {
	case S_IFDIR:
		r = mkdir(to, 0755);
		/* a symlink of another package's is no folder to put things into */
		if (r < 0 && errno == EEXIST && beneath_type(m->dir, rel) == BENEATH_FOLDER)
			r = 0;
		break;
	case S_IFLNK:
		r = copy_link(from, to);
		break;
	case S_IFIFO:
		r = mkfifo(to, st->st_mode & 0777);
		break;
	default:
		r = link(from, to);
		/*
		 * a store of somebody else's on a kernel that protects hard links, or too many
		 * links
		 */
		if (r < 0 && (errno == EPERM || errno == EXDEV || errno == EMLINK))
			return file_copy(from, to, st->st_mode & 0777, e);
	}
	if (r < 0 && errno == EEXIST)
		return conflict(m, rel, e);
	return r < 0 ? fail_errno(e, "%s", to) : 0;
}

int
stage_merge(const char *dir, const struct staged *v, size_t n, struct err *e)
{
	struct merge m = { .dir = dir, .all = v };

	if (file_mkdirs(dir, 0755, e) < 0)
		return -1;
	for (; m.who < n; m.who++)
		if (beneath_walk(v[m.who].dir, "", merge_one, &m, e) < 0)
			return -1;
	return 0;
}
