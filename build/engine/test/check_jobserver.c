/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/jobserver.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct jobserver *
server(struct arena *a, unsigned jobs, const char *makeflags)
{
	struct jobserver *j;
	struct err e = { 0 };

	ck_assert_msg(jobserver_open(a, jobs, makeflags, &j, &e) == 0, "%s", e.msg);
	return j;
}

static struct client *
begin(struct jobserver *j)
{
	struct client *client;
	struct err e = { 0 };

	ck_assert_msg(jobserver_begin(j, &client, &e) == 0, "%s", e.msg);
	return client;
}

/* tokens that lie there for a make to take */
static int
offered(const struct client *client)
{
	int n = -1;

	ioctl(client_fds(client)[0], FIONREAD, &n);
	return n;
}

static void
claim(const struct client *client)
{
	char c;

	ck_assert_int_eq(offered(client), 1);
	ck_assert_int_eq(read(client_fds(client)[0], &c, 1), 1);
}

static void
give(const struct client *client, unsigned n)
{
	while (n--)
		ck_assert_int_eq(write(client_fds(client)[1], "+", 1), 1);
}

/* which descriptors are ready now, as a string: i, o */
static const char *
ready(const struct jobserver *j, bool waiting)
{
	static char text[16];
	struct pollfd v[JOBSERVER_POLLS(4)];
	size_t n = jobserver_poll(j, waiting, v), len = 0;

	poll(v, n, 0);
	for (size_t i = 0; i < n; i++)
		if (v[i].revents)
			text[len++] = v[i].revents & POLLIN ? 'i' : 'o';
	text[len] = '\0';
	return text;
}

START_TEST(a_make_gets_as_many_as_it_takes)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 4, NULL);
	struct client *client;

	ck_assert_uint_eq(jobserver_free(j), 4);
	client = begin(j);
	ck_assert_uint_eq(jobserver_free(j), 3);
	for (unsigned left = 2;; left--) {
		jobserver_turn(j, false);
		ck_assert_int_eq(offered(client), 1);
		ck_assert_uint_eq(jobserver_free(j), left);
		ck_assert_str_eq(ready(j, false), "");
		claim(client);
		ck_assert_str_eq(ready(j, false), "o"); /* the pipe is empty: poll(2) says so */
		if (!left)
			break;
	}
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(client), 0); /* all four are taken */
	ck_assert_str_eq(ready(j, false), "");

	give(client, 2);
	ck_assert_str_eq(ready(j, false), "i");
	jobserver_turn(j, false);
	ck_assert_uint_eq(jobserver_free(j), 1);
	ck_assert_int_eq(offered(client), 1);
	jobserver_end(j, client);
	ck_assert_uint_eq(jobserver_free(j), 4);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

START_TEST(what_is_made_up_does_not_count)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *client = begin(j);

	jobserver_turn(j, false);
	claim(client);
	give(client, 200);
	jobserver_turn(j, false);
	ck_assert_uint_eq(jobserver_free(j), 1);
	jobserver_end(j, client);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

/* who floods us, or makes its pipe larger, is neither waited for nor polled; others go on */
START_TEST(who_lies_is_left_alone)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *client = begin(j), *other = begin(j);
	const int *fds = client_fds(client);
	struct pollfd v[JOBSERVER_POLLS(2)];

	if (_i == 0) {
		ck_assert_int_ge(fcntl(fds[1], F_SETPIPE_SZ, 1 << 17), 1 << 17);
		give(client, 100000);
	} else {
		ck_assert_int_ge(fcntl(fds[0], F_SETPIPE_SZ, 1 << 17), 1 << 17);
	}
	jobserver_turn(j, false);
	ck_assert_uint_eq(jobserver_poll(j, false, v), 2); /* the other's */
	jobserver_turn(j, false);
	claim(other);
	jobserver_end(j, client);
	jobserver_end(j, other);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

