/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ssh.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/child.h"
#include "verify/guest/nonce.h"
#include "verify/island.h"
#include "verify/loop.h"
#include "verify/scenario/one_line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A connection that stays silent so long is slirp's, not the guest's: try another.  Each
 * silence makes the next one longer, for a guest on a busy machine may need that long.
 */
#define SILENCE (3 * NS_PER_S)
#define SILENCE_MAX (12 * NS_PER_S)
#define AGAIN (100 * NS_PER_MS)

/* what libssh2 may hold: its window of 2 MiB, and packets that nobody has asked for */
#define HELD_MAX (8u << 20)
/* read in one round: a server that floods must not starve the others */
#define ROUND (256u << 10)

/* of what a shell said that ran no command */
#define SHOWN 100

static const char hello[] = "SSH-2.0-";

/* each stage is entered when the one before it is done */
enum stage { CONNECT, BANNER, HANDSHAKE, METHODS, LOGIN, OPEN, EXEC, TALK, CLOSE, NSTAGES };

/* what a stage says: go on with the next, wait for the peer, or it is over (the result is filled)
 */
enum { NEXT, WAIT, OVER };

struct ssh {
	struct arena *a;
	struct loop *loop;
	struct ssh_job job; /* its texts are copies */
	ssh_done *done;
	void *arg;

	enum stage stage;
	int fd;
	unsigned deadline, retry; /* timers */
	nstime silence;		  /* how long the attempt may stay silent */
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	size_t sent;
	bool sent_eof;
	char mark[NONCE_SIZE + 8]; /* what the line with the command's status begins with */
	int last_status;	   /* of the frame around the command */
	size_t held;		   /* bytes that libssh2 has */
	bool held_excess;
	size_t took;	/* in this round */
	unsigned again; /* timer: there is more to read, and the descriptor may not tell */
	char last[128]; /* why the last attempt to connect came to nothing */
	struct ssh_result r;
};

static void attempt(void *arg);
static void ready(void *arg, int fd, short revents);
static void go_on(void *arg);

/* ---- beginning and end ---- */

static void
hang_up(struct ssh *s)
{
	loop_cancel(s->loop, s->retry);
	loop_cancel(s->loop, s->again);
	s->retry = s->again = 0;
	if (s->fd >= 0)
		loop_forget(s->loop, s->fd);
	if (s->session) {
		/* so that nothing it still wants to say can block */
		shutdown(s->fd, SHUT_RDWR);
		for (int i = 0; i < 100 && libssh2_session_free(s->session) == LIBSSH2_ERROR_EAGAIN;
		     i++)
			continue;
	}
	if (s->fd >= 0)
		close(s->fd);
	s->session = NULL;
	s->channel = NULL;
	s->fd = -1;
}

static void
ssh_free(struct ssh *s)
{
	hang_up(s);
	loop_cancel(s->loop, s->deadline);
	buf_free(&s->r.out);
	buf_free(&s->r.err);
	libssh2_exit();
	arena_free(s->a);
}

static void
finish(struct ssh *s)
{
	s->done(s->arg, &s->r);
	ssh_free(s);
}

static int failed(struct ssh *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int
failed(struct ssh *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->r.why, sizeof s->r.why, fmt, ap);
	va_end(ap);
	s->r.end = SSH_FAILED;
	return OVER;
}

/* libssh2's answer as a stage's: 0 is good, EAGAIN waits, the rest is over */
static int
answer(struct ssh *s, int r, const char *what)
{
	char *text;

	if (r == 0)
		return NEXT;
	if (r == LIBSSH2_ERROR_EAGAIN)
		return WAIT;
	if (s->held_excess)
		return failed(s, "%s: the server sends more than %u MiB that nobody asked for",
		    what, HELD_MAX >> 20);
	libssh2_session_last_error(s->session, &text, NULL, 0);
	return failed(s, "%s: %s", what, text);
}

