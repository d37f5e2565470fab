/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/test/harness.h"

#include "build/files/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

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
	tcase_set_timeout(tc, 120); /* a hang, not a slow machine */
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

int
harness_run(Suite *(*const *suites)(void))
{
	SRunner *r = srunner_create(NULL);
	int failed;

	for (; *suites; suites++)
		srunner_add_suite(r, (*suites)());
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
