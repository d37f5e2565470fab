/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_HELPER_H
#define BUILD_HELPER_H

#include "build/base/child.h"
#include "build/base/err.h"

/*
 * A child that runs a function of ours instead of a program, so that long work such as
 * unpacking a kernel keeps nobody waiting.  It is a struct child like others; its error
 * message comes back through the pipe `out`.
 */
typedef int helper_work(void *arg, struct err *e);

/* log: descriptor that becomes the child's stdout and stderr */
int helper_start(struct child *c, helper_work *work, void *arg, int log, struct err *e);
/* as child_wait; when the function failed, *failed is its error */
int helper_wait(struct child *c, int *status, struct err *failed, struct err *e);

#endif