static void
late(void *arg)
{
	static const char *const doing[NSTAGES] = {
		[CONNECT] = "connecting",
		[BANNER] = "waiting for \"SSH-2.0-\"",
		[HANDSHAKE] = "exchanging keys",
		[METHODS] = "asking how to log in",
		[LOGIN] = "logging in",
		[OPEN] = "opening a session",
		[EXEC] = "starting the command",
		[TALK] = "running the command",
		[CLOSE] = "ending the session",
	};
	struct ssh *s = arg;

	s->deadline = 0;
	if (s->stage <= BANNER && *s->last)
		failed(s, "deadline passed while %s; last attempt: %s", doing[s->stage], s->last);
	else
		failed(s, "deadline passed while %s", doing[s->stage]);
	finish(s);
}

/* ---- until it is the guest that answers ---- */

/* slirp takes connections before the guest can: nothing lost, another attempt */
static int
once_more(struct ssh *s, const char *why)
{
	snprintf(s->last, sizeof s->last, "%s", why);
	hang_up(s);
	s->retry = loop_at(s->loop, clock_now() + AGAIN, attempt, s);
	return WAIT;
}

static void
silent(void *arg)
{
	struct ssh *s = arg;

	s->retry = 0;
	if (s->silence < SILENCE_MAX)
		s->silence *= 2;
	once_more(s, "accepted, then silent");
}

static int
stage_connect(struct ssh *s)
{
	int why = 0;
	socklen_t n = sizeof why;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &why, &n) < 0 || why)
		return once_more(s, strerror(why ? why : errno));
	return NEXT;
}

/* ---- the memory of libssh2, in which a server can make it keep what it likes ---- */

union held {
	size_t n;
	max_align_t aligned;
};

static LIBSSH2_REALLOC_FUNC(hold_again)
{
	struct ssh *s = *abstract;
	union held *h = ptr ? (union held *)ptr - 1 : NULL;
	size_t had = h ? h->n : 0;

	if (count > had && s->held + (count - had) > HELD_MAX) {
		s->held_excess = true;
		return NULL;
	}
	h = xrealloc(h, sizeof *h + count);
	h->n = count;
	s->held += count - had;
	return h + 1;
}

static LIBSSH2_ALLOC_FUNC(hold)
{
	return hold_again(NULL, count, abstract);
}

static LIBSSH2_FREE_FUNC(release)
{
	struct ssh *s = *abstract;
	union held *h = ptr;

	if (!ptr)
		return;
	s->held -= h[-1].n;
	free(h - 1);
}

static int
stage_banner(struct ssh *s)
{
	char text[sizeof hello] = "";
	int one = 1;
	ssize_t n = recv(s->fd, text, sizeof text - 1, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return WAIT;
	if (n < 0)
		return once_more(s, strerror(errno));
	if (n < (ssize_t)sizeof text - 1)
		return once_more(s, "accepted, then closed");
	if (strcmp(text, hello))
		return failed(s, "the server does not speak SSH 2: it begins with \"%.*s\"",
		    (int)strcspn(text, "\r\n"), text);
	setsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
	loop_cancel(s->loop, s->retry);
	s->retry = 0;
	s->session = libssh2_session_init_ex(hold, release, hold_again, s);
	if (!s->session)
		return failed(s, "libssh2: out of memory");
	libssh2_session_set_blocking(s->session, 0);
	return NEXT;
}

static void
attempt(void *arg)
{
	struct ssh *s = arg;
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)s->job.port) };
	int least = sizeof hello - 1;

	s->retry = 0;
	s->stage = CONNECT;
	s->fd = island_socket(s->job.on, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* we are then woken for a whole greeting, or the end */
	if (s->fd < 0 || setsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least) < 0) {
		failed(s, "socket: %s", strerror(errno));
		finish(s);
		return;
	}
	if (connect(s->fd, (struct sockaddr *)&sa, sizeof sa) < 0 && errno != EINPROGRESS) {
		once_more(s, strerror(errno));
		return;
	}
	s->retry = loop_at(s->loop, clock_now() + s->silence, silent, s);
	loop_watch(s->loop, s->fd, POLLOUT, ready, s);
}

/* ---- the session ---- */

static int
stage_handshake(struct ssh *s)
{
	return answer(s, libssh2_session_handshake(s->session, s->fd), "key exchange");
}

static int
stage_methods(struct ssh *s)
{
	const char *list =
	    libssh2_userauth_list(s->session, s->job.user, (unsigned)strlen(s->job.user));

	if (list) {
		s->r.methods = arena_strdup(s->a, list);
		return NEXT;
	}
	/* no list: it let us in without being asked for anything, which nobody may */
	if (libssh2_userauth_authenticated(s->session)) {
		s->r.methods = "none";
		return NEXT;
	}
	return answer(s, libssh2_session_last_errno(s->session), "methods of login");
}

