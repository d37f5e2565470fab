/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_TABLE_H
#define VERIFY_REPORT_TABLE_H

#include "build/base/clock.h"
#include "verify/report/result.h"

#include <stdbool.h>
#include <stddef.h>

struct buf;

/*
 * The matrix as a terminal shows it while it is played: a row an image, a column a scenario.  Pure:
 * from the test cases and the terminal's size to text.
 */
struct table_testcase {
	const char *arch, *net, *scenario;
	enum table_state { TABLE_WAITING, TABLE_RUNNING, TABLE_OVER } state;
	enum verdict verdict; /* TABLE_OVER */
	nstime took;	      /* so far, or in all */
	const char *doing;    /* TABLE_RUNNING: the step under way, or NULL */
	const char *dir;      /* the test case's folder: live.h */
	nstime usual;	      /* what it took the last time; 0: not known */
};

struct table_look {
	unsigned columns, lines; /* of the terminal */
	bool colour;		 /* SGR escapes, which take no room */
};

/*
 * Adds lines, each ended by a newline and narrower than the terminal, and fewer of them than it
 * has.  When it is too narrow for names each test case is one letter, and a row may take several
 * lines; when too low, rows where nothing happens are left out, and counted; the last resort is one
 * line.
 */
void table_format(struct buf *out, const struct table_testcase *testcases, size_t n,
    const struct table_look *look);

#endif