START_TEST(a_killed_child_keeps_nothing)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *client = begin(j), *other = begin(j);
	int status, told[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		(void)!read(client_fds(client)[0], &c, 1);
		(void)!write(told[1], "", 1);
		pause();
	}
	/* one token is left for two packages: it goes round until the child takes it */
	do
		jobserver_turn(j, false);
	while (poll(&(struct pollfd){ .fd = told[0], .events = POLLIN }, 1, 10) == 0);
	jobserver_turn(j, false);
	ck_assert_uint_eq(jobserver_free(j), 0);
	ck_assert_int_eq(offered(other), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(other), 0);

	jobserver_settle(j, client);
	ck_assert_uint_eq(jobserver_free(j), 1);
	jobserver_end(j, client);
	jobserver_end(j, other);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	close(told[0]);
	close(told[1]);
	arena_free(a);
}
END_TEST

START_TEST(who_waits_to_start_comes_first)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *one = begin(j), *two, *none;

	jobserver_turn(j, false);
	claim(one);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(one), 1);
	ck_assert_uint_eq(jobserver_free(j), 0);
	jobserver_turn(j, true); /* the offer is withdrawn */
	ck_assert_int_eq(offered(one), 0);
	ck_assert_uint_eq(jobserver_free(j), 1);
	jobserver_turn(j, true);
	ck_assert_int_eq(offered(one), 0);
	two = begin(j);
	ck_assert_ptr_nonnull(two);
	none = begin(j);
	ck_assert_ptr_null(none);

	give(one, 1);
	ck_assert_str_eq(ready(j, true), "i");
	jobserver_turn(j, true);
	ck_assert_uint_eq(jobserver_free(j), 1);
	jobserver_end(j, one);
	jobserver_end(j, two);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

START_TEST(an_ignored_offer_moves_on)
{
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *idle = begin(j), *busy;

	jobserver_turn(j, false);
	ck_assert_int_eq(offered(idle), 1);
	ck_assert(jobserver_deadline(j) == NS_NEVER); /* nobody else wants it */
	busy = begin(j);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(idle) + offered(busy), 1);
	while (!offered(busy)) {
		ck_assert(jobserver_deadline(j) != NS_NEVER);
		poll(NULL, 0, clock_poll_ms(jobserver_deadline(j)));
		jobserver_turn(j, false);
	}
	claim(busy);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(busy), 0);
	ck_assert(jobserver_deadline(j) == NS_NEVER);

	/* the next one goes to who takes them */
	give(busy, 1);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(busy), 1);
	/* until the idle one begins another step */
	jobserver_settle(j, idle);
	claim(busy);
	jobserver_turn(j, false);
	give(busy, 1);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(idle) + offered(busy), 1);
	while (!offered(idle)) {
		poll(NULL, 0, clock_poll_ms(jobserver_deadline(j)));
		jobserver_turn(j, false);
	}
	jobserver_end(j, idle);
	jobserver_end(j, busy);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

/* runs make on a makefile until it ends */
static int
run_make(struct arena *a, struct jobserver *j, struct client *client, const char *makefile)
{
	struct argv v = { .a = a }, env = { .a = a };
	struct child_opts o = {
		.dir = test_dir(), .keep = client_fds(client), .nkeep = 2, .split_err = true
	};
	struct pollfd p[1 + JOBSERVER_POLLS(4)];
	char *path = arena_printf(a, "%s/Makefile", test_dir()), block[256];
	struct err e = { 0 };
	struct child c;
	int status;

	ck_assert_int_eq(file_write(path, makefile, strlen(makefile), 0644, &e), 0);
	argv_pushv(&v, "make", "-s", "-k", NULL);
	argv_pushf(&env, "MAKEFLAGS=%s", client_makeflags(client));
	argv_push(&env, "PATH=/usr/bin:/bin");
	o.env = env.v;
	ck_assert_msg(child_start(&c, v.v, &o, &e) == 0, "%s", e.msg);
	for (;;) {
		jobserver_turn(j, false);
		p[0] = (struct pollfd){ .fd = c.out, .events = POLLIN };
		poll(p, 1 + jobserver_poll(j, false, p + 1), clock_poll_ms(jobserver_deadline(j)));
		if (p[0].revents && read(c.out, block, sizeof block) <= 0)
			break;
	}
	ck_assert_int_eq(child_wait(&c, &status, &e), 0);
	return status;
}

