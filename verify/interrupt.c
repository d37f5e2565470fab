/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

int
interrupt_begin(struct interrupt *i, struct loop *l, loop_ready *ready, void *arg, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &i->old);
	i->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (i->fd < 0)
		return fail_errno(e, "signalfd");
	loop_watch(l, i->fd, POLLIN, ready, arg);
	return 0;
}

unsigned
interrupt_take(int fd)
{
	struct signalfd_siginfo s;

	return read(fd, &s, sizeof s) == (ssize_t)sizeof s ? s.ssi_signo : 0;
}

void
interrupt_end(struct interrupt *i)
{
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
	sigprocmask(SIG_SETMASK, &i->old, NULL);
}
