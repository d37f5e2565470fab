/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/child.h"

#include "build/base/arena.h"
#include "build/base/bpf.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* which of the child's preparations failed, told through a pipe that exec closes */
struct failure {
	int why;
	char what[20];
};

static _Noreturn void
give_up(int tell, const char *what)
{
	struct failure f = { .why = errno };
	ssize_t ignored;

	strncpy(f.what, what, sizeof f.what - 1);
	ignored = write(tell, &f, sizeof f);
	(void)ignored; /* nobody is left to hear of it */
	_exit(127);
}

/* it dies with its parent, who may be gone already; again after what makes another user of it */
static void
tie(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
}

/* in every child, first: a group of its own, no signals of ours, and the end with us */
static void
grow_up(pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	tie(parent);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* a limit that does not exist here is none */
static void
set_limits(const struct child_limit *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rlimit r;

		if (getrlimit(v[i].resource, &r) < 0)
			continue;
		if (r.rlim_max > v[i].most)
			r.rlim_max = v[i].most;
		r.rlim_cur = r.rlim_max;
		setrlimit(v[i].resource, &r);
	}
}

/*
 * What a program inherits beside its words and its environment: signals that a nohup(1) ignores,
 * and as what machine a setarch(1) has us run.  Nobody is to see how we were started.
 */
static void
forget_past(void)
{
	static const unsigned long by_default[8]; /* the kernel's struct sigaction, all zero */

	/* libc lets nobody change two that are its own, and posix_spawn(3) leaves them ignored */
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, by_default, NULL, (NSIG - 1) / 8);
	personality(PER_LINUX);
}

/* in the child: only what is async-signal-safe; parent is who must still be there */
static _Noreturn void
become(char *const argv[], const struct child_opts *o, pid_t parent, int in, int out, int tell)
{
	grow_up(parent);
	forget_past();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || (!o->split_err && dup2(out, 2) < 0))
		give_up(tell, "redirect");
	for (size_t i = 0; i < o->nkeep; i++)
		if (fcntl(o->keep[i], F_SETFD, 0) < 0)
			give_up(tell, "keep descriptor");
	if (o->uid) {
		if (setgroups(0, NULL) < 0 || setresgid(o->gid, o->gid, o->gid) < 0 ||
		    setresuid(o->uid, o->uid, o->uid) < 0)
			give_up(tell, "become a user");
		tie(parent);
	} else if (getuid() != geteuid()) { /* who we are for a while, it is for good: user.h */
		gid_t gid = getegid();
		uid_t uid = geteuid();

		if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
			give_up(tell, "become a user");
		tie(parent);
	}
	for (size_t i = 0; i < o->nspaces; i++)
		if (setns(o->spaces[i], 0) < 0)
			give_up(tell, "namespace");
	if (o->nspaces) /* which takes us for another user */
		tie(parent);
	if (o->dir && chdir(o->dir) < 0)
		give_up(tell, "chdir");
	if (o->nice)
		setpriority(PRIO_PROCESS, 0, o->nice);
	set_limits(o->limits, o->nlimits);
	if (o->calls && bpf_install(o->calls) < 0)
		give_up(tell, "seccomp");
	if (o->env)
		execvpe(argv[0], argv, o->env);
	else
		execvp(argv[0], argv);
	give_up(tell, "exec");
}

/* the one limit that is no resource of ours, and whose errno says nothing of it */
static int
fail_fork(struct err *e, const char *program)
{
	return errno == EAGAIN ? fail_errno(e, "start %s: more processes than ulimit -u", program)
			       : fail_errno(e, "start %s", program);
}

