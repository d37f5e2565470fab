/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/agent.h"

#include "build/base/argv.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/guest/channel.h"
#include "verify/loop.h"
#include "verify/guest/nonce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request {
	struct request *next;
	struct agent *agent;
	char *command;
	nstime deadline, asked, sent; /* sent 0: still queued */
	unsigned alarm;
	agent_done *done;
	void *arg;
	char why[256]; /* filled when it failed before it was sent */
};

enum agent_state {
	AGENT_SHUT, /* the guest's shell has not greeted yet */
	AGENT_OPEN,
	AGENT_LOST
}; /* a command did not come back, or the guest is gone: see why */

struct agent {
	struct loop *loop;
	struct channel *channel, *qmp;
	const struct agent_way *way; /* NULL: the channel */
	void *way_arg;
	enum agent_state state;
	bool held;		/* between two wires: nothing is sent, and an end is none */
	struct request *first;	/* the oldest: the one under way, when any is */
	struct request *failed; /* to be told from the loop */
	unsigned telling;
	struct buf in;
	size_t scanned; /* of in: no marker begins before */
	uint64_t serial;
	char token[NONCE_SIZE];
	char why[256];
};

#define STATUS_MAX 4   /* digits of an exit status and the newline */
#define ANSWER_MAX 128 /* what ends a command */

/* written by the script in two parts, so that printing the script does not greet */
static const char greeting[] = "\n@lh-agent open\n";

static struct request *
under_way(struct agent *d)
{
	return d->first && d->first->sent ? d->first : NULL;
}

static void
request_free(struct request *r)
{
	loop_cancel(r->agent->loop, r->alarm);
	free(r->command);
	free(r);
}

static void
notify_failed(void *arg)
{
	struct agent *d = arg;

	d->telling = 0;
	while (d->failed) {
		struct request *r = d->failed;
		struct agent_result result = { .status = -1,
			.out = "",
			.took = clock_now() - (r->sent ? r->sent : r->asked),
			.why = r->why };

		d->failed = r->next;
		r->done(r->arg, &result);
		request_free(r);
	}
}

/* takes r out of the queue; its owner hears from the loop */
static void
request_fail(struct request *r, const char *why)
{
	struct agent *d = r->agent;
	struct request **p = &d->first;

	while (*p && *p != r)
		p = &(*p)->next;
	if (*p)
		*p = r->next;
	snprintf(r->why, sizeof r->why, "%s", why);
	loop_cancel(d->loop, r->alarm);
	r->alarm = 0;
	r->next = NULL;
	for (p = &d->failed; *p;)
		p = &(*p)->next;
	*p = r;
	if (!d->telling)
		d->telling = loop_at(d->loop, 0, notify_failed, d);
}

static void
lose(struct agent *d, const char *why)
{
	d->state = AGENT_LOST;
	snprintf(d->why, sizeof d->why, "%s", why);
	if (d->way)
		d->way->stop(d->way_arg);
	buf_free(&d->in);
	while (d->first)
		request_fail(d->first, d->why);
}

static void
on_late(void *arg)
{
	struct request *r = arg, *busy = under_way(r->agent);
	struct agent *d = r->agent;
	char why[sizeof r->why];

	r->alarm = 0;
	if (r == busy) {
		snprintf(why, sizeof why, "command timed out after %.1f s",
		    (double)(r->deadline - r->asked) / NS_PER_S);
		request_fail(r, why);
		snprintf(why, sizeof why, "the guest agent is lost: \"%.150s\" never came back",
		    r->command);
		lose(d, why);
	} else if (d->state == AGENT_SHUT) {
		request_fail(
		    r, d->way ? d->way->why_shut(d->way_arg) : "the guest agent never started");
	} else {
		snprintf(
		    why, sizeof why, "it waited for \"%.150s\"", busy ? busy->command : "nothing");
		request_fail(r, why);
	}
}

/* to the shell on the port */
static void
send_line(struct agent *d, const struct request *r)
{
	struct buf b = { 0 };
	struct arena *a = arena_new();

	d->serial++;
	buf_clear(&d->in);
	d->scanned = 0;
	buf_addf(&b, "/bin/sh -c %s", sh_quoted(a, r->command));
	/* stdin: the shell reads the same port, and a command must not eat the next one */
	buf_addf(&b, " </dev/null 2>&1; printf '\\n@lh-%%s %%d\\n' '%s-%" PRIu64 "' $?\n", d->token,
	    d->serial);
	channel_send(d->channel, b.p, b.n);
	buf_free(&b);
	arena_free(a);
}

static void
send_next(struct agent *d)
{
	struct request *r = d->first;

	if (d->state != AGENT_OPEN || d->held || !r || r->sent)
		return;
	r->sent = clock_now();
	if (d->way)
		d->way->run(d->way_arg, r->command);
	else
		send_line(d, r);
}

void
agent_answered(struct agent *d, const char *out, size_t n, int status)
{
	struct request *r = under_way(d);
	struct agent_result result = { .status = status, .out = out, .n = n };

	if (!r)
		return;
	result.took = clock_now() - r->sent;
	d->first = r->next;
	r->done(r->arg, &result);
	request_free(r);
	send_next(d);
}

static void
answered(struct agent *d, size_t n, int status)
{
	struct buf out = d->in; /* done may ask for the next command, which would overwrite it */

	d->in = (struct buf){ 0 };
	out.p[n] = '\0';
	agent_answered(d, out.p, n, status);
	buf_free(&out);
}

