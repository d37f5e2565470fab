/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/helper.h"

#include "build/base/arena.h"
#include "build/base/file.h"
#include "build/test/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static const struct {
	helper_work *work;
	const char *status, *message, *log;
	int code;
} cases[] = {
	{ succeed, "exit status 0", "", "word\n", 0 },
	{ refuse, "exit status 1", "word: no", "lh-build: word: no\n", EXIT_USAGE },
	{ die, "killed by signal 9 (Killed)", "", "", 0 },
};

START_TEST(a_function_as_a_child)
{
	struct arena *a = arena_new();
	char *log = arena_printf(a, "%s/log", test_dir()), *text;
	struct err e = { 0 }, why = { 0 };
	int fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0644), status;
	struct child c;

	ck_assert_msg(helper_start(&c, cases[_i].work, (char[]){ "word" }, fd, &e) == 0, "%s", e.msg);
	ck_assert_msg(helper_wait(&c, &status, &why, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(child_status_text(a, status), cases[_i].status);
	ck_assert_str_eq(why.msg, cases[_i].message);
	ck_assert_int_eq(why.code, cases[_i].code);
	ck_assert_int_eq(file_read(a, log, &text, NULL, &e), 0);
	ck_assert_str_eq(text, cases[_i].log);
	close(fd);
	arena_free(a);
}
END_TEST

Suite *
helper_suite(void)
{
	Suite *s = suite_create("helper");

	tcase_add_loop_test(harness_case(s, "helper"), a_function_as_a_child, 0, sizeof cases / sizeof *cases);
	return s;
}
