/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

static char **
sh(struct arena *a, const char *script)
{
	struct argv v = { .a = a };

	argv_pushv(&v, "/bin/sh", "-c", script, NULL);
	return v.v;
}

static const struct {
	const char *script, *out, *status;
} runs[] = {
	{ "echo out; echo err >&2", "out\nerr\n", "exit status 0" },
	{ "exit 3", "", "exit status 3" }, { "kill -9 $$", "", "killed by signal 9 (Killed)" },
	{ "cat", "", "exit status 0" }, /* stdin is /dev/null */
	{ "kill -0 -$$ && echo leader", "leader\n", "exit status 0" },
	{ "head -c 300000 /dev/zero | wc -c", "300000\n", "exit status 0" },
	{ "sleep 30 & echo out", "out\n", "exit status 0" }, /* it keeps the pipe open */
};

START_TEST(run)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	buf_adds(&out, "");
	ck_assert_msg(child_run(sh(a, runs[_i].script), NULL, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(out.p, runs[_i].out);
	ck_assert_str_eq(child_status_text(a, status), runs[_i].status);
	buf_free(&out);
	arena_free(a);
}
END_TEST

/* nor is who goes on talking listened to, until the pipe breaks for it */
START_TEST(what_it_leaves_behind_is_not_waited_for)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;

	ck_assert_msg(child_run(sh(a, "yes & exit 3"), NULL, NULL, &status, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(child_status_text(a, status), "exit status 3");
	arena_free(a);
}
END_TEST

/* whether it keeps its end of the pipe, or not */
START_TEST(not_for_ever)
{
	static const char *const scripts[] = { "exec sleep 1000",
		"exec >&- 2>&-; exec sleep 1000" };

	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
		struct arena *a = arena_new();
		struct err e = { 0 };
		int status;

		ck_assert_int_eq(child_run(sh(a, scripts[i]), &(struct child_opts){ .seconds = 1 },
				     NULL, &status, &e),
		    -1);
		ck_assert(strstr(e.msg, ": took more than 1 s"));
		arena_free(a);
	}
}
END_TEST

/* a nohup(1) or a setarch(1) before us is nothing that what we run could tell */
START_TEST(how_we_were_started_is_not_seen)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	signal(SIGHUP, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_ne(personality(ADDR_NO_RANDOMIZE), -1);
	ck_assert_msg(child_run(sh(a, "grep SigIgn /proc/self/status; cat /proc/self/personality"),
			  NULL, &out, &status, &e) == 0,
	    "%s", e.msg);
	ck_assert_str_eq(out.p, "SigIgn:\t0000000000000000\n00000000\n");
	personality(PER_LINUX);
	signal(SIGHUP, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(what_cannot_start_is_our_error)
{
	char *const absent[] = { (char[]){ "/nonexistent/program" }, NULL };
	char *const endless[] = { (char[]){ "yes" }, NULL };
	struct buf out = { 0 };
	int status;
	char *const unknown[] = { (char[]){ "no-such-program" }, NULL };
	char *const echo[] = { (char[]){ "echo" }, NULL };
	struct child_opts nowhere = { .dir = "/nonexistent" };
	struct err e = { 0 };
	struct child c;

	ck_assert_int_eq(child_start(&c, absent, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "/nonexistent/program: No such file or directory");
	ck_assert_int_eq(child_start(&c, unknown, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "no-such-program: not found in PATH");
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	ck_assert_int_eq(child_run(endless, NULL, &out, &status, &e), -1);
	ck_assert_str_eq(e.msg, "yes: said more than 67108864 bytes");
	buf_free(&out);
	ck_assert_int_eq(child_start(&c, echo, &nowhere, &e), -1);
	ck_assert_str_eq(e.msg, "echo: folder /nonexistent: No such file or directory");
}
END_TEST

START_TEST(both_descriptors_poll)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct child c;
	struct pollfd p[2];
	int status;

	ck_assert_int_eq(child_start(&c, sh(a, "echo hello"), NULL, &e), 0);
	p[0] = (struct pollfd){ .fd = c.out, .events = POLLIN };
	p[1] = (struct pollfd){ .fd = c.pidfd, .events = POLLIN };
	ck_assert_int_eq(poll(p, 1, 60000), 1);
	ck_assert_int_eq(poll(p + 1, 1, 60000), 1);
	ck_assert_int_eq(child_wait(&c, &status, &e), 0);
	ck_assert_int_eq(c.pid, 0);
	arena_free(a);
}
END_TEST

START_TEST(kill_reaches_the_group)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct child c;
	char byte;
	int status;

	/* the grandchild holds our pipe: it ends only when all of them are dead */
	ck_assert_int_eq(child_start(&c, sh(a, "sleep 1000 & echo; sleep 1000"), NULL, &e), 0);
	ck_assert_int_eq(read(c.out, &byte, 1), 1);
	child_kill(&c, SIGKILL);
	ck_assert_int_eq(read(c.out, &byte, 1), 0);
	ck_assert_int_eq(child_wait(&c, &status, &e), 0);
	ck_assert(WIFSIGNALED(status));
	arena_free(a);
}
END_TEST

START_TEST(inherits_only_what_is_kept)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	struct err e = { 0 };
	int p[2], keep, status;
	struct child_opts o = { .keep = &keep, .nkeep = 1 };

	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	keep = p[1];
	ck_assert_int_eq(
	    child_run(
		sh(a, arena_printf(a, "echo kept >&%d; echo lost 2>/dev/null >&%d || echo closed",
			  p[1], p[0])),
		&o, &out, &status, &e),
	    0);
	ck_assert_str_eq(out.p, "closed\n");
	close(p[1]);
	buf_clear(&out);
	buf_add(&out, "     ", 5);
	ck_assert_int_eq(read(p[0], out.p, 5), 5);
	ck_assert_str_eq(out.p, "kept\n");
	close(p[0]);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(stdin_when_wanted)
{
	struct arena *a = arena_new();
	struct child_opts o = { .want_in = true };
	struct err e = { 0 };
	struct child c;
	char text[8] = "";
	int status;

	ck_assert_int_eq(child_start(&c, sh(a, "read x; echo got $x"), &o, &e), 0);
	ck_assert_int_eq(write(c.in, "it\n", 3), 3);
	ck_assert_int_eq(read(c.out, text, 7), 7);
	ck_assert_str_eq(text, "got it\n");
	ck_assert_int_eq(child_wait(&c, &status, &e), 0);
	arena_free(a);
}
END_TEST

/* what lh-build and lh-verify do when they were started by root */
static int
become_another(void *told, struct err *e)
{
	struct child_tie tie;

	child_tie_note(&tie);
	if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return fail_errno(e, "setuid");
	child_tie_again(&tie);
	(void)!write(*(int *)told, "", 1);
	pause();
	return 0;
}

static void
have_child(struct arena *a, bool another, int held, int told)
{
	struct child_opts o = { .keep = &held, .nkeep = 1 };
	struct err e = { 0 };
	struct child child;

	fd_cloexec(told);
	if (another)
		child_call(&child, become_another, &told, 2, &e);
	else if (child_start(&child, sh(a, "exec sleep 1000"), &o, &e) == 0)
		(void)!write(told, "", 1);
	pause();
}

START_TEST(dies_with_us)
{
	struct arena *a = arena_new();
	int held[2], told[2], status;
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(held) | pipe(told), 0);
	pid = fork();
	if (pid == 0)
		have_child(a, _i, held[1], told[1]);
	close(held[1]);
	close(told[1]);
	ck_assert_int_eq(read(told[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(read(held[0], &c, 1), 0); /* nobody holds the other end */
	close(held[0]);
	close(told[0]);
	arena_free(a);
}
END_TEST

static int
succeed(void *arg, struct err *e)
{
	(void)e;
	puts(arg);
	fflush(stdout);
	return 0;
}

static int
refuse(void *arg, struct err *e)
{
	return fail_usage(e, "%s: no", (const char *)arg);
}

static int
die(void *arg, struct err *e)
{
	(void)arg, (void)e;
	raise(SIGKILL);
	return 0;
}

/* as an arena ends when there is no memory */
static int
starve(void *arg, struct err *e)
{
	(void)arg, (void)e;
	_exit(EXIT_SYSTEM);
}

static const struct {
	child_work *work;
	const char *status, *message, *log;
	int code;
} calls[] = {
	{ succeed, "exit status 0", "", "word\n", 0 },
	{ refuse, "exit status 1", "word: no", "word: no\n", EXIT_USAGE },
	{ die, "killed by signal 9 (Killed)", "", "", 0 },
	{ starve, "exit status 111", "out of memory", "", EXIT_SYSTEM },
};

START_TEST(a_function_as_a_child)
{
	struct arena *a = arena_new();
	char *log = arena_printf(a, "%s/log", test_dir()), *text;
	struct err e = { 0 }, why = { 0 };
	int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), status;
	struct child c;

	ck_assert_msg(child_call(&c, calls[_i].work, (char[]){ "word" }, fd, &e) == 0, "%s", e.msg);
	ck_assert_msg(child_call_wait(&c, &status, &why, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(child_status_text(a, status), calls[_i].status);
	ck_assert_str_eq(why.msg, calls[_i].message);
	ck_assert_int_eq(why.code, calls[_i].code);
	ck_assert_int_eq(file_read(a, log, &text, NULL, &e), 0);
	ck_assert_str_eq(text, calls[_i].log);
	close(fd);
	arena_free(a);
}
END_TEST

Suite *
child_suite(void)
{
	Suite *s = suite_of(
	    "child", (const TTest *[]){ what_cannot_start_is_our_error,
			 what_it_leaves_behind_is_not_waited_for, how_we_were_started_is_not_seen,
			 both_descriptors_poll, kill_reaches_the_group, inherits_only_what_is_kept,
			 stdin_when_wanted, not_for_ever, NULL });

	tcase_add_loop_test(harness_case(s, "run"), run, 0, sizeof runs / sizeof *runs);
	tcase_add_loop_test(harness_case(s, "tie"), dies_with_us, 0, 2);
	tcase_add_loop_test(
	    harness_case(s, "call"), a_function_as_a_child, 0, sizeof calls / sizeof *calls);
	return s;
}
