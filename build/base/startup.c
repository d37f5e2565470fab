/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/startup.h"

#include "build/base/arena.h"
#include "build/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.11 does it in one call; before that, each descriptor that there may be */
static void
close_on_exec(int first)
{
	struct rlimit limit;

	if (syscall(SYS_close_range, (unsigned)first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (int fd = first; fd < (int)limit.rlim_cur; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* of what started us; a file that may not grow is to be an error that names it */
static void
own_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL); /* ignored, no child's end could be waited for */
	signal(SIGXFSZ, SIG_IGN);
}

/*
 * Of PATH, only what is the same folder for every child: children start in various folders, that of
 * somebody else's checkout among them, and an empty name is the one where they are.  Nothing left
 * is as if there were no PATH: then exec(3) has the system's.
 */
static void
own_path(void)
{
	const char *path = getenv("PATH");
	char *kept, *end;

	if (!path)
		return;
	kept = end = xmalloc(strlen(path) + 2);
	while (*path) {
		size_t n = strcspn(path, ":");

		if (*path == '/') {
			memcpy(end, path, n);
			end += n;
			*end++ = ':';
		}
		path += n + (path[n] == ':');
	}
	if (end > kept)
		end[-1] = '\0';
	if (end == kept)
		unsetenv("PATH");
	else if (setenv("PATH", kept, 1) < 0)
		unsetenv("PATH"); /* no memory: without it, programs are found as well */
	free(kept);
}

void
startup(const char *program)
{
	/* the lowest free descriptor is taken, so each of 0 to 2 that is closed is filled in turn
	 */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd ? O_WRONLY : O_RDONLY);
	close_on_exec(3);
	own_signals();
	own_path();
	log_program(program);
	umask(022);
}
