/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_READY_H
#define BUILD_ENGINE_READY_H

#include <stddef.h>

struct task;

/*
 * Tasks that could start, by weight: a heap, so that a thousand of them cost no more than
 * ten.  Of equal ones the first in memory comes first, so that the order can be foretold.
 */
struct ready {
	struct task **v; /* room for all tasks of the run */
	size_t n;
};

void ready_add(struct ready *q, struct task *t);
/* the heaviest, no longer in it; NULL: there is none */
struct task *ready_take(struct ready *q);

#endif
