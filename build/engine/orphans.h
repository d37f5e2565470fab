/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_ORPHANS_H
#define BUILD_ENGINE_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct job;

/*
 * What a builder that was killed has left in the caches of jobs.  Marking gives it a name that
 * only the sweeper looks for, which is quick; removing it may take long: a kernel's folder has
 * 100,000 files.
 */

/*
 * before the run begins; nothing that is kept, and nothing of a builder that is at work: it has
 * locked the key
 */
void orphans_mark(struct arena *a, const struct job *jobs, size_t n);
/* is there anything that is marked; really: removes it */
bool orphans_sweep(struct arena *a, const struct job *jobs, size_t n, bool really);

#endif
