/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/channel.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/fd.h"
#include "verify/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct channel {
	struct loop *loop;
	int fd; /* read; -1 after its end */
	int to; /* written: fd itself, or a pipe */
	channel_bytes *bytes;
	void *arg;
	struct buf out;
};

/* one read a round: a guest that floods its console must not starve the others */
#define BLOCK 65536

static void on_ready(void *arg, int fd, short revents);

static void
listen_on(struct channel *c)
{
	short out = c->out.n ? POLLOUT : 0;

	if (c->to == c->fd) {
		loop_watch(c->loop, c->fd, POLLIN | out, on_ready, c);
		return;
	}
	loop_watch(c->loop, c->fd, POLLIN, on_ready, c);
	if (out)
		loop_watch(c->loop, c->to, out, on_ready, c);
	else
		loop_forget(c->loop, c->to);
}

static void
shut(struct channel *c)
{
	loop_forget(c->loop, c->fd);
	close(c->fd);
	if (c->to != c->fd) {
		loop_forget(c->loop, c->to);
		close(c->to);
	}
	c->fd = c->to = -1;
	buf_free(&c->out);
}

static void
push(struct channel *c)
{
	ssize_t n;

	do
		n = c->to == c->fd ? send(c->to, c->out.p, c->out.n, MSG_NOSIGNAL)
				   : write(c->to, c->out.p, c->out.n);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_drop(&c->out, (size_t)n);
	else if (errno != EAGAIN)
		buf_clear(&c->out); /* its end will be read */
}

static void
on_ready(void *arg, int fd, short revents)
{
	struct channel *c = arg;
	char block[BLOCK];
	ssize_t n;

	if (revents & POLLOUT && c->out.n) {
		push(c);
		listen_on(c);
	}
	if (!(revents & (POLLIN | POLLHUP | POLLERR)))
		return;
	(void)fd; /* either of a pair */
	n = read(c->fd, block, sizeof block);
	if (n > 0) {
		c->bytes(c->arg, block, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	shut(c); /* an error is an end too: reset is what a peer leaves that did not read everything
		  */
	c->bytes(c->arg, "", 0);
}

struct channel *
channel_of_pipes(struct loop *l, int from, int to, channel_bytes *bytes, void *arg)
{
	struct channel *c = xmalloc(sizeof *c);

	*c = (struct channel){ .loop = l, .fd = from, .to = to, .bytes = bytes, .arg = arg };
	fd_nonblock(from);
	fd_nonblock(to);
	listen_on(c);
	return c;
}

struct channel *
channel_new(struct loop *l, int fd, channel_bytes *bytes, void *arg)
{
	return channel_of_pipes(l, fd, fd, bytes, arg);
}

void
channel_send(struct channel *c, const void *p, size_t n)
{
	if (c->fd < 0 || !n)
		return;
	buf_add(&c->out, p, n);
	push(c);
	listen_on(c);
}

void
channel_pump(struct channel *c)
{
	if (c->fd >= 0)
		on_ready(c, c->fd, POLLIN);
}

size_t
channel_waiting(const struct channel *c)
{
	return c->out.n;
}

bool
channel_ended(const struct channel *c)
{
	return c->fd < 0;
}

bool
channel_hung_up(const struct channel *c)
{
	return c->fd < 0 || loop_is_ready(c->fd, POLLRDHUP);
}

void
channel_free(struct channel *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		shut(c);
	free(c);
}
