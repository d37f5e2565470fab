/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_QUARANTINE_H
#define VERIFY_HISTORY_QUARANTINE_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct past_case;

/*
 * Cases that may be red for a while, in the file `quarantine` of the scenarios:
 *
 *     CASE UNTIL REASON
 *
 * CASE is a scenario, or as much of ARCH/NET/PROFILE/SET/SCENARIO as is meant, from either end.
 * UNTIL is a date, the last night for which it holds; after that the line itself is a finding.
 */
struct quarantine {
	const char *name, *until, *reason;
	const char *where; /* file:line */
};

/* without the file there are none; a line that is wrong is EXIT_USAGE */
int quarantine_read(
    struct arena *a, const char *path, struct quarantine **out, size_t *n, struct err *e);
/* what holds for a case, or NULL */
const struct quarantine *quarantine_of(
    const struct quarantine *v, size_t n, const struct past_case *c);
bool quarantine_is_over(const struct quarantine *q, const char *night);

#endif
