/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host ssh, echo, openssh, scp: logins through the port that leads to the guest's 22 */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/file.h"
#include "verify/guest/ssh.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/play/trouble.h"
#include "verify/scenario/one_line.h"
#include "verify/subprocess.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

#define SSH_PORT 22
#define SHOWN 300
/* OpenSSH gives up where ours tries again: until the guest's server is there */
#define AGAIN (500 * NS_PER_MS)
#define SIZE_MAX_SENT (64u << 20)

static void
cancel(struct testcase *c)
{
	if (c->step->ssh)
		ssh_cancel(c->step->ssh);
	c->step->ssh = NULL;
	subprocess_cancel(c->step->subprocess);
	c->step->subprocess = NULL;
}

/* ---- who, and where: words of OpenSSH's command line, and maybe a guest's ---- */

/* what could be an option, a host or a path of ours is no user: -oProxyCommand=, x:y@ */
static int
check_user(const char *user, struct err *e)
{
	static const char good[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return *user && *user != '-' && !user[strspn(user, good)]
		   ? 0
		   : fail_usage(e,
			 "user \"%s\": not a name of letters, digits, _ . and -, the first no -",
			 user);
}

static int
check_path(const char *path, struct err *e)
{
	return *path && *path != '-'
		   ? 0
		   : fail_usage(e, "path \"%s\": it is empty or begins with -", path);
}

typedef int check_word(const char *word, struct err *e);

/* what is written down; what a name stands for is checked when the step runs */
static int
check_literal(const struct templ *t, check_word *check, struct err *e)
{
	const char *text = t->n ? scenario_word_text(t) : "";

	return text ? check(text, e) : 0;
}

/* NULL: the step has failed over it */
static const char *
checked_word(struct testcase *c, const struct step *s, size_t n, check_word *check)
{
	const char *text = step_word(c, s, n);
	struct err e;

	if (!text || check(text, &e) == 0)
		return text;
	testcase_fail(c, NULL, NULL, "%s", e.msg);
	return NULL;
}

static const char *
user_word(struct testcase *c, const struct step *s)
{
	return checked_word(c, s, 1, check_user);
}

static int
user_parse(struct arena *a, const struct step *s, struct err *e)
{
	(void)a;
	return check_literal(&s->args[1], check_user, e);
}

/* ---- first the port, then what is to be done with it ---- */

struct port_wait {
	struct ticket ticket;
	void (*then)(struct testcase *c);
};

static void
on_port(void *arg, const char *answer, const char *error)
{
	struct port_wait *w = arg;
	struct testcase *c = ticket_testcase(&w->ticket);

	if (!c)
		return;
	if (!answer) {
		testcase_unanswered(c, "port of ssh", error);
		return;
	}
	c->step->ssh_port = (unsigned)strtoul(answer, NULL, 10);
	w->then(c);
}

static void
with_port(struct testcase *c, void (*then)(struct testcase *c))
{
	struct port_wait *w = arena_alloc(c->a, sizeof *w);

	if (!step_needs_guest(c))
		return;
	*w = (struct port_wait){ { c, c->ticket }, then };
	guest_port(c->guest, SSH_PORT, on_port, w);
}

/* what is left of the step when the connection's own deadline has passed: enough to hear of it */
static nstime
deadline(struct testcase *c)
{
	loop_cancel(c->loop, c->step_alarm);
	c->step_alarm = loop_at(c->loop, c->step_deadline + 5 * NS_PER_S, testcase_overdue, c);
	return c->step_deadline;
}

static void
connect_with(struct testcase *c, ssh_done *done)
{
	struct step_state *st = c->step;
	struct ssh_job job = { .on = c->job->image->island,
		.port = st->ssh_port,
		.user = st->user,
		.password = st->password,
		.key = st->key,
		.command = st->command,
		.in = st->bytes,
		.nin = st->nbytes,
		.deadline = deadline(c) };
	struct err e;

	if (ssh_start(c->loop, &job, done, ticket_new(c), &st->ssh, &e) < 0) {
		st->ssh = NULL;
		testcase_inconclusive(c, "%s", e.msg);
	}
}

static const char *
shown(struct testcase *c)
{
	struct step_state *st = c->step;

	return arena_printf(c->a, "ssh %s (%s) %s", st->user, st->password ? "password" : "key",
	    st->command ? st->command : "");
}

/* ---- ssh USER ... COMMAND ---- */

/* whose step this ends; NULL: that step is no more */
static struct testcase *
ended(void *ticket)
{
	struct testcase *c = ticket_testcase(ticket);

	if (c)
		c->step->ssh = NULL;
	return c;
}

/* or else the step has failed */
static bool
let_in(struct testcase *c, const struct ssh_result *r)
{
	if (r->end == SSH_DENIED)
		testcase_fail(c, "login accepted",
		    arena_printf(
			c->a, "refused; the server offers %s", r->methods ? r->methods : "nothing"),
		    "%s: login refused", shown(c));
	else if (r->end != SSH_DONE)
		testcase_fail(c, "login accepted", NULL, "%s: %s", shown(c), r->why);
	return r->end == SSH_DONE;
}

static void
on_ssh(void *ticket, const struct ssh_result *r)
{
	struct testcase *c = ended(ticket);

	if (c && let_in(c, r))
		step_judge(c, shown(c), r->status, r->out.n ? r->out.p : "", r->out.n);
}

static void
go_ssh(struct testcase *c)
{
	connect_with(c, on_ssh);
}

static void
ssh_key_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;

	st->key = c->job->image->key;
	if ((st->user = user_word(c, s)) && (st->command = step_word(c, s, 3)) &&
	    (st->want = step_want(c, s)))
		with_port(c, go_ssh);
}

