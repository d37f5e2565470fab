/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_LIVE_H
#define VERIFY_REPORT_LIVE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;
struct table_testcase;

/*
 * What passes in a run, for who looks on from another process (command/watch.c): the file `live` of
 * its folder, which is written anew each second.  Its first line is "lh-live 1"; each other is a
 * test case, in words with a tab between them:
 *
 *	STATE MILLISECONDS ARCH NET SCENARIO DIR DOING
 *
 * STATE is waiting, running, or the verdict; DIR is relative to the file's folder; DOING is the
 * statement under way, or "-".  What is no printable ASCII is a question mark.
 */
int live_write(const char *dir, const struct table_testcase *testcases, size_t n, struct err *e);
/* DIR of the test case so many lines below the first, from 1; NULL: there is none, or it leads out
 */
const char *live_folder(struct arena *a, const char *text, size_t number);
/* a page for a browser, which shows /live and follows /console/NUMBER/OFFSET as watch.c has them */
void live_page(struct buf *out);

#endif
