/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_LINT_H
#define BUILD_COMMAND_LINT_H

#include "build/base/err.h"

struct arena;
struct buf;
struct config;
struct request;

/*
 * All of recipes/, patches/, sysdeps/ and layout/ at once, not only what a build would read:
 * every set and profile makes a plan, every section is shell, every file in a recipe's
 * folder is declared, every patch and kit is somebody's.  One line a finding; returns
 * how many there are.  An error is a file that cannot be read at all.
 */
int lint_all(struct arena *a, const struct config *cfg, struct buf *out, struct err *e);

/* lh-build lint: an error when there is a finding */
int lint_command(const struct request *rq, struct err *e);

#endif
