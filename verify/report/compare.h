/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_COMPARE_H
#define VERIFY_REPORT_COMPARE_H

#include <stddef.h>

struct arena;
struct testcase_result;

/*
 * What differs between triples.  `keep SUBJECT` in a scenario keeps what an image said; where two
 * or more triples of one profile, set and network were asked the same, their lines are compared as
 * sets, and the comparison is one more result: "all dhcp same-SUBJECT".  A line that most of them
 * have is missed where it is not, one that few have is too much there.  `differs SUBJECT WORD
 * REASON` in sysdeps/TRIPLE/facts excuses the lines of that triple that have the word; one that
 * excuses nothing is warned of.
 */

/*
 * how many comparisons there will be; known before anything is played, and never changed by what
 * comes out
 */
size_t compare_count(const struct testcase_result *testcases, size_t n);
/* so many results, at out.  Broken when somebody's lines are missing and the others agree. */
void compare_make(struct arena *a, const struct testcase_result *testcases, size_t n,
    struct testcase_result *out);

#endif