static int
stage_login(struct ssh *s)
{
	const struct ssh_job *j = &s->job;
	unsigned n = (unsigned)strlen(j->user);
	int r;

	if (libssh2_userauth_authenticated(s->session))
		return NEXT;
	if (j->key)
		r = libssh2_userauth_publickey_fromfile_ex(
		    s->session, j->user, n, arena_printf(s->a, "%s.pub", j->key), j->key, NULL);
	else
		r = libssh2_userauth_password_ex(
		    s->session, j->user, n, j->password, (unsigned)strlen(j->password), NULL);
	if (r == LIBSSH2_ERROR_AUTHENTICATION_FAILED || r == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED) {
		s->r.end = SSH_DENIED;
		return OVER;
	}
	return answer(s, r, j->key ? "login with a key" : "login with a password");
}

static int
stage_open(struct ssh *s)
{
	s->channel = libssh2_channel_open_session(s->session);
	return s->channel ? NEXT : answer(s, libssh2_session_last_errno(s->session), "session");
}

static int
stage_exec(struct ssh *s)
{
	return answer(s, libssh2_channel_exec(s->channel, s->job.command), "command");
}

/* takes what there is of one of the channel's streams; true: it is too much */
static bool
take(struct ssh *s, int stream, struct buf *b, int *r)
{
	char block[32768];
	ssize_t n = 0;

	while (s->took < ROUND &&
	       (n = libssh2_channel_read_ex(s->channel, stream, block, sizeof block)) > 0) {
		s->took += (size_t)n;
		if (b->n + (size_t)n > SSH_SAID_MAX + s->job.nin)
			return true;
		buf_add(b, block, (size_t)n);
	}
	*r = n == LIBSSH2_ERROR_EAGAIN || n > 0 ? 0 : (int)n;
	return false;
}

static int
give(struct ssh *s)
{
	while (s->sent < s->job.nin) {
		ssize_t n = libssh2_channel_write(
		    s->channel, (const char *)s->job.in + s->sent, s->job.nin - s->sent);

		if (n == LIBSSH2_ERROR_EAGAIN || n == 0)
			return 0;
		if (n < 0)
			return (int)n;
		s->sent += (size_t)n;
	}
	if (!s->sent_eof) {
		int r = libssh2_channel_send_eof(s->channel);

		if (r == LIBSSH2_ERROR_EAGAIN)
			return 0;
		if (r < 0)
			return r;
		s->sent_eof = true;
	}
	return 0;
}

static int
stage_talk(struct ssh *s)
{
	int r = 0;

	if (take(s, 0, &s->r.out, &r) ||
	    (r == 0 && take(s, SSH_EXTENDED_DATA_STDERR, &s->r.err, &r)))
		return failed(s, "the command says more than %u KiB", SSH_SAID_MAX >> 10);
	if (r == 0 && s->took < ROUND && libssh2_channel_eof(s->channel))
		return NEXT;
	if (r == 0)
		r = give(s);
	return r == 0 ? WAIT : answer(s, r, "command");
}

/* cuts the line with the command's exit status off; -1: it is not there */
static int
told_status(struct ssh *s)
{
	struct buf *b = &s->r.out;
	size_t n = strlen(s->mark), digits = 1;
	char *at;

	for (; digits <= 3 && b->n > n + digits; digits++) {
		at = b->p + b->n - n - digits - 1;
		if (memcmp(at, s->mark, n) != 0)
			continue;
		b->n = (size_t)(at - b->p);
		*at = '\0';
		return (int)strtol(at + n, NULL, 10);
	}
	return -1;
}

