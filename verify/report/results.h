/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_RESULTS_H
#define VERIFY_REPORT_RESULTS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct testcase_result;
struct report_head;

/*
 * A run's results as a file, so that runs on several machines can be judged as one: text, first
 * line "lh-results 2", then `key value` lines, a `test case` line before each test case's own, and
 * "end N" with the number of test cases, without which the run was not finished, and nothing behind
 * it.  A key that tells one thing is there once.  In values \n is a newline, \\ a backslash and
 * \xNN any byte that is not printable ASCII.  Folders are relative to that of the file.
 */
void results_text(struct arena *a, const char *dir, const struct testcase_result *testcases,
    size_t n, const struct report_head *h, struct buf *out);
/* the same as the file `results` in dir */
int results_write(struct arena *a, const char *dir, const struct testcase_result *testcases,
    size_t n, const struct report_head *h, struct err *e);
/*
 * As they were written, but that folders are below dir, or the file's, as it is given; an error
 * names file and line
 */
int results_read(struct arena *a, const char *dir, struct testcase_result **testcases, size_t *n,
    struct report_head *h, struct err *e);
int results_read_file(struct arena *a, const char *path, struct testcase_result **testcases,
    size_t *n, struct report_head *h, struct err *e);
/* of one triple, profile, set and network, in whichever run: what has to be one image */
bool results_same_image(const struct testcase_result *a, const struct testcase_result *b);
/* the digests say that it is not; one that is not told differs from none */
bool results_other_image(const struct testcase_result *a, const struct testcase_result *b);
/* of one image, and of one scenario */
bool results_same_testcase(const struct testcase_result *a, const struct testcase_result *b);

/* what both runs say of themselves; where they do not agree, "several" */
void results_join_heads(struct report_head *all, const struct report_head *h);

#endif