/* each target says + when it begins and - when it ends; the most that ran at once */
static int
most_at_once(struct arena *a)
{
	struct err e = { 0 };
	int now = 0, most = 0;
	char *text;

	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/trace", test_dir()), &text, NULL, &e), 0);
	for (; *text; text++) {
		now += *text == '+' ? 1 : *text == '-' ? -1 : 0;
		most = now > most ? now : most;
	}
	ck_assert_int_eq(now, 0);
	return most;
}

START_TEST(make_runs_as_many_as_it_may)
{
	/* a b c wait for each other: with fewer than three at once this would not end */
	static const char makefile[] = "all: a b c $(addprefix x,1 2 3 4 5 6 7 8 9)\n"
				       "a b c:\n\t@echo + >>trace; touch $@; while ! [ -e a -a -e "
				       "b -a -e c ]; do sleep 0.01; done; echo - >>trace\n"
				       "x%:\n\t@echo + >>trace; sleep 0.01; echo - >>trace\n";
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *client = begin(j);

	ck_assert_int_eq(run_make(a, j, client, makefile), 0);
	ck_assert_int_eq(most_at_once(a), 3);
	jobserver_end(j, client);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

START_TEST(a_failing_make_costs_nothing)
{
	static const char makefile[] = "all: a b c d\n"
				       "a b:\n\t@sleep 0.01; false\n"
				       "c:\n\t@kill -9 $$PPID\n" /* make itself */
				       "d:\n\t@sleep 0.02\n";
	struct arena *a = arena_new();
	struct jobserver *j = server(a, 3, NULL);
	struct client *client = begin(j);
	int status = run_make(a, j, client, makefile);

	ck_assert(WIFSIGNALED(status));
	jobserver_settle(j, client);
	ck_assert_uint_eq(jobserver_free(j), 2);
	jobserver_end(j, client);
	ck_assert_uint_eq(jobserver_free(j), 3);
	jobserver_close(j);
	arena_free(a);
}
END_TEST

/* the make that started us */
struct parent {
	int fds[2];
	char makeflags[100];
};

static void
parent_open(struct parent *p, const char *tokens, const char *fifo)
{
	if (fifo) {
		ck_assert_int_eq(mkfifo(fifo, 0600), 0);
		p->fds[0] = open(fifo, O_RDWR);
		p->fds[1] = dup(p->fds[0]);
		snprintf(
		    p->makeflags, sizeof p->makeflags, "-j8 --jobserver-auth=fifo:%s -k", fifo);
	} else {
		ck_assert_int_eq(pipe(p->fds), 0);
		snprintf(p->makeflags, sizeof p->makeflags,
		    " -j8 --jobserver-auth=98,99 --jobserver-auth=%d,%d -- V=1", p->fds[0],
		    p->fds[1]);
	}
	ck_assert_int_eq(write(p->fds[1], tokens, strlen(tokens)), (ssize_t)strlen(tokens));
}

static const char *
parent_left(const struct parent *p)
{
	static char text[16];
	int n = 0;

	ioctl(p->fds[0], FIONREAD, &n);
	ck_assert_int_lt(n, (int)sizeof text);
	if (n)
		ck_assert_int_eq(read(p->fds[0], text, (size_t)n), n);
	text[n] = '\0';
	return text;
}

START_TEST(joins_the_make_that_started_us)
{
	struct arena *a = arena_new();
	struct jobserver *j;
	struct client *one, *two;
	struct parent p;
	const char *left;

	parent_open(&p, "xyz", _i ? arena_printf(a, "%s/fifo", test_dir()) : NULL);
	j = server(a, 100, p.makeflags);
	ck_assert(jobserver_joined(j));
	ck_assert_uint_eq(jobserver_free(j), 1); /* the one we run on */
	one = begin(j);
	ck_assert_ptr_nonnull(one);
	ck_assert_ptr_null(begin(j));
	ck_assert_str_eq(ready(j, true), "i");
	jobserver_turn(j, true);
	two = begin(j);
	ck_assert_ptr_nonnull(two);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(one) + offered(two), 2);
	claim(one);
	jobserver_turn(j, false);
	ck_assert_str_eq(ready(j, false), ""); /* the parent has no more, and we don't spin */
	ck_assert_int_eq(offered(one), 0);

	jobserver_end(j, two);
	jobserver_turn(j, false);
	ck_assert_int_eq(offered(one), 1);
	jobserver_turn(j, false); /* what nobody wants goes back at once */
	ck_assert_uint_eq(strlen(parent_left(&p)), 1);
	jobserver_end(j, one);
	jobserver_close(j);
	left = parent_left(&p);
	ck_assert_uint_eq(strlen(left), 2);
	ck_assert(left[0] != left[1] && strspn(left, "xyz") == 2); /* the same bytes */
	close(p.fds[0]);
	close(p.fds[1]);
	arena_free(a);
}
END_TEST

