/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/knock.h"

#include "build/base/arena.h"
#include "build/base/clock.h"
#include "verify/island.h"
#include "verify/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* slirp drops a connection left unanswered for 75 s, and that looks like a refusal */
#define PATIENCE (60 * NS_PER_S)
/* an end of file also comes when the guest was quicker than our byte: then another try tells */
#define TRIES 5
#define AGAIN (100 * NS_PER_MS)

struct knock {
	struct loop *loop;
	const struct island *on;
	unsigned port;
	knock_done *done;
	void *arg;
	int fd;
	unsigned tries, alarm; /* alarm: patience, or the next try */
};

static void attempt(void *arg);

static void
hang_up(struct knock *k)
{
	loop_cancel(k->loop, k->alarm);
	k->alarm = 0;
	if (k->fd >= 0) {
		loop_forget(k->loop, k->fd);
		close(k->fd);
	}
	k->fd = -1;
}

static void
finish(struct knock *k, enum knock_end end, const char *said)
{
	hang_up(k);
	k->done(k->arg, end, said);
	free(k);
}

static void
closed(struct knock *k)
{
	if (++k->tries == TRIES) {
		finish(k, KNOCK_CLOSED, "");
		return;
	}
	hang_up(k);
	k->alarm = loop_at(k->loop, clock_now() + AGAIN, attempt, k);
}

static void
silent(void *arg)
{
	struct knock *k = arg;

	k->alarm = 0;
	finish(k, KNOCK_SILENT, "");
}

static void
heard(void *arg, int fd, short revents)
{
	struct knock *k = arg;
	char said[200];
	ssize_t n = recv(fd, said, sizeof said - 1, 0);

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		said[n] = '\0';
		finish(k, KNOCK_ANSWERED, said);
	} else if (n < 0 && errno == ECONNRESET) {
		finish(k, KNOCK_REFUSED, "");
	} else if (n < 0 && errno != EPIPE) {
		finish(k, KNOCK_FAILED, strerror(errno));
	} else {
		closed(k);
	}
}

static void
connected(void *arg, int fd, short revents)
{
	struct knock *k = arg;
	int why = 0;
	socklen_t n = sizeof why;

	(void)revents;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0)
		why = errno;
	/* reset before our byte was there: by whom, it does not tell */
	if (why == ECONNRESET || (!why && send(fd, "\n", 1, MSG_NOSIGNAL) != 1))
		closed(k);
	else if (why)
		finish(k, KNOCK_FAILED, strerror(why));
	else
		loop_watch(k->loop, fd, POLLIN, heard, k);
}

static void
attempt(void *arg)
{
	struct knock *k = arg;
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)k->port) };

	k->alarm = 0;
	k->fd = island_socket(k->on, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (k->fd < 0 ||
	    (connect(k->fd, (struct sockaddr *)&sa, sizeof sa) < 0 && errno != EINPROGRESS)) {
		finish(k, KNOCK_FAILED, strerror(errno));
		return;
	}
	k->alarm = loop_at(k->loop, clock_now() + PATIENCE, silent, k);
	loop_watch(k->loop, k->fd, POLLOUT, connected, k);
}

void
knock_start(struct loop *l, const struct island *on, unsigned port, knock_done *done, void *arg,
    struct knock **out)
{
	struct knock *k = xmalloc(sizeof *k);

	*k =
	    (struct knock){ .loop = l, .on = on, .port = port, .done = done, .arg = arg, .fd = -1 };
	k->alarm = loop_at(l, 0, attempt, k);
	*out = k;
}

void
knock_cancel(struct knock *k)
{
	if (!k)
		return;
	hang_up(k);
	free(k);
}
