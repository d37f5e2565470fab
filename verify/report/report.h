/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_REPORT_H
#define VERIFY_REPORT_REPORT_H

#include "build/base/err.h"
#include "verify/report/result.h"

#include <stdbool.h>
#include <stdio.h>

struct arena;

/*
 * Results for people and programs: TAP version 13 on stdout as they come, junit.xml and one
 * self-contained index.html at the end.  The last line on stdout is
 * "N passed, N failed, N skipped" (inconclusive counts as failed, and is named).
 */
struct report_head {
	const char *version;		 /* of lh-verify */
	const char *set, *profile, *why; /* why this profile when auto chose it, or NULL */
	const char *sandbox;		 /* "no": packages of an image were built without one */
	const char *untrusted;		 /* "yes": an image was taken for a stranger's */
	const char *cached; /* what was not built where the images were; NULL: nothing */
	const char *accel;  /* "tcg", "kvm", with the reason */
	unsigned jobs;
	double scale; /* of timeouts */
	nstime took;
	const char *date; /* of the run, UTC */
	const char *host; /* the machine's name */
	const char *cold; /* "yes": every guest was booted, as was asked for */
	const char *plan; /* the name of the plan that this is a part of (play/plan.h), or NULL */
	bool tty; /* sits at the terminal that is stdout, and has the table of what passes there */
};

void report_tap_start(FILE *f, size_t ncases, const struct report_head *h);
void report_tap_testcase(FILE *f, size_t number, const struct testcase_result *c);
void report_tap_end(FILE *f, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, const char *html);
/*
 * The same in words for a person, and without a plan; passes are not told.  Rows are as wide as a
 * terminal of so many columns, or, with 0, as long as they are.  The end names once more what has
 * failed, and has the absolute path html as a link.
 */
void report_testcase(FILE *f, size_t number, const struct testcase_result *c, unsigned columns);
void report_end(FILE *f, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, const char *html);
/* junit.xml and index.html in a folder */
int report_files(struct arena *a, const char *dir, const struct testcase_result *testcases,
    size_t n, const struct report_head *h, struct err *e);
/* exit status of a run: a failure, then what is inconclusive, then that nothing was judged at all
 */
int report_status(const struct testcase_result *testcases, size_t n);
int report_junit(const char *path, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e);
int report_html(const char *path, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e);

/* ---- what the reports share: counts, and the rows of a failure ---- */

struct report_counts {
	size_t of[NVERDICTS];
	size_t failed; /* all that are neither passed nor skipped */
};

struct report_row {
	const char *name, *text;
	bool copied; /* by who reads it, or opened: one line, however long */
};

#define REPORT_ROWS 8

/* what head.sandbox means */
extern const char report_unboxed[];
/* and head.untrusted */
extern const char report_untrusted[];

void report_count(const struct testcase_result *testcases, size_t n, struct report_counts *out);
double report_seconds(nstime t);
/* those that say something; returns how many */
size_t report_rows(const struct testcase_result *c, struct report_row rows[REPORT_ROWS]);

#endif
