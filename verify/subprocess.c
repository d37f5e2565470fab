/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/subprocess.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "verify/island.h"
#include "verify/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct subprocess {
	struct loop *loop;
	struct child child;
	struct buf out;
	enum subprocess_end end;
	unsigned alarm;
	subprocess_done *done;
	void *arg;
};

/* nothing more is read: whoever else holds the pipe can neither go on nor keep us busy */
static void
excess(struct subprocess *p)
{
	loop_forget(p->loop, p->child.out);
	p->end = SUBPROCESS_EXCESS;
	child_kill(&p->child, SIGKILL);
}

static void
hear(struct subprocess *p)
{
	char block[65536];
	ssize_t n = read(p->child.out, block, sizeof block);

	if (n > 0 && p->out.n + (size_t)n > SUBPROCESS_SAID_MAX) {
		n = (ssize_t)(SUBPROCESS_SAID_MAX - p->out.n);
		excess(p);
	}
	if (n > 0)
		buf_add(&p->out, block, (size_t)n);
	if (n == 0)
		loop_forget(p->loop, p->child.out);
}

static void
on_out(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	hear(arg);
}

/* stops listening and frees, after the child was reaped */
static void
forget(struct subprocess *p)
{
	loop_cancel(p->loop, p->alarm);
	loop_forget(p->loop, p->child.out);
	loop_forget(p->loop, p->child.pidfd);
}

static void
on_dead(void *arg, int fd, short revents)
{
	struct subprocess *p = arg;
	struct subprocess_result r = { .end = SUBPROCESS_EXITED };
	struct err e;
	size_t had;

	(void)fd;
	(void)revents;
	do { /* what is still in the pipe; not to its end, which a grandchild may hold open */
		had = p->out.n;
		hear(p);
	} while (p->out.n > had && p->end == SUBPROCESS_EXITED);
	r.end = p->end;
	forget(p);
	if (child_wait(&p->child, &r.status, &e) < 0)
		r.status = -1;
	buf_adds(&p->out, "");
	r.out = p->out.p;
	r.n = p->out.n;
	p->done(p->arg, &r);
	buf_free(&p->out);
	free(p);
}

static void
on_late(void *arg)
{
	struct subprocess *p = arg;

	p->alarm = 0;
	if (p->end == SUBPROCESS_EXITED)
		p->end = SUBPROCESS_LATE;
	child_kill(&p->child, SIGKILL);
}

int
subprocess_start(struct loop *l, char *const argv[], const struct subprocess_opts *o,
    subprocess_done *done, void *arg, struct subprocess **out, struct err *e)
{
	struct subprocess *p = xmalloc(sizeof *p);
	struct child_opts co = { .dir = o->dir,
		.limits = o->limits,
		.nlimits = o->nlimits,
		.calls = o->calls,
		.spaces = o->island ? o->island->spaces : NULL,
		.nspaces = o->island ? ISLAND_SPACES : 0 };

	*p = (struct subprocess){ .loop = l, .done = done, .arg = arg };
	if (child_start(&p->child, argv, &co, e) < 0) {
		free(p);
		return -1;
	}
	fd_nonblock(p->child.out);
	loop_watch(l, p->child.out, POLLIN, on_out, p);
	loop_watch(l, p->child.pidfd, POLLIN, on_dead, p);
	if (o->deadline != NS_NEVER)
		p->alarm = loop_at(l, o->deadline, on_late, p);
	*out = p;
	return 0;
}

void
subprocess_cancel(struct subprocess *p)
{
	int status;
	struct err e;

	if (!p)
		return;
	forget(p);
	child_kill(&p->child, SIGKILL);
	child_wait(&p->child, &status, &e);
	buf_free(&p->out);
	free(p);
}
