/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ssh.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A server on loopback: hands each connection to OpenSSH's sshd in its inetd mode, after
 * having treated the first ones as slirp does.
 */
struct server {
	struct loop *l;
	int fd;
	unsigned port;
	const char *config;
	const char *tricks; /* one a connection: r reset, s silence, x another protocol; then sshd,
			       or sshd with a command of its own: see forced */
	int silent[8];
	size_t nsilent;
	pid_t pids[16];
	size_t npids;
};

/* by trick; OpenSSH's server can send neither no status nor another one than its command's */
static const char *const forced[128] = {
	['f'] = "ForceCommand=/bin/sh -c \"$SSH_ORIGINAL_COMMAND\"; exit 0",
	['g'] = "ForceCommand=/bin/sh -c \"$SSH_ORIGINAL_COMMAND\"; exit 200",
	['n'] = "ForceCommand=echo no logins; exit 1",
};

static void
spawn_sshd(struct server *s, int conn, const char *option)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(conn, 0);
		dup2(conn, 1);
		execl("/usr/sbin/sshd", "sshd", "-i", "-e", "-f", s->config, option ? "-o" : NULL,
		    option, (char *)NULL);
		_exit(127);
	}
	s->pids[s->npids++] = pid;
	close(conn);
}

static void
serve(void *arg, int fd, short revents)
{
	struct server *s = arg;
	struct linger reset = { .l_onoff = 1 };
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	char trick = *s->tricks ? *s->tricks++ : '\0';

	(void)revents;
	ck_assert_int_ge(conn, 0);
	switch (trick) {
	case 'r':
		setsockopt(conn, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
		close(conn);
		break;
	case 's':
		s->silent[s->nsilent++] = conn;
		break;
	case 'x':
		ck_assert_int_eq(write(conn, "HTTP/1.0 400\r\n", 14), 14);
		close(conn);
		break;
	default:
		spawn_sshd(s, conn, forced[(unsigned char)trick & 127]);
	}
}

static void
write_text(const char *path, const char *text, mode_t mode)
{
	struct err e = { 0 };

	ck_assert_msg(file_write(path, text, strlen(text), mode, &e) == 0, "%s", e.msg);
}

static void
server_start(struct arena *a, struct server *s, const char *tricks)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	struct err e = { 0 };
	const char *d = test_dir();
	char *pub;

	if (getuid() == 0)
		mkdir("/run/sshd", 0755); /* sshd insists on it */
	for (const char *const *k = (const char *const[]){ "host", "good", "other", NULL }; *k; k++)
		ck_assert_msg(ssh_keygen(arena_printf(a, "%s/%s", d, *k), &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/good.pub", d), &pub, NULL, &e), 0);
	write_text(arena_printf(a, "%s/allowed", d), pub, 0600);
	*s = (struct server){
		.l = loop_new(), .tricks = tricks, .config = arena_printf(a, "%s/config", d)
	};
	write_text(s->config,
	    arena_printf(a,
		"HostKey %s/host\nAuthorizedKeysFile %s/allowed\nStrictModes no\nUsePAM "
		"no\nPasswordAuthentication yes\nPermitRootLogin yes\nPidFile none\nLogLevel "
		"QUIET\n",
		d, d),
	    0600);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(listen(s->fd, 16), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&sa, &n), 0);
	s->port = ntohs(sa.sin_port);
	loop_watch(s->l, s->fd, POLLIN, serve, s);
}

static void
server_end(struct server *s)
{
	loop_forget(s->l, s->fd);
	close(s->fd);
	for (size_t i = 0; i < s->nsilent; i++)
		close(s->silent[i]);
	for (size_t i = 0; i < s->npids; i++) {
		kill(s->pids[i], SIGKILL);
		waitpid(s->pids[i], NULL, 0);
	}
	loop_free(s->l);
}

/* what came of it, as one text */
struct heard {
	struct arena *a;
	const char *text;
	struct buf out;
};

static void
hear(void *arg, const struct ssh_result *r)
{
	static const char *const ends[] = {
		[SSH_DONE] = "done", [SSH_DENIED] = "denied", [SSH_FAILED] = "failed"
	};
	struct heard *h = arg;

	ck_assert_ptr_null(h->text);
	if (r->end == SSH_DONE)
		h->text = arena_printf(h->a, "done %d out<%s> err<%s>", r->status,
		    r->out.n < 100 && r->out.n ? r->out.p : "", r->err.n ? r->err.p : "");
	else if (r->end == SSH_DENIED)
		h->text = arena_printf(h->a, "denied %s", r->methods);
	else
		h->text = arena_printf(h->a, "%s %s", ends[r->end], r->why);
	buf_add(&h->out, r->out.p, r->out.n);
}

static void
login(struct server *s, const struct ssh_job *job, struct heard *h)
{
	struct err e = { 0 };
	struct ssh *ssh;

	ck_assert_int_eq(ssh_start(s->l, job, hear, h, &ssh, &e), 0);
	ck_assert_ptr_null(h->text); /* never from ssh_start itself */
	while (!h->text)
		ck_assert_msg(loop_once(s->l, &e) == 0, "%s", e.msg);
}

static const struct {
	const char *tricks, *key, *password, *command, *text;
} logins[] = {
	{ "", "good", NULL, "echo out; echo err >&2; exit 7", "done 7 out<out\n> err<err\n>" },
	{ "", "good", NULL, "true", "done 0 out<> err<>" },
	{ "", "good", NULL, "echo; printf '\\n@lh-0123456789abcdef 5\\n'; exit 200",
	    "done 200 out<\n\n@lh-0123456789abcdef 5\n> err<>" },
	/* nothing that the guest's shell says of itself is believed */
	{ "", "good", NULL, "kill -9 $PPID", "failed the user's shell was killed by signal KILL" },
	{ "f", "good", NULL, "exit 3", "failed the server sends no exit status" },
	{ "g", "good", NULL, "true", "failed the server sends a wrong exit status" },
	{ "n", "good", NULL, "true",
	    "failed the user's shell did not run the command to its end: status 1: no logins" },
	{ "", "good", NULL, "head -c 2000000 /dev/zero",
	    "failed the command says more than 1024 KiB" },
	{ "", "good", NULL, "head -c 2000000 /dev/zero >&2",
	    "failed the command says more than 1024 KiB" },
	{ "", "good", NULL, "cat", "done 0 out<> err<>" }, /* its stdin ends */
	{ "", "other", NULL, "true", "denied publickey,password,keyboard-interactive" },
	{ "", NULL, "surely not it", "true", "denied publickey,password,keyboard-interactive" },
	{ "", NULL, "", "true", "denied publickey,password,keyboard-interactive" },
	{ "rsr", "good", NULL, "echo in", "done 0 out<in\n> err<>" },
	{ "x", "good", NULL, "true",
	    "failed the server does not speak SSH 2: it begins with \"HTTP/1.0\"" },
	{ "", "absent", NULL, "true", "failed login with a key: Unable to open public key file" },
};

/* who runs this test; NULL: a system account, such as nobody, which sshd lets in for no key */
static const char *
account(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw && access(pw->pw_dir, F_OK) == 0 ? pw->pw_name : NULL;
}

START_TEST(login_and_command)
{
	struct arena *a = arena_new();
	struct server s;
	struct heard h = { .a = a };
	struct ssh_job job = { .password = logins[_i].password,
		.command = logins[_i].command,
		.deadline = clock_now() + 60 * NS_PER_S };

	job.user = account();
	if (!job.user)
		return;
	server_start(a, &s, logins[_i].tricks);
	job.port = s.port;
	job.key = logins[_i].key ? arena_printf(a, "%s/%s", test_dir(), logins[_i].key) : NULL;
	login(&s, &job, &h);
	ck_assert_str_eq(h.text, logins[_i].text);
	buf_free(&h.out);
	server_end(&s);
	arena_free(a);
}
END_TEST

START_TEST(a_mebibyte_comes_back)
{
	struct arena *a = arena_new();
	struct server s;
	struct heard h = { .a = a };
	size_t n = 1 << 20;
	char *bytes = arena_alloc(a, n);
	struct ssh_job job = {
		.command = "cat", .in = bytes, .nin = n, .deadline = clock_now() + 60 * NS_PER_S
	};

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 31 >> 3);
	job.user = account();
	if (!job.user)
		return;
	server_start(a, &s, "");
	job.port = s.port;
	job.key = arena_printf(a, "%s/good", test_dir());
	login(&s, &job, &h);
	ck_assert_uint_eq(h.out.n, n);
	ck_assert_mem_eq(h.out.p, bytes, n);
	buf_free(&h.out);
	server_end(&s);
	arena_free(a);
}
END_TEST