static void
ssh_password_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;

	if ((st->user = user_word(c, s)) && (st->password = step_word(c, s, 3)) &&
	    (st->command = step_word(c, s, 4)) && (st->want = step_want(c, s)))
		with_port(c, go_ssh);
}

/* ---- ssh USER ... denied ---- */

static void
on_denied(void *ticket, const struct ssh_result *r)
{
	struct testcase *c = ended(ticket);

	if (!c)
		return;
	if (r->end == SSH_DENIED)
		testcase_pass(c);
	else if (r->end == SSH_DONE)
		testcase_fail(c, "refused",
		    arena_printf(c->a, "login accepted: %s",
			one_line(c->a, r->out.n ? r->out.p : "", r->out.n, SHOWN)),
		    "%s: login accepted, but should have been refused", shown(c));
	else
		testcase_fail(c, "refused", NULL, "%s: %s", shown(c), r->why);
}

static void
go_denied(struct testcase *c)
{
	connect_with(c, on_denied);
}

static void
ssh_denied_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;
	const char *how = s->args[2].v[0].text;

	st->command = "id";
	if (!strcmp(how, "password"))
		st->password = step_word(c, s, 3);
	else
		st->key = !strcmp(how, "key") ? c->job->image->key : c->job->image->stranger;
	if ((st->password || st->key) && (st->user = user_word(c, s)))
		with_port(c, go_denied);
}

/* ---- bytes there and back ---- */

/* 0: it is none */
static size_t
size_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	return *end || n > SIZE_MAX_SENT ? 0 : n;
}

/* echo USER SIZE, scp USER SIZE PATH */
static int
size_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *text = scenario_word_text(&s->args[2]);

	if (user_parse(a, s, e) < 0)
		return -1;
	return !text || size_of(text)
		   ? 0
		   : fail_usage(e, "%s: not a size from 1 to %u", text, SIZE_MAX_SENT);
}

static int
scp_parse(struct arena *a, const struct step *s, struct err *e)
{
	return size_parse(a, s, e) < 0 ? -1 : check_literal(&s->args[3], check_path, e);
}

static bool
make_bytes(struct testcase *c, const char *size)
{
	struct step_state *st = c->step;
	size_t n;

	if (!size)
		return false;
	n = size_of(size);
	if (!n) {
		testcase_fail(c, NULL, size, "%s: not a size from 1 to %u", size, SIZE_MAX_SENT);
		return false;
	}
	st->nbytes = n;
	st->bytes = arena_alloc(c->a, n);
	for (size_t at = 0; at < n;) {
		ssize_t r = getrandom((char *)st->bytes + at, n - at, 0);

		if (r > 0)
			at += (size_t)r;
	}
	return true;
}

