/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int
fd_write(int fd, const void *p, size_t n, const char *name, struct err *e)
{
	const char *s = p;

	while (n) {
		ssize_t w = write(fd, s, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return fail_errno(e, "%s", name);
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

int
fd_pwrite(int fd, const void *p, size_t n, uint64_t *at)
{
	const char *s = p;

	while (n) {
		ssize_t w = pwrite(fd, s, n, (off_t)*at);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		s += w;
		*at += (uint64_t)w;
		n -= (size_t)w;
	}
	return 0;
}

int
fd_cloexec(int fd)
{
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int
fd_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Linux 5.9 does it in one call; before that, each descriptor that there may be */
void
fd_close_from(int first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, (unsigned)first, ~0u, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (int fd = first; fd < (int)limit.rlim_cur; fd++)
		close(fd);
}