void
agent_greeted(struct agent *d)
{
	buf_clear(&d->in);
	d->scanned = 0;
	if (under_way(d))
		request_fail(
		    d->first, "the guest agent's shell was restarted while the command ran");
	if (d->state == AGENT_SHUT)
		d->state = AGENT_OPEN;
	send_next(d);
}

/* what printf made of $?, up to end; -1: whoever wrote that is not our shell */
static int
exit_status(const char *p, const char *end)
{
	int status = 0;

	if (p == end || end - p > 3)
		return -1;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		status = 10 * status + (*p - '0');
	}
	return status;
}

/* looks for the end of the command under way in what came */
static void
find_marker(struct agent *d)
{
	char marker[64], *at, *end;
	int status;
	size_t n =
	    (size_t)snprintf(marker, sizeof marker, "\n@lh-%s-%" PRIu64 " ", d->token, d->serial);

	at = memmem(d->in.p + d->scanned, d->in.n - d->scanned, marker, n);
	if (!at) {
		d->scanned = d->in.n > n ? d->in.n - n : 0;
		return;
	}
	d->scanned = (size_t)(at - d->in.p);
	end = memchr(at + n, '\n', d->in.n - d->scanned - n);
	if (!end && d->in.n - d->scanned < n + STATUS_MAX)
		return;
	status = end ? exit_status(at + n, end) : -1;
	if (status < 0)
		lose(d, "the guest agent is lost: its answer has no exit status");
	else
		answered(d, d->scanned, status);
}

static void
on_bytes(void *arg, const char *p, size_t n)
{
	struct agent *d = arg;
	size_t from;

	channel_pump(d->qmp);
	if (!n) {
		if (!d->held)
			agent_gone(d, "the guest has ended");
		return;
	}
	if (d->state == AGENT_LOST)
		return;
	from = d->in.n > sizeof greeting ? d->in.n - sizeof greeting : 0;
	buf_add(&d->in, p, n);
	if (memmem(d->in.p + from, d->in.n - from, greeting, sizeof greeting - 1)) {
		agent_greeted(d);
		return;
	}
	if (!under_way(d)) {
		/*
		 * a child that outlived its command still writes; the end may be the beginning of a
		 * greeting
		 */
		if (d->in.n > sizeof greeting)
			buf_drop(&d->in, d->in.n - sizeof greeting);
	} else if (d->in.n > AGENT_SAID_MAX + ANSWER_MAX) {
		lose(d, "the guest agent is lost: a command wrote more than 1 MiB");
	} else {
		find_marker(d);
	}
}

struct agent *
agent_new(struct loop *l, int fd, bool awake, struct channel *qmp)
{
	struct agent *d = xmalloc(sizeof *d);

	*d = (struct agent){ .loop = l, .qmp = qmp, .state = awake ? AGENT_OPEN : AGENT_SHUT };
	nonce_make(d->token);
	d->channel = channel_new(l, fd, on_bytes, d);
	return d;
}

struct agent *
agent_over(struct loop *l, const struct agent_way *way, void *arg)
{
	struct agent *d = xmalloc(sizeof *d);

	*d = (struct agent){ .loop = l, .way = way, .way_arg = arg };
	return d;
}

void
agent_run(struct agent *d, const char *command, nstime deadline, agent_done *done, void *arg)
{
	struct request *r = xmalloc(sizeof *r), **p = &d->first;
	size_t n = strlen(command) + 1;

	*r = (struct request){ .agent = d,
		.command = memcpy(xmalloc(n), command, n),
		.deadline = deadline,
		.asked = clock_now(),
		.done = done,
		.arg = arg };
	while (*p)
		p = &(*p)->next;
	*p = r;
	if (d->state == AGENT_LOST) {
		request_fail(r, d->why);
		return;
	}
	if (deadline != NS_NEVER)
		r->alarm = loop_at(d->loop, deadline, on_late, r);
	send_next(d);
}

void
agent_reset(struct agent *d)
{
	if (under_way(d))
		request_fail(d->first, "the guest was reset while it ran");
	if (d->state != AGENT_LOST || !agent_ended(d))
		d->state = AGENT_SHUT;
	if (d->way)
		d->way->reset(d->way_arg);
	buf_clear(&d->in);
	d->scanned = 0;
}

void
agent_hold(struct agent *d)
{
	d->held = true;
}

bool
agent_is_quiet(const struct agent *d)
{
	return !d->first || !d->first->sent;
}

void
agent_take(struct agent *d)
{
	d->held = false;
	send_next(d);
}

void
agent_rewire(struct agent *d, int fd, struct channel *qmp)
{
	if (!d->way) {
		channel_free(d->channel);
		d->channel = channel_new(d->loop, fd, on_bytes, d);
	}
	d->qmp = qmp;
	agent_take(d);
}

void
agent_gone(struct agent *d, const char *why)
{
	if (d->state != AGENT_LOST)
		lose(d, why);
}

bool
agent_ended(const struct agent *d)
{
	return !d->way && channel_ended(d->channel);
}

void
agent_free(struct agent *d)
{
	if (!d)
		return;
	loop_cancel(d->loop, d->telling);
	for (struct request *lists[] = { d->first, d->failed }, **l = lists; l < lists + 2; l++)
		while (*l) {
			struct request *next = (*l)->next;

			request_free(*l);
			*l = next;
		}
	channel_free(d->channel);
	buf_free(&d->in);
	free(d);
}
