/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/confine.h"

#include "build/base/arena.h"
#include "build/test/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* each returns 0 when it could be done, else errno */

static int
reads(const char *file)
{
	char byte;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 || read(fd, &byte, 1) != 1 ? errno : 0;
}

static int
makes(const char *file)
{
	return open(arena_printf(arena_new(), "%s.new", file), O_WRONLY | O_CREAT | O_CLOEXEC,
		   0600) < 0
		   ? errno
		   : 0;
}

static int
changes(const char *file)
{
	return open(file, O_RDWR | O_CLOEXEC) < 0 ? errno : 0;
}

static int
permits(const char *file)
{
	return chmod(file, 0666) < 0 ? errno : 0;
}

static int
removes(const char *file)
{
	return unlink(file) < 0 ? errno : 0;
}

static int
connects(const char *file)
{
	(void)file;
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0;
}

static int
runs(const char *file)
{
	(void)file;
	return execl("/bin/true", "true", NULL) < 0 ? errno : 0;
}

static int
forks(const char *file)
{
	(void)file;
	return fork() < 0 ? errno : 0;
}

/* what it comes to: an errno, or a signal that ends it, as a number below 0 */
static const struct {
	int (*work)(const char *file);
	int end;
} cases[] = { { reads, 0 }, { makes, EACCES }, { changes, EACCES }, { permits, EPERM },
	{ removes, -SIGSYS }, { connects, -SIGSYS }, { runs, -SIGSYS }, { forks, -SIGSYS } };

START_TEST(reader)
{
	struct arena *a = arena_new();
	const char *file = arena_printf(a, "%s/file", test_dir());
	struct err e = { 0 };
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), status;
	pid_t pid;

	ck_assert(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(confine_reader(&e) < 0 ? 99 : cases[_i].work(file));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (cases[_i].end < 0)
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == -cases[_i].end);
	else
		ck_assert_msg(
		    WIFEXITED(status) && WEXITSTATUS(status) == cases[_i].end, "%d", status);
	arena_free(a);
}
END_TEST

Suite *
confine_suite(void)
{
	Suite *s = suite_create("confine");

#ifndef __SANITIZE_ADDRESS__
	tcase_add_loop_test(
	    harness_case(s, "reader"), reader, 0, (int)(sizeof cases / sizeof *cases));
#else
	tcase_add_loop_test(harness_case(s, "reader"), reader, 0, 1);
#endif
	return s;
}
