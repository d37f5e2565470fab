/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_BEFORE_H
#define VERIFY_REPORT_BEFORE_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct testcase_result;

/*
 * What earlier runs in a folder said: the folder `before` in it has the results (results.h) of each
 * test case when it last passed or failed, whichever run that was.
 */

/*
 * The results that are there join those, before a run clears them.  Of some that cannot be read
 * nothing is known; what cannot be written is an error.
 */
int before_keep(struct arena *a, const char *dir, struct err *e);
/* tells those that passed or failed, and last time the other of it: in was */
void before_compare(struct arena *a, const char *dir, struct testcase_result *testcases, size_t n);
/* how long each took when it last passed or failed; 0: not known */
void before_took(struct arena *a, const char *dir, const struct testcase_result *testcases,
    size_t n, nstime *took);

#endif
