/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/test/harness.h"

#include "build/files/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static unsigned fds_before;

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void
setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/lh-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fds_before = count_fds();
}

static void
teardown(void)
{
	struct err e = { 0 };

	ck_assert_msg(file_remove(folder, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    count_fds() == fds_before, "descriptors: %u before, %u after", fds_before, count_fds());
}

const char *
test_dir(void)
{
	return folder;
}

size_t
test_entries(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2; /* . and .. */
}

TCase *
harness_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 600); /* a hang, not a slow machine */
	suite_add_tcase(s, tc);
	return tc;
}

Suite *
suite_of(const char *name, const TTest *const *tests)
{
	Suite *s = suite_create(name);
	TCase *tc = harness_case(s, name);

	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	return s;
}

/* ---- all of them, some at a time: most of the time each waits for a child ---- */

#define SUITES_MAX 256
#define ABREAST 4

struct running {
	pid_t pid;
	int said; /* a file of what it says */
	int status;
	bool over;
};

/*
 * A suite's process and each test's are copies: what libraries do at an end, such as ASan with each
 * global, copies page after page for nothing.  But a look for leaks is made then.
 */
static void
leave(int status, void *arg)
{
	(void)arg;
#ifdef __SANITIZE_ADDRESS__
	const char *options = getenv("ASAN_OPTIONS");

	if (!options || !strstr(options, "detect_leaks=0"))
		return;
#endif
	fflush(NULL);
	_exit(status);
}

static struct running
start_suite(Suite *(*suite)(void))
{
	struct running p = { .said = memfd_create("suite", MFD_CLOEXEC) };
	SRunner *r;
	int failed;

	fflush(stdout);
	if (p.said < 0 || (p.pid = fork()) < 0) {
		perror("start a suite");
		exit(EXIT_FAILURE);
	}
	if (p.pid)
		return p;
	if (dup2(p.said, STDOUT_FILENO) < 0 || dup2(p.said, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	close_range(STDERR_FILENO + 1, ~0U, 0); /* what the others say */
	on_exit(leave, NULL);
	r = srunner_create(suite());
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

static void
await_one(struct running *v, size_t n)
{
	int status;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < n; i++)
		if (v[i].pid == pid) {
			v[i].status = status;
			v[i].over = true;
		}
}

static void
repeat(const struct running *p)
{
	char part[4096];
	ssize_t n;

	lseek(p->said, 0, SEEK_SET);
	while ((n = read(p->said, part, sizeof part)) > 0)
		fwrite(part, 1, (size_t)n, stdout);
	close(p->said);
	if (WIFSIGNALED(p->status))
		printf("killed by %s\n", strsignal(WTERMSIG(p->status)));
	fflush(stdout);
}

int
harness_run(Suite *(*const *suites)(void))
{
	struct running v[SUITES_MAX];
	size_t n = 0, ended = 0, told = 0;
	bool good = true;

	while (suites[n] || told < n) {
		if (n == SUITES_MAX) {
			fprintf(stderr, "more than %d suites\n", SUITES_MAX - 1);
			return EXIT_FAILURE;
		}
		if (suites[n] && n - ended < ABREAST) {
			v[n] = start_suite(suites[n]);
			n++;
			continue;
		}
		await_one(v, n);
		ended++;
		for (; told < n && v[told].over; told++) {
			repeat(&v[told]);
			good &= v[told].status == 0;
		}
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
