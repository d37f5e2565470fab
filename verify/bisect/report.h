/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_REPORT_H
#define VERIFY_BISECT_REPORT_H

#include "build/base/err.h"

#include <stdio.h>

struct bisect;

/*
 * What a bisection has found, as text and as report.html: the culprit, the failing step
 * beside the same step where it passes, the files of the image that differ, and how to see it
 * again.  Returns the exit status: 0 found, 1 the ends do not differ, EXIT_NOJUDGE not narrowed.
 */
int bisect_report(struct bisect *bis, FILE *out, struct err *e);
/* what differs and how many steps to expect; with DRY_RUN=1 also the constraints */
void bisect_print_plan(const struct bisect *bis, FILE *out);

#endif
