/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_AUDIT_H
#define BUILD_COMMAND_AUDIT_H

#include "build/base/err.h"
#include "build/source/transfer.h"
#include "build/plan/recipe.h"

struct arena;
struct request;

/* Does every origin of every source of every recipe still serve what is pinned? */
enum verdict {
	AUDIT_GOOD,
	AUDIT_MOVED,   /* good, at another URL */
	AUDIT_CHANGED, /* serves something else */
	AUDIT_DEAD,
	AUDIT_UNKNOWN, /* it does not say */
	NVERDICTS
};

/* of an answer to HEAD, by its size and type, or to GET, by its bytes; *why for all but AUDIT_GOOD
 */
enum verdict audit_judge(
    struct arena *a, const struct source *form, const struct transfer *rq, const char **why);

/*
 * lh-build fetch --audit [--bytes]; an error when something changed, or nothing is left for a
 * source
 */
int audit_command(const struct request *rq, struct err *e);

#endif
