/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what a guest may say that has no shell of ours, or one that was tampered with */
#include "verify/guest/agent.h"

#include "build/base/arena.h"
#include "verify/guest/channel.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* what behind the mark stands for the exit status, and what becomes of it */
static const struct {
	const char *said;
	int status;
	const char *why;
} statuses[] = {
	{ "0", 0, NULL },
	{ "127", 127, NULL },
	{ "-1", -1, "the guest agent is lost: its answer has no exit status" },
	{ "", -1, "the guest agent is lost: its answer has no exit status" },
	{ "0x1", -1, "the guest agent is lost: its answer has no exit status" },
	{ "4294967296", -1, "the guest agent is lost: its answer has no exit status" },
};

struct heard {
	struct arena *a;
	int status;
	const char *out, *why;
};

static void
on_done(void *arg, const struct agent_result *r)
{
	struct heard *h = arg;

	h->status = r->status;
	h->out = arena_strdup(h->a, r->out);
	h->why = r->why ? arena_strdup(h->a, r->why) : NULL;
}

static void
ignore(void *arg, const char *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
}

START_TEST(has_a_status)
{
	struct heard h = { .a = arena_new() };
	struct loop *l = loop_new();
	struct channel *qmp;
	struct agent *agent;
	int wire[2], other[2];
	char asked[512], *token;
	struct err e;
	ssize_t n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, other), 0);
	qmp = channel_new(l, other[0], ignore, NULL);
	agent = agent_new(l, wire[0], true, qmp);
	agent_run(agent, "x", NS_NEVER, on_done, &h);
	n = read(wire[1], asked, sizeof asked - 1);
	ck_assert_int_gt(n, 0);
	asked[n] = '\0';
	/* ... printf '\n@lh-%s %d\n' 'TOKEN' $? */
	token = strrchr(asked, '\'');
	ck_assert_ptr_nonnull(token);
	*token = '\0';
	token = strrchr(asked, '\'') + 1;
	dprintf(wire[1], "a b\n@lh-%s %s\n", token, statuses[_i].said);
	while (!h.out)
		ck_assert_int_eq(loop_once(l, &e), 0);
	ck_assert_int_eq(h.status, statuses[_i].status);
	if (statuses[_i].why) {
		ck_assert_str_eq(h.why, statuses[_i].why);
	} else {
		ck_assert_ptr_null(h.why);
		ck_assert_str_eq(h.out, "a b");
	}
	agent_free(agent);
	channel_free(qmp);
	close(wire[1]);
	close(other[1]);
	loop_free(l);
	arena_free(h.a);
}
END_TEST

Suite *
agent_suite(void)
{
	Suite *s = suite_create("agent");

	tcase_add_loop_test(
	    harness_case(s, "agent"), has_a_status, 0, sizeof statuses / sizeof *statuses);
	return s;
}
