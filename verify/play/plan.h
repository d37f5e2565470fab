/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_PLAN_H
#define VERIFY_PLAY_PLAN_H

#include "build/base/err.h"

struct arena;
struct buf;
struct matrix;
struct matrix_testcase;
struct testcase_result;

/*
 * What one run has to play, when several machines play a part of it each.  A plan is a file of
 * results (report/results.h) of which none is judged yet, with a name that no other plan has.  Who
 * plays a part of it says so in the results; a merge holds them all against it (report/merge.h).
 */

/* a test case of the matrix before it is played: skipped, or inconclusive */
void plan_testcase(
    struct arena *a, const struct matrix_testcase *what, struct testcase_result *out);
/* the day and a random word */
const char *plan_name(struct arena *a);
void plan_text(struct arena *a, const struct matrix *m, const char *name, struct buf *out);
/*
 * The name of the plan in a file.  It has to be of this version of the program, and to have every
 * test case that the matrix plays, on the same image.
 */
int plan_join(
    struct arena *a, const char *path, const struct matrix *m, const char **name, struct err *e);

#endif
