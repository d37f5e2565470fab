/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_REPORT_H
#define VERIFY_BISECT_REPORT_H

#include "build/base/err.h"

#include <stdio.h>

struct bisect;

/* what was found (finding.h), as text on out and as report.html; returns the exit status, or -1 */
int bisect_report(struct bisect *bis, FILE *out, struct err *e);
/* what differs and how many steps to expect; with DRY_RUN=1 also the constraints */
void bisect_print_plan(const struct bisect *bis, FILE *out);

#endif
