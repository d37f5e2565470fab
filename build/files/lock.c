/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* what keeps nobody out: who had it has removed its name since we opened it; -1: who can tell? */
static int
is_named(int fd, const char *path, struct err *e)
{
	struct stat held, named;

	if (fstat(fd, &held) < 0)
		return fail_errno(e, "%s", path);
	if (lstat(path, &named) < 0)
		return errno == ENOENT ? 0 : fail_errno(e, "%s", path);
	if (!S_ISREG(held.st_mode))
		return fail(e, "%s: not a regular file; remove it", path);
	return held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* whoever may write there may have put a symlink there, and we write to what it leads to */
static int
open_lock(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);

	if (fd < 0 && errno == ELOOP)
		return fail(e, "%s: is a symlink, not a regular file; remove it", path);
	return fd < 0 ? fail_errno(e, "%s", path) : fd;
}

int
lock_take(const char *path, int *fd, struct err *e)
{
	int r = 0;

	while (r == 0) {
		*fd = open_lock(path, e);
		if (*fd < 0)
			return -1;
		if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
			r = is_named(*fd, path, e);
		else if (errno != EWOULDBLOCK) /* a filesystem without locks, too */
			r = fail_errno(e, "%s: cannot be locked", path);
		else
			r = 2;
		if (r != 1)
			close(*fd);
	}
	if (r != 1)
		*fd = -1;
	return r < 0 ? -1 : 0;
}
