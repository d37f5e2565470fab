/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/user.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/test/suites.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SOMEBODY 65534

/* the four user ids of a program that is started now: real, effective, saved, of files */
static int
ask(void *arg, struct err *e)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };
	struct buf *said = arg;
	int r, status;

	argv_pushv(&v, "sed", "-n", "s/^[UG]id:\t//p", "/proc/self/status", NULL);
	r = child_run(v.v, NULL, said, &status, e);
	arena_free(a);
	return r;
}

static int
ask_as_root(void *arg, struct err *e)
{
	struct buf *said = arg;
	int sig = 0;

	ck_assert_int_eq(geteuid(), SOMEBODY);
	ck_assert_int_eq(getgroups(0, NULL), 0);
	ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &sig), 0);
	ck_assert_int_eq(sig, SIGKILL);
	if (ask(said, e) < 0 || user_as_root(ask, said, e) < 0)
		return -1;
	ck_assert_int_eq(geteuid(), SOMEBODY);
	ck_assert_int_eq(getegid(), SOMEBODY);
	return 7;
}

START_TEST(a_program_is_who_we_are_for_good)
{
	struct buf said = { 0 };
	struct err e = { 0 };
	int sig = 0;

	if (geteuid() != 0)
		return;
	/* as one that another program has started */
	ck_assert_int_eq(prctl(PR_SET_PDEATHSIG, SIGKILL), 0);
	ck_assert_int_eq(user_as(&(struct user){ SOMEBODY, SOMEBODY }, ask_as_root, &said, &e), 7);
	ck_assert_str_eq(said.p, "65534\t65534\t65534\t65534\n65534\t65534\t65534\t65534\n"
				 "0\t0\t0\t0\n0\t0\t0\t0\n");
	ck_assert_int_eq(geteuid(), 0);
	ck_assert_int_eq(prctl(PR_GET_PDEATHSIG, &sig), 0);
	ck_assert_int_eq(sig, SIGKILL);
	buf_free(&said);
}
END_TEST

START_TEST(nobody_is_nobody_else)
{
	struct buf said = { 0 }, before = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(ask(&before, &e), 0);
	ck_assert_int_eq(user_as(&(struct user){ 0, 0 }, ask, &said, &e), 0);
	ck_assert_str_eq(said.p, before.p);
	buf_clear(&said);
	ck_assert_int_eq(user_as_root(ask, &said, &e), 0);
	ck_assert_str_eq(said.p, before.p);
	buf_free(&said);
	buf_free(&before);
}
END_TEST

Suite *
user_suite(void)
{
	Suite *s = suite_create("user");
	TCase *tc = harness_case(s, "user");

	tcase_add_test(tc, a_program_is_who_we_are_for_good);
	tcase_add_test(tc, nobody_is_nobody_else);
	return s;
}