/* what joins us to a child on its way; -1: none, or shut */
struct pipes {
	int in[2], out[2], tell[2];
};

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int
open_pipes(struct pipes *p, const struct child_opts *o)
{
	if (o->want_in) {
		if (pipe2(p->in, O_CLOEXEC) < 0)
			return -1;
	} else if ((p->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0) {
		return -1;
	}
	if (o->out > 0)
		p->out[1] = o->out;
	else if (pipe2(p->out, O_CLOEXEC) < 0)
		return -1;
	return pipe2(p->tell, O_CLOEXEC);
}

/* the child's ends; what the caller lent us stays open */
static void
shut_theirs(struct pipes *p, const struct child_opts *o)
{
	if (o->out > 0)
		p->out[1] = -1;
	shut(&p->in[0]);
	shut(&p->out[1]);
	shut(&p->tell[1]);
}

static void
shut_all(struct pipes *p, const struct child_opts *o)
{
	shut_theirs(p, o);
	shut(&p->in[1]);
	shut(&p->out[0]);
	shut(&p->tell[0]);
}

/* 0: its program runs; -1: it failed before that, and says where */
static int
hear(int tell, const char *program, const struct child_opts *o, struct err *e)
{
	struct failure f;
	ssize_t n;

	do
		n = read(tell, &f, sizeof f);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof f)
		return 0;
	errno = f.why;
	if (!strcmp(f.what, "chdir"))
		return fail_errno(e, "%s: folder %s", program, o->dir);
	if (!strcmp(f.what, "exec") && f.why == ENOENT && !strchr(program, '/')) {
		fail(e, "%s: not found in PATH", program);
		e->code = EXIT_SYSTEM;
		return -1;
	}
	if (!strcmp(f.what, "exec"))
		return fail_errno(e, "%s", program);
	return fail_errno(e, "%s: %s", program, f.what);
}

int
child_start(struct child *c, char *const argv[], const struct child_opts *o, struct err *e)
{
	static const struct child_opts plain;
	struct pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	pid_t parent = getpid();

	if (!o)
		o = &plain;
	*c = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	if (open_pipes(&p, o) < 0 || (c->pid = fork()) < 0) {
		fail_fork(e, argv[0]);
		goto close_all;
	}
	if (c->pid == 0)
		become(argv, o, parent, p.in[0], p.out[1], p.tell[1]);

	setpgid(c->pid, c->pid); /* both sides, so that it is done when either goes on */
	shut_theirs(&p, o);
	if (hear(p.tell[0], argv[0], o, e) < 0)
		goto reap;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0) {
		fail_errno(e, "%s: pidfd_open", argv[0]);
		goto reap;
	}
	shut(&p.tell[0]);
	c->out = p.out[0];
	c->in = p.in[1];
	if (c->in >= 0)
		fd_nonblock(c->in);
	return 0;

reap:
	kill(-c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
close_all:
	shut_all(&p, o);
	c->pid = 0;
	return -1;
}