/* judges what came back */
static void
compare(struct testcase *c, const char *p, size_t n)
{
	struct step_state *st = c->step;
	size_t at = 0;

	if (n == st->nbytes && !memcmp(p, st->bytes, n)) {
		testcase_pass(c);
		return;
	}
	while (at < n && at < st->nbytes && p[at] == ((char *)st->bytes)[at])
		at++;
	testcase_fail(c, arena_printf(c->a, "the same %zu bytes", st->nbytes),
	    arena_printf(c->a, "%zu bytes, other ones from byte %zu on", n, at),
	    "what came back differs");
}

static void
on_echo(void *ticket, const struct ssh_result *r)
{
	struct testcase *c = ended(ticket);

	if (c && let_in(c, r))
		compare(c, r->out.p, r->out.n);
}

static void
go_echo(struct testcase *c)
{
	connect_with(c, on_echo);
}

static void
echo_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;

	st->key = c->job->image->key;
	st->command = "cat";
	if ((st->user = user_word(c, s)) && make_bytes(c, step_word(c, s, 2)))
		with_port(c, go_echo);
}

/* ---- OpenSSH's own programs ---- */

static void
push_options(struct testcase *c, struct argv *v, const char *program, const char *port_option)
{
	argv_pushv(v, program, "-F", "/dev/null", "-o", "BatchMode=yes", "-o",
	    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
	    "GlobalKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR",
	    "-o", "ControlPath=none", "-i", c->step->key, port_option, NULL);
	argv_pushf(v, "%u", c->step->ssh_port);
}

static void
run_subprocess(struct testcase *c, struct argv *v, subprocess_done *done)
{
	struct subprocess_opts o = { .deadline = deadline(c), .island = c->job->image->island };
	struct err e;

	if (subprocess_start(c->loop, v->v, &o, done, ticket_new(c), &c->step->subprocess, &e) <
	    0) {
		c->step->subprocess = NULL;
		testcase_inconclusive(c, "%s", e.msg);
	}
}

/* the connection failed, and the login did not: the guest's server may yet come */
static bool
try_again(struct testcase *c, const struct subprocess_result *r, loop_late *again)
{
	if (r->end != SUBPROCESS_EXITED || !WIFEXITED(r->status) || WEXITSTATUS(r->status) != 255 ||
	    !memmem(r->out, r->n, "onnection ", 10) || clock_now() + AGAIN >= c->step_deadline)
		return false;
	c->step->alarm = loop_at(c->loop, clock_now() + AGAIN, again, ticket_new(c));
	return true;
}

/*
 * OpenSSH's program has an exit status, and stays within its bounds.  Or else the step is over: the
 * guest made it late, said too much, or sent a file without end; a signal is the host's doing.
 */
static bool
has_exited(struct testcase *c, const struct subprocess_result *r, const char *what)
{
	if (r->end == SUBPROCESS_EXITED && WIFEXITED(r->status))
		return true;
	if (r->end == SUBPROCESS_LATE)
		testcase_fail(c, NULL, "no end in time", "%s: not done within %s", what,
		    testcase_seconds(c, c->step_deadline - c->step_began));
	else if (r->end == SUBPROCESS_EXCESS || WTERMSIG(r->status) == SIGXFSZ)
		testcase_fail(
		    c, NULL, "too much to be kept", "%s: the guest sends without end", what);
	else
		testcase_inconclusive(c, "%s: %s", what, trouble_of(c->a, r));
	return false;
}

static void go_openssh(struct testcase *c);

static void
openssh_again(void *arg)
{
	struct testcase *c = ticket_testcase(arg);

	if (c)
		go_openssh(c);
}

static void
on_openssh(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	const char *text;

	if (!c)
		return;
	c->step->subprocess = NULL;
	text = arena_printf(c->a, "OpenSSH as %s: %s", c->step->user, c->step->command);
	if (try_again(c, r, openssh_again))
		return;
	if (has_exited(c, r, text))
		step_judge(c, text, WEXITSTATUS(r->status), r->out, r->n);
}

static void
go_openssh(struct testcase *c)
{
	struct argv v = { .a = c->a };

	push_options(c, &v, "ssh", "-p");
	argv_push(&v, "--"); /* what follows is no option, neither is the command */
	argv_pushf(&v, "%s@127.0.0.1", c->step->user);
	argv_push(&v, c->step->command);
	run_subprocess(c, &v, on_openssh);
}

static void
openssh_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;

	st->key = c->job->image->key;
	if ((st->user = user_word(c, s)) && (st->command = step_word(c, s, 2)) &&
	    (st->want = step_want(c, s)))
		with_port(c, go_openssh);
}

