/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_MERGE_H
#define VERIFY_REPORT_MERGE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct report_head;
struct testcase_result;

/*
 * Several runs as one: their test cases, less each one's own comparisons, and behind them those
 * between all.  A run without results, or one that was not finished, is an inconclusive result of
 * its own.  A test case that two runs have is an error, and so are two images (by their digests) of
 * one triple, profile, set and network.
 *
 * A folder with a file `plan` (play/plan.h) has runs of it, each in a folder there.  Its test cases
 * are those of the plan, in that order: what no run has is inconclusive.  A test case may have been
 * begun several times, but judged once.  A run of another plan or of another image, and a run that
 * is a part of a plan but was named by itself, are errors.
 */
int merge_runs(struct arena *a, char **dirs, size_t ndirs, struct testcase_result **testcases,
    size_t *n, struct report_head *h, struct err *e);

#endif