static const struct {
	const char *tricks, *text;
} lates[] = {
	{ "ssssssss", "failed deadline passed while waiting for \"SSH-2.0-\"" },
	{ "", "failed deadline passed while running the command" },
};

START_TEST(deadline)
{
	struct arena *a = arena_new();
	struct server s;
	struct heard h = { .a = a };
	struct ssh_job job = { .command = "sleep 1000", .deadline = clock_now() + 2 * NS_PER_S };

	job.user = account();
	if (!job.user)
		return;
	server_start(a, &s, lates[_i].tricks);
	job.port = s.port;
	job.key = arena_printf(a, "%s/good", test_dir());
	login(&s, &job, &h);
	ck_assert_str_eq(h.text, lates[_i].text);
	buf_free(&h.out);
	server_end(&s);
	arena_free(a);
}
END_TEST

START_TEST(cancelled)
{
	struct arena *a = arena_new();
	struct server s;
	struct heard h = { .a = a };
	struct ssh_job job = { .user = "x",
		.password = "y",
		.command = "true",
		.deadline = clock_now() + 60 * NS_PER_S };
	struct err e = { 0 };
	struct ssh *ssh;

	server_start(a, &s, "");
	job.port = s.port;
	ck_assert_int_eq(ssh_start(s.l, &job, hear, &h, &ssh, &e), 0);
	ck_assert_int_eq(loop_once(s.l, &e), 0);
	ssh_cancel(ssh);
	ck_assert_ptr_null(h.text);
	server_end(&s);
	arena_free(a);
}
END_TEST

Suite *
ssh_suite(void)
{
	Suite *s = suite_of("ssh", (const TTest *[]){ a_mebibyte_comes_back, cancelled, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, login_and_command, 0, sizeof logins / sizeof *logins);
	tcase_add_loop_test(tc, deadline, 0, sizeof lates / sizeof *lates);
	return s;
}
