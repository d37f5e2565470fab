/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_WEIGHT_H
#define BUILD_ENGINE_WEIGHT_H

#include <stddef.h>

struct job;
struct task;

/*
 * How long things take: each task's own seconds, measured the last time or guessed, and its
 * weight, those of the longest chain of work that begins with it.  What lies on the critical
 * path starts first.
 */

/* tasks stand behind what they need; jobs: all of the run, in the order of their tasks */
void weight_all(struct task *v, size_t n, const struct job *jobs);
/* seconds: the longest chain, or all there is to do on all processors, whichever is more */
double weight_left(const struct task *v, size_t n, unsigned processors);

#endif