/* lh-build under `sudo make`: the pipe is root's, and we are no longer */
START_TEST(joins_after_dropping_root)
{
	struct arena *a = arena_new();
	struct jobserver *j;
	struct parent p;

	parent_open(&p, "xy", NULL);
	if (_i)
		ck_assert_int_eq(fcntl(p.fds[0], F_SETFL, O_NONBLOCK), 0); /* as make does */
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	j = server(a, 5, p.makeflags);
	if (getuid() == 0) /* without root nothing was dropped, and it can always be opened */
		ck_assert(jobserver_joined(j) == _i);
	if (jobserver_joined(j)) {
		jobserver_turn(j, true);
		ck_assert_uint_eq(jobserver_free(j), 1);
	}
	jobserver_close(j);
	ck_assert_uint_eq(strlen(parent_left(&p)), 2);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	close(p.fds[0]);
	close(p.fds[1]);
	arena_free(a);
}
END_TEST

START_TEST(a_jobserver_that_is_not_there)
{
	static const char *const makeflags[] = { NULL, "", "k -- V=1", "-j --jobserver-auth=98,99",
		"-j2 --jobserver-auth=0,2", "-j --jobserver-auth=-2,-2",
		"--jobserver-auth=fifo:/nonexistent", "--jobserver-auth=fifo:/dev/null",
		"--jobserver-fds=what" };
	struct arena *a = arena_new();

	for (size_t i = 0; i < sizeof makeflags / sizeof *makeflags; i++) {
		struct jobserver *j = server(a, 5, makeflags[i]);

		ck_assert(!jobserver_joined(j));
		ck_assert_uint_eq(jobserver_free(j), 5);
		jobserver_close(j);
	}
	arena_free(a);
}
END_TEST

Suite *
jobserver_suite(void)
{
	Suite *s = suite_create("jobserver");
	TCase *tc = harness_case(s, "jobserver");

	tcase_add_test(tc, a_make_gets_as_many_as_it_takes);
	tcase_add_test(tc, what_is_made_up_does_not_count);
	tcase_add_loop_test(tc, who_lies_is_left_alone, 0, 2);
	tcase_add_test(tc, a_killed_child_keeps_nothing);
	tcase_add_test(tc, who_waits_to_start_comes_first);
	tcase_add_test(tc, an_ignored_offer_moves_on);
	tcase_add_test(tc, make_runs_as_many_as_it_may);
	tcase_add_test(tc, a_failing_make_costs_nothing);
	tcase_add_loop_test(tc, joins_the_make_that_started_us, 0, 2);
	tcase_add_loop_test(tc, joins_after_dropping_root, 0, 2);
	tcase_add_test(tc, a_jobserver_that_is_not_there);
	return s;
}
