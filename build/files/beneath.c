/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/beneath.h"

#include "build/base/arena.h"
#include "build/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "regular file";
	case S_IFDIR:
		return "folder";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "device";
	}
}

static enum beneath
type_of(mode_t mode)
{
	return S_ISREG(mode) ? BENEATH_FILE : S_ISDIR(mode) ? BENEATH_FOLDER : BENEATH_OTHER;
}

/* the first n bytes of rel, without the slashes behind them, are what is refused */
static int
refuse(const char *root, const char *rel, size_t n, mode_t mode, const char *want, struct err *e)
{
	while (n && rel[n - 1] == '/')
		n--;
	return fail(
	    e, "%s%s%.*s: is a %s, not a %s", root, n ? "/" : "", (int)n, rel, kind(mode), want);
}

/*
 * Goes down to what rel names and tells what it is; *fd is a handle on it (O_PATH), or -1: nothing
 * is there.  Each name is looked up in the folder that was opened for the one before, so that a
 * folder that is replaced by a symlink meanwhile is not followed either.
 */
static int
reach(const char *root, const char *rel, int *fd, struct stat *st, struct err *e)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	char name[NAME_MAX + 1];
	int at = open(root, flags);

	*fd = -1;
	if (at < 0)
		return errno == ENOENT ? 0 : fail_errno(e, "%s", root);
	for (const char *p = rel;; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");
		int next;

		if (fstat(at, st) < 0) {
			fail_errno(e, "%s/%s", root, rel);
			goto close_at;
		}
		if (!n)
			break;
		if (!S_ISDIR(st->st_mode)) {
			refuse(root, rel, (size_t)(p - rel), st->st_mode, "folder", e);
			goto close_at;
		}
		if (n > NAME_MAX || (n <= 2 && !strncmp(p, "..", n))) {
			fail(e, "%s/%s: not a path inside this folder", root, rel);
			goto close_at;
		}
		memcpy(name, p, n);
		name[n] = '\0';
		next = openat(at, name, flags);
		if (next < 0 && errno != ENOENT) {
			fail_errno(e, "%s/%s", root, rel);
			goto close_at;
		}
		close(at);
		if (next < 0)
			return 0;
		at = next;
		p += n;
	}
	*fd = at;
	return 0;

close_at:
	close(at);
	return -1;
}

enum beneath
beneath_type(const char *root, const char *rel)
{
	struct err ignored;
	struct stat st;
	int fd;

	if (reach(root, rel, &fd, &st, &ignored) < 0)
		return BENEATH_OTHER;
	if (fd < 0)
		return BENEATH_NONE;
	close(fd);
	return type_of(st.st_mode);
}

static const char *
wanted(enum beneath want)
{
	return want == BENEATH_FILE ? "regular file" : "folder";
}

int
beneath_is(const char *root, const char *rel, enum beneath want, struct err *e)
{
	struct stat st;
	int fd;

	if (reach(root, rel, &fd, &st, e) < 0)
		return -1;
	if (fd < 0)
		return 0;
	close(fd);
	return type_of(st.st_mode) == want
		   ? 1
		   : refuse(root, rel, strlen(rel), st.st_mode, wanted(want), e);
}

int
beneath_open(const char *root, const char *rel, enum beneath want, struct err *e)
{
	char proc[64];
	struct stat st, opened;
	int fd, at;

	if (reach(root, rel, &at, &st, e) < 0)
		return -1;
	if (at < 0) {
		errno = ENOENT;
		return fail_errno(e, "%s/%s", root, rel);
	}
	if (type_of(st.st_mode) != want) {
		close(at);
		return refuse(root, rel, strlen(rel), st.st_mode, wanted(want), e);
	}
	/* the handle is on the object itself: what its name stands for by now does not matter */
	snprintf(proc, sizeof proc, "/proc/self/fd/%d", at);
	fd = open(
	    proc, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (want == BENEATH_FOLDER ? O_DIRECTORY : 0));
	if (fd < 0 || fstat(fd, &opened) < 0 || opened.st_ino != st.st_ino ||
	    opened.st_dev != st.st_dev) {
		fail_errno(e, "%s/%s", root, rel);
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	close(at);
	return fd;
}

int
beneath_read(struct arena *a, const char *root, const char *rel, size_t most, char **text,
    size_t *n, struct err *e)
{
	int fd = beneath_open(root, rel, BENEATH_FILE, e);
	const char *shown = arena_printf(a, "%s/%s", root, rel);
	size_t len;
	int r;

	if (fd < 0)
		return -1;
	r = fd_read(a, fd, most, shown, text, &len, e);
	close(fd);
	if (r == 0 && n)
		*n = len;
	else if (r == 0 && strlen(*text) != len)
		r = fail(e, "%s: contains a NUL byte: not a text file", shown);
	return r;
}

int
beneath_copy(const char *root, const char *rel, const char *to, mode_t mode, struct err *e)
{
	int fd = beneath_open(root, rel, BENEATH_FILE, e), r;

	if (fd < 0)
		return -1;
	r = fd_copy(fd, to, mode, e);
	close(fd);
	return r;
}

/* has it a name, and none that leads up or nowhere */
static bool
is_inside(const char *rel)
{
	const char *rest = rel, *name;
	size_t n;

	while ((name = path_next(&rest, &n)))
		if (path_is_up(name, n) || n > NAME_MAX)
			return false;
	name = strrchr(rel, '/');
	name = name ? name + 1 : rel;
	return *name && strcmp(name, ".") && strlen(rel) < PATH_MAX;
}

int
beneath_remove(const char *root, const char *rel, struct err *e)
{
	const char *slash = strrchr(rel, '/'), *name = slash ? slash + 1 : rel;
	char above[PATH_MAX], path[PATH_MAX];
	struct err ignored;
	struct stat st;
	int fd, r = 0;

	if (!is_inside(rel))
		return fail(e, "%s/%s: not a path inside this folder", root, rel);
	snprintf(above, sizeof above, "%.*s", slash ? (int)(slash - rel) : 0, rel);
	if (reach(root, above, &fd, &st, &ignored) < 0 || fd < 0)
		return 0;
	/* by the handle: whatever its path stands for by now */
	snprintf(path, sizeof path, "/proc/self/fd/%d/%.*s", fd, NAME_MAX, name);
	if (S_ISDIR(st.st_mode) && file_remove(path, &ignored) < 0)
		r = fail_errno(e, "remove %s/%s", root, rel);
	close(fd);
	return r;
}

int
beneath_walk(const char *root, const char *rel, file_visit *visit, void *arg, struct err *e)
{
	char shown[PATH_MAX];
	int there = beneath_is(root, rel, BENEATH_FOLDER, e), fd, r;

	if (there <= 0)
		return there;
	fd = beneath_open(root, rel, BENEATH_FOLDER, e);
	if (fd < 0)
		return -1;
	if (snprintf(shown, sizeof shown, "%s%s%s", root, *rel ? "/" : "", rel) >=
	    (int)sizeof shown) {
		errno = ENAMETOOLONG;
		r = fail_errno(e, "%s/%s", root, rel);
	} else {
		r = fd_walk(fd, shown, visit, arg, e);
	}
	close(fd);
	return r;
}
