/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/helper.h"

#include "build/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void
run(helper_work *work, void *arg, pid_t parent, int tell, int log)
{
	struct err e = { 0 }, ignored;
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(log, 1) < 0 || dup2(log, 2) < 0)
		fail_errno(&e, "redirect");
	else if (work(arg, &e) == 0)
		_exit(0);
	dprintf(2, "lh-build: %s\n", e.msg);
	fd_write(tell, &e, sizeof e, "pipe", &ignored);
	_exit(1);
}

int
helper_start(struct child *c, helper_work *work, void *arg, int log, struct err *e)
{
	pid_t parent = getpid();
	int tell[2];

	*c = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	if (pipe2(tell, O_CLOEXEC) < 0)
		return fail_errno(e, "pipe");
	fflush(NULL); /* or the child would say again what we have not said yet */
	c->pid = fork();
	if (c->pid < 0) {
		fail_errno(e, "fork");
		goto close_tell;
	}
	if (c->pid == 0)
		run(work, arg, parent, tell[1], log);
	setpgid(c->pid, c->pid); /* both sides, so that it is done when either goes on */
	close(tell[1]);
	tell[1] = -1;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0) {
		fail_errno(e, "pidfd_open");
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		goto close_tell;
	}
	c->out = tell[0];
	return 0;

close_tell:
	close(tell[0]);
	if (tell[1] >= 0)
		close(tell[1]);
	*c = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	return -1;
}

int
helper_wait(struct child *c, int *status, struct err *failed, struct err *e)
{
	struct err told;
	ssize_t n;

	/* one write, smaller than a pipe: it is there whole or not at all */
	do
		n = read(c->out, &told, sizeof told);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof told)
		*failed = told;
	return child_wait(c, status, e);
}
