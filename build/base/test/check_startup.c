/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/startup.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* what a program that startup() began hands to its children, as names in /proc/self/fd */
static const char *
inherited(struct arena *a, int shut)
{
	const char *path = arena_printf(a, "%s/fds", test_dir());
	char *text;
	struct err e = { 0 };
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(open("/etc/passwd", O_RDONLY), 9);
		dup2(open("/", O_RDONLY | O_DIRECTORY), 700);
		close(shut);
		startup("test");
		/* a shell opens nothing for [ -e ] */
		execl("/bin/sh", "sh", "-c",
		    "for f in 0 1 2 9 700; do [ -e /proc/$$/fd/$f ] && echo $f; done >\"$1\"", "sh",
		    path, (char *)NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	return text;
}

START_TEST(hands_on_nothing_but_the_three)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(inherited(a, _i), "0\n1\n2\n");
	arena_free(a);
}
END_TEST

static const struct {
	const char *path, *is; /* NULL: not set */
} paths[] = {
	{ "/usr/bin:/bin", "/usr/bin:/bin" },
	{ "/usr/bin", "/usr/bin" },
	{ ".:/usr/bin::bin:/bin:", "/usr/bin:/bin" },
	{ ":/bin", "/bin" },
	{ "../bin:/bin", "/bin" },
	{ "", NULL },
	{ ".", NULL },
	{ ":", NULL },
	{ "bin:.", NULL },
	{ NULL, NULL },
};

START_TEST(path_is_the_same_everywhere)
{
	const char *is;

	if (paths[_i].path)
		setenv("PATH", paths[_i].path, 1);
	else
		unsetenv("PATH");
	startup("test");
	is = getenv("PATH");
	ck_assert_pstr_eq(is, paths[_i].is);
}
END_TEST

Suite *
startup_suite(void)
{
	Suite *s = suite_create("startup");
	TCase *tc = harness_case(s, "startup");

	/* with each of the three closed in turn, and with none */
	tcase_add_loop_test(tc, hands_on_nothing_but_the_three, 0, 4);
	tcase_add_loop_test(
	    tc, path_is_the_same_everywhere, 0, (int)(sizeof paths / sizeof *paths));
	return s;
}