int
child_wait(struct child *c, int *status, struct err *e)
{
	pid_t r;

	do
		r = waitpid(c->pid, status, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		fail_errno(e, "wait for process %ld", (long)c->pid);
	shut(&c->pidfd);
	shut(&c->out);
	shut(&c->in);
	*c = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	return r < 0 ? -1 : 0;
}

void
child_kill(const struct child *c, int sig)
{
	if (c->pid > 0)
		kill(-c->pid, sig);
}

void
child_tie_note(struct child_tie *t)
{
	*t = (struct child_tie){ .parent = getppid() };
	prctl(PR_GET_PDEATHSIG, &t->sig);
}

void
child_tie_again(const struct child_tie *t)
{
	prctl(PR_SET_PDEATHSIG, t->sig);
	if (t->sig && getppid() != t->parent)
		raise(t->sig);
}

const char *
child_status_text(struct arena *a, int status)
{
	/* what a shell ends with when its command was killed, and few programs on their own */
	if (WIFEXITED(status) && WEXITSTATUS(status) > 128 && WEXITSTATUS(status) < 128 + 32)
		return arena_printf(a, "exit status %d (signal %d, %s)", WEXITSTATUS(status),
		    WEXITSTATUS(status) - 128, strsignal(WEXITSTATUS(status) - 128));
	if (WIFEXITED(status))
		return arena_printf(a, "exit status %d", WEXITSTATUS(status));
	if (WIFSIGNALED(status))
		return arena_printf(
		    a, "killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return arena_printf(a, "wait status %#x", (unsigned)status);
}

/* whoever never ends shall not take all memory; git tells of more files than anybody has */
#define SAYS_MOST ((size_t)64 << 20)

/*
 * The next bytes that it says; 0: there are none.  What it has started and left behind may keep
 * the pipe open for ever: with its own end it has said all, and what is in the pipe then is *last.
 */
static ssize_t
hear_more(const struct child *c, char *p, size_t n, int *last, nstime deadline)
{
	struct pollfd v[] = { { .fd = c->out, .events = POLLIN },
		{ .fd = c->pidfd, .events = POLLIN } };
	int ready;
	ssize_t got;

	while (*last < 0 && (ready = poll(v, 2, clock_poll_ms(deadline))) <= 0) {
		if (ready == 0)
			errno = ETIMEDOUT;
		if (errno != EINTR)
			return -1;
	}
	if (*last < 0 && v[1].revents && ioctl(c->out, FIONREAD, last) < 0)
		return -1;
	if (*last == 0)
		return 0;
	if (*last > 0 && (size_t)*last < n)
		n = (size_t)*last;
	do
		got = read(c->out, p, n);
	while (got < 0 && errno == EINTR);
	if (*last > 0 && got > 0)
		*last -= (int)got;
	return got;
}

/* it may have closed its end of the pipe, and go on */
static int
hear_end(const struct child *c, nstime deadline)
{
	struct pollfd v = { .fd = c->pidfd, .events = POLLIN };
	int ready;

	do
		ready = poll(&v, 1, clock_poll_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	return ready > 0 ? 0 : -1;
}

int
child_run(
    char *const argv[], const struct child_opts *o, struct buf *out, int *status, struct err *e)
{
	unsigned seconds = o ? o->seconds : 0;
	nstime deadline = seconds ? clock_now() + seconds * NS_PER_S : NS_NEVER;
	struct child c;
	char block[16384];
	int last = -1;
	ssize_t n = 0;

	if (child_start(&c, argv, o, e) < 0)
		return -1;
	while (c.out >= 0 && (n = hear_more(&c, block, sizeof block, &last, deadline)) > 0) {
		if (out && out->n + (size_t)n > SAYS_MOST) {
			fail(e, "%s: said more than %zu bytes", argv[0], SAYS_MOST);
			goto kill;
		}
		if (out)
			buf_add(out, block, (size_t)n);
	}
	if (n == 0 && hear_end(&c, deadline) == 0)
		return child_wait(&c, status, e);
	if (errno == ETIMEDOUT)
		fail(e, "%s: took more than %u s", argv[0], seconds);
	else
		fail_errno(e, "read from %s", argv[0]);

kill:
	child_kill(&c, SIGKILL);
	child_wait(&c, status, &(struct err){ 0 });
	return -1;
}

static _Noreturn void
call(child_work *work, void *arg, int tell, int log)
{
	struct err e = { 0 }, ignored;

	if (dup2(log, 1) < 0 || dup2(log, 2) < 0)
		fail_errno(&e, "redirect");
	else if (work(arg, &e) == 0)
		_exit(0);
	dprintf(2, "%s\n", e.msg);
	fd_write(tell, &e, sizeof e, "pipe", &ignored);
	_exit(1);
}

/* tell becomes the lowest descriptor but those three; where it cannot, there is nobody to tell */
static int
be_alone(int tell, int log)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
	    (tell != 3 && dup2(tell, 3) < 0))
		_exit(127);
	fd_close_from(4);
	return 3;
}

static int
start_call(struct child *c, child_work *work, void *arg, int log, bool alone, struct err *e)
{
	pid_t parent = getpid();
	int tell[2];

	*c = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	if (pipe2(tell, O_CLOEXEC) < 0)
		return fail_errno(e, "pipe");
	fflush(NULL); /* or the child would say again what we have not said yet */
	c->pid = fork();
	if (c->pid == 0) {
		grow_up(parent);
		if (alone)
			tell[1] = be_alone(tell[1], log);
		call(work, arg, tell[1], alone ? 1 : log);
	}
	if (c->pid < 0)
		goto close_tell;
	setpgid(c->pid, c->pid); /* both sides, so that it is done when either goes on */
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		goto kill_child;
	shut(&tell[1]);
	c->out = tell[0];
	return 0;

kill_child:
	kill(-c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
close_tell:
	fail_fork(e, "a process");
	shut(&tell[0]);
	shut(&tell[1]);
	c->pid = 0;
	return -1;
}

int
child_call(struct child *c, child_work *work, void *arg, int log, struct err *e)
{
	return start_call(c, work, arg, log, false, e);
}

int
child_call_alone(struct child *c, child_work *work, void *arg, int log, struct err *e)
{
	return start_call(c, work, arg, log, true, e);
}

int
child_call_wait(struct child *c, int *status, struct err *failed, struct err *e)
{
	struct err told;
	ssize_t n;

	/* one write, smaller than a pipe: it is there whole or not at all */
	do
		n = read(c->out, &told, sizeof told);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof told)
		*failed = told;
	if (child_wait(c, status, e) < 0)
		return -1;
	/* the one end for which a child has no room to say why: see arena.c */
	if (n != (ssize_t)sizeof told && WIFEXITED(*status) &&
	    WEXITSTATUS(*status) == EXIT_SYSTEM) {
		fail(failed, "out of memory");
		failed->code = EXIT_SYSTEM;
	}
	return 0;
}
