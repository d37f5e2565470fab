/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/whole.h"

#include "build/base/fd.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/types.h>
#include <unistd.h>

int
whole_read(int fd, void *p, size_t n, uint64_t at, const char *name, struct err *e)
{
	unsigned char *to = p;

	while (n) {
		ssize_t r = pread(fd, to, n, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail_errno(e, "%s: at byte %" PRIu64, name, at);
		if (r == 0)
			return fail(e, "%s: ends at byte %" PRIu64, name, at);
		to += r;
		at += (uint64_t)r;
		n -= (size_t)r;
	}
	return 0;
}

int
whole_write(int fd, const void *p, size_t n, uint64_t at, const char *name, struct err *e)
{
	return fd_pwrite(fd, p, n, &at) < 0 ? fail_errno(e, "%s: at byte %" PRIu64, name, at) : 0;
}
