/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_SCREEN_H
#define VERIFY_REPORT_SCREEN_H

#include "verify/report/table.h"

/*
 * The table (table.h) on the terminal that stderr is, below what is said meanwhile; elsewhere
 * nothing.
 */

/* stdout is a terminal that shows the table, too: who reads it is a person and no program */
bool screen_is_tty(void);
/* its width; 0 when there is none, or it does not tell */
unsigned screen_columns(void);
/* draws it, or draws it anew: the terminal's size is asked each time */
void screen_draw(const struct table_testcase *testcases, size_t n);
/* takes it away, before something is written to stdout */
void screen_wipe(void);
/* draws it for the last time: it stays */
void screen_leave(const struct table_testcase *testcases, size_t n);

#endif
