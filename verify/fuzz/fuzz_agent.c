/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wire of the guest agent: what a guest may say while commands are under way.  A byte 0xff of
 * the input stands for the mark that ends the last command, which has a random word in it.
 */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/fuzz/fuzz.h"
#include "verify/guest/agent.h"
#include "verify/guest/channel.h"
#include "verify/loop.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct talk {
	unsigned answers;
	struct agent *agent;
};

static void
quiet(void *unused, const char *p, size_t n)
{
	(void)unused;
	(void)p;
	(void)n;
}

static void
done(void *arg, const struct agent_result *r)
{
	struct talk *t = arg;

	fuzz_must(r->out && r->out[r->n] == '\0', "a NUL stands behind what a command printed");
	fuzz_must(r->status >= 0 || r->why, "who did not come back has a reason");
	if (++t->answers < 4)
		agent_run(t->agent, "true", NS_NEVER, done, t);
}

static void
nothing(void *unused)
{
	(void)unused;
}

/* serves what is ready now, without waiting */
static void
turn(struct loop *l)
{
	loop_at(l, clock_now(), nothing, NULL);
	loop_once(l, &(struct err){ 0 });
}

/* what came from our side last: "... printf '\n@lh-%s %d\n' 'TOKEN-SERIAL' $?\n" */
static void
hear(int fd, char mark[64])
{
	static char block[65536];
	ssize_t n = recv(fd, block, sizeof block - 1, MSG_DONTWAIT);
	char *at, *last = NULL;

	if (n <= 0)
		return;
	block[n] = '\0';
	for (at = block; (at = strstr(at, "%d\\n' '")); at++)
		last = at + 7;
	if (last)
		snprintf(mark, 64, "\n@lh-%.*s ", (int)strcspn(last, "'"), last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct talk t = { 0 };
	struct loop *l = loop_new();
	struct channel *qmp;
	char mark[64] = "";
	int wire[2], other[2];

	fuzz_must(socketpair(AF_UNIX, SOCK_STREAM, 0, wire) == 0 &&
		      socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0,
	    "there are sockets");
	qmp = channel_new(l, other[0], quiet, NULL);
	t.agent = agent_new(l, wire[0], n & 1, qmp);
	agent_run(t.agent, "echo 'a b'", NS_NEVER, done, &t);
	agent_run(t.agent, "false", NS_NEVER, done, &t);
	while (n) {
		size_t k = 0;

		hear(wire[1], mark);
		if (*p == 0xff) {
			send(wire[1], mark, strlen(mark), MSG_NOSIGNAL);
			k = 1;
		} else {
			/* a byte of 0xfe is the end of a read */
			while (k < n && p[k] != 0xff && p[k] != 0xfe)
				k++;
			send(wire[1], p, k, MSG_NOSIGNAL);
			k += k < n && p[k] == 0xfe;
		}
		turn(l);
		p += k;
		n -= k;
	}
	close(wire[1]);
	turn(l);
	turn(l);
	agent_free(t.agent);
	channel_free(qmp);
	close(other[1]);
	loop_free(l);
	return 0;
}
