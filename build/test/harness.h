/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_TEST_HARNESS_H
#define BUILD_TEST_HARNESS_H

#include <check.h>

/* an old macro of Check that would hide ours */
#undef fail

/*
 * What the tests of both programs share.  Every test notices a descriptor it left
 * open, and may write in a folder of its own that is gone afterwards.
 */

/* a case with the fixtures; add tests with tcase_add_test and tcase_add_loop_test */
TCase *harness_case(Suite *s, const char *name);
/* a suite of plain tests, from a list ended by NULL */
Suite *suite_of(const char *name, const TTest *const *tests);
/* folder of the running test, absolute, empty at its start */
const char *test_dir(void);
/* how many names a folder has, which must be there */
size_t test_entries(const char *dir);
/*
 * Runs all suites of a list ended by NULL, each in a process of its own and some side by side, and
 * prints what they say in the order of the list; exit status for main.
 */
int harness_run(Suite *(*const *suites)(void));

#endif