/* what the command ended with, and what the server says of it */
static int
judge(struct ssh *s)
{
	char *sig = NULL, name[32] = "";
	int sent;

	libssh2_channel_get_exit_signal(s->channel, &sig, NULL, NULL, NULL, NULL, NULL);
	if (sig) {
		snprintf(name, sizeof name, "%s", sig);
		libssh2_free(s->session, sig);
		return failed(s, "the user's shell was killed by signal %s", name);
	}
	sent = libssh2_channel_get_exit_status(s->channel);
	s->r.status = told_status(s);
	if (s->r.status < 0)
		return failed(s,
		    "the user's shell did not run the command to its end: status %d: %s", sent,
		    s->r.out.n ? one_line(s->a, s->r.out.p, s->r.out.n, SHOWN) : "no word");
	if (sent != s->last_status)
		return failed(s, "the server sends %s exit status", sent ? "a wrong" : "no");
	s->r.end = SSH_DONE;
	return OVER;
}

static int
stage_close(struct ssh *s)
{
	int r = answer(s, libssh2_channel_close(s->channel), "end of the session");

	if (r == NEXT)
		r = answer(s, libssh2_channel_wait_closed(s->channel), "end of the session");
	return r == NEXT ? judge(s) : r;
}

static int (*const stages[NSTAGES])(struct ssh *s) = {
	[CONNECT] = stage_connect,
	[BANNER] = stage_banner,
	[HANDSHAKE] = stage_handshake,
	[METHODS] = stage_methods,
	[LOGIN] = stage_login,
	[OPEN] = stage_open,
	[EXEC] = stage_exec,
	[TALK] = stage_talk,
	[CLOSE] = stage_close,
};

static void
ready(void *arg, int fd, short revents)
{
	struct ssh *s = arg;
	int r, directions;

	(void)fd;
	(void)revents;
	s->took = 0;
	while ((r = stages[s->stage](s)) == NEXT)
		s->stage++;
	if (r == OVER) {
		finish(s);
		return;
	}
	if (s->fd < 0) /* another attempt is on its way */
		return;
	if (s->took >= ROUND && !s->again)
		s->again = loop_at(s->loop, 0, go_on, s);
	directions = s->session ? libssh2_session_block_directions(s->session)
				: LIBSSH2_SESSION_BLOCK_INBOUND;
	/* what the command prints may come at any time, so reading is always of interest */
	loop_watch(s->loop, s->fd,
	    (short)(POLLIN | (directions & LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLOUT : 0)), ready,
	    s);
}

static void
go_on(void *arg)
{
	struct ssh *s = arg;

	s->again = 0;
	ready(s, s->fd, 0);
}

/* the command, then a line with its status, then a status that only this server can have sent */
static void
frame(struct ssh *s, const char *command)
{
	char token[NONCE_SIZE];

	nonce_make(token);
	s->last_status = 1 + (int)(strtoul(token + strlen(token) - 4, NULL, 16) % 125);
	snprintf(s->mark, sizeof s->mark, "\n@lh-%s ", token);
	s->job.command =
	    arena_printf(s->a, "/bin/sh -c %s; printf '\\n@lh-%%s %%d\\n' %s $?; exit %d",
		sh_quoted(s->a, command), token, s->last_status);
}

int
ssh_start(struct loop *l, const struct ssh_job *job, ssh_done *done, void *arg, struct ssh **out,
    struct err *e)
{
	struct arena *a = arena_new();
	struct ssh *s = arena_alloc(a, sizeof *s);

	if (libssh2_init(0)) {
		arena_free(a);
		return fail(e, "ssh: libssh2 cannot be initialised");
	}
	*s = (struct ssh){ .a = a,
		.loop = l,
		.job = *job,
		.done = done,
		.arg = arg,
		.fd = -1,
		.silence = SILENCE };
	s->job.user = arena_strdup(a, job->user);
	s->job.password = arena_strdup(a, job->password ? job->password : "");
	s->job.key = job->key ? arena_strdup(a, job->key) : NULL;
	frame(s, job->command);
	s->deadline = loop_at(l, job->deadline, late, s);
	s->retry = loop_at(l, clock_now(), attempt, s);
	*out = s;
	return 0;
}

void
ssh_cancel(struct ssh *s)
{
	ssh_free(s);
}

int
ssh_keygen(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };
	struct buf said = { 0 };
	int status, r;

	argv_pushv(
	    &v, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lh-verify", "-f", path, NULL);
	r = child_run(v.v, NULL, &said, &status, e);
	if (r == 0 && status != 0)
		r = fail(e, "ssh-keygen %s: %s: %s", path, child_status_text(a, status),
		    said.n ? said.p : "");
	buf_free(&said);
	arena_free(a);
	return r;
}
