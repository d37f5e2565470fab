/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/reading.h"

#include "build/base/arena.h"
#include "build/base/confine.h"
#include "build/files/file.h"
#include "verify/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct reading {
	struct loop *loop;
	struct reading_opts o;
	struct child child;
	int memory; /* what it writes, when opts.out is 0; else -1 */
	reading_done *done;
	void *arg;
};

/* in the child */
static int
work(void *arg, struct err *e)
{
	const struct reading_opts *o = arg;

	confine_limits(o->mib ? o->mib : CONFINE_WRITES);
	if (o->open(o->arg, e) < 0 || confine_calls(e) < 0 || o->work(o->arg, e) < 0)
		return -1;
	return fflush(stdout) == 0 ? 0 : fail_errno(e, "stdout");
}

/* 0: it did what it was to do; -1: e says why not */
static int
reap(struct child *c, const struct reading_opts *o, struct err *e)
{
	struct arena *a;
	struct err failed = { .msg = "" };
	int status;

	if (child_call_wait(c, &status, &failed, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	if (!strcmp(failed.msg, "out of memory")) /* see child_call_wait() */
		return fail(e,
		    "%s: reading it takes more than %d MiB of memory, which is the limit", o->what,
		    CONFINE_MEMORY);
	if (*failed.msg) {
		*e = failed;
		return -1;
	}
	a = arena_new();
	fail(e, "%s: the process that read it %s", o->what, confine_trouble(a, status));
	arena_free(a);
	return -1;
}

int
reading_run(const struct reading_opts *o, struct err *e)
{
	struct reading_opts copy = *o;
	struct child c;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	if (null < 0)
		return fail_errno(e, "/dev/null");
	r = child_call_alone(&c, work, &copy, null, e);
	close(null);
	return r < 0 ? -1 : reap(&c, o, e);
}

static int
hear(struct arena *a, const struct reading *r, char **text, size_t *n, struct err *e)
{
	if (lseek(r->memory, 0, SEEK_SET) < 0)
		return fail_errno(e, "%s", r->o.what);
	return fd_read(a, r->memory, (size_t)CONFINE_WRITES << 20, r->o.what, text, n, e);
}

static void
forget(struct reading *r)
{
	if (r->memory >= 0)
		close(r->memory);
	free(r);
}

static void
on_dead(void *arg, int fd, short revents)
{
	struct reading *r = arg;
	struct reading_result result = { .trouble = NULL };
	struct arena *a = arena_new();
	char *text = NULL;
	struct err e;

	(void)revents;
	loop_forget(r->loop, fd);
	if (reap(&r->child, &r->o, &e) < 0 ||
	    (r->memory >= 0 && hear(a, r, &text, &result.n, &e) < 0))
		result.trouble = e.msg;
	result.out = text;
	r->done(r->arg, &result);
	forget(r);
	arena_free(a);
}

int
reading_start(struct loop *l, const struct reading_opts *o, reading_done *done, void *arg,
    struct reading **out, struct err *e)
{
	struct reading *r = xmalloc(sizeof *r);

	*r = (struct reading){ .loop = l, .o = *o, .memory = -1, .done = done, .arg = arg };
	if (!o->out && (r->memory = memfd_create("lh-reading", MFD_CLOEXEC)) < 0)
		fail_errno(e, "%s: memfd_create", o->what);
	if ((!o->out && r->memory < 0) ||
	    child_call_alone(&r->child, work, &r->o, o->out ? o->out : r->memory, e) < 0) {
		forget(r);
		return -1;
	}
	loop_watch(l, r->child.pidfd, POLLIN, on_dead, r);
	*out = r;
	return 0;
}

void
reading_cancel(struct reading *r)
{
	struct err e, failed;
	int status;

	if (!r)
		return;
	loop_forget(r->loop, r->child.pidfd);
	child_kill(&r->child, SIGKILL);
	child_call_wait(&r->child, &status, &failed, &e);
	forget(r);
}
