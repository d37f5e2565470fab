/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_PROGRAM_H
#define VERIFY_BISECT_PROGRAM_H

#include "build/base/child.h"
#include "build/base/err.h"

/*
 * lh-build and lh-verify, as child_run: started by root, they read root's own configuration and
 * become who they have to be by themselves, while we are who builds (build/base/user.h).
 */
int program_run(
    char *const argv[], const struct child_opts *o, struct buf *out, int *status, struct err *e);
/* why one failed, of what it said, which is cut there; "unknown" */
const char *program_reason(char *said);

#endif