/* ---- scp: there, and back ---- */

static bool
copied(struct testcase *c, const struct subprocess_result *r, const char *way)
{
	if (!has_exited(c, r, arena_printf(c->a, "scp %s the guest", way)))
		return false;
	if (WEXITSTATUS(r->status) == 0)
		return true;
	testcase_fail(c, "status 0",
	    arena_printf(
		c->a, "status %d: %s", WEXITSTATUS(r->status), one_line(c->a, r->out, r->n, SHOWN)),
	    "scp %s the guest failed", way);
	return false;
}

/* the guest's path as scp names it */
static void
push_remote(struct testcase *c, struct argv *v)
{
	argv_pushf(v, "%s@127.0.0.1:%s", c->step->user, c->step->command);
}

static void
on_back(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	struct err e;
	char *p;
	size_t n;

	if (!c)
		return;
	c->step->subprocess = NULL;
	if (!copied(c, r, "from"))
		return;
	if (file_read(c->a, arena_printf(c->a, "%s.back", c->step->path), &p, &n, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
	else
		compare(c, p, n);
}

static void
on_there(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = ticket_testcase(arg);
	struct argv v = { .a = c ? c->a : NULL };

	if (!c)
		return;
	c->step->subprocess = NULL;
	if (!copied(c, r, "to"))
		return;
	/* a guest may send more than it got: blocks have 512 bytes, or 1024 */
	argv_pushv(&v, "sh", "-c", "ulimit -f $0; exec \"$@\"", NULL);
	argv_pushf(&v, "%zu", c->step->nbytes / 512 + 1);
	push_options(c, &v, "scp", "-P");
	argv_pushv(&v, "-O", "--", NULL); /* dropbear has no sftp server */
	push_remote(c, &v);
	argv_pushf(&v, "%s.back", c->step->path);
	run_subprocess(c, &v, on_back);
}

static void
go_scp(struct testcase *c)
{
	struct argv v = { .a = c->a };

	push_options(c, &v, "scp", "-P");
	argv_pushv(&v, "-O", "--", c->step->path, NULL);
	push_remote(c, &v);
	run_subprocess(c, &v, on_there);
}

static void
scp_start(struct testcase *c, const struct step *s)
{
	struct step_state *st = c->step;
	struct err e;

	st->key = c->job->image->key;
	if (!(st->user = user_word(c, s)) || !make_bytes(c, step_word(c, s, 2)) ||
	    !(st->command = checked_word(c, s, 3, check_path)))
		return;
	st->path = arena_printf(c->a, "%s/scp", c->job->dir);
	if (file_write(st->path, st->bytes, st->nbytes, 0644, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
	else
		with_port(c, go_scp);
}

/* what is refused comes first: `denied` would pass for a command */
const struct verb verbs_ssh[] = {
	{ .form = { .verb = "host", .form = "ssh USER key denied", .parse = user_parse },
	    .start = ssh_denied_start,
	    .cancel = cancel },
	{ .form = { .verb = "host", .form = "ssh USER wrong-key denied", .parse = user_parse },
	    .start = ssh_denied_start,
	    .cancel = cancel },
	{ .form = { .verb = "host", .form = "ssh USER password WORD denied", .parse = user_parse },
	    .start = ssh_denied_start,
	    .cancel = cancel },
	{ .form = { .verb = "host",
	      .form = "ssh USER key COMMAND",
	      .takes_want = true,
	      .parse = user_parse },
	    .start = ssh_key_start,
	    .cancel = cancel },
	{ .form = { .verb = "host",
	      .form = "ssh USER password WORD COMMAND",
	      .takes_want = true,
	      .parse = user_parse },
	    .start = ssh_password_start,
	    .cancel = cancel },
	{ .form = { .verb = "host", .form = "echo USER SIZE", .parse = size_parse },
	    .start = echo_start,
	    .cancel = cancel },
	{ .form = { .verb = "host",
	      .form = "openssh USER COMMAND",
	      .takes_want = true,
	      .parse = user_parse },
	    .start = openssh_start,
	    .cancel = cancel },
	{ .form = { .verb = "host", .form = "scp USER SIZE PATH", .parse = scp_parse },
	    .start = scp_start,
	    .cancel = cancel },
	{ .form = { .verb = NULL } },
};
