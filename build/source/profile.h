/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_PROFILE_H
#define BUILD_SOURCE_PROFILE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct config;
struct plan;
struct want;

/* The sources of plans made of the same recipes, each once, without those of overrides. */
void profile_wants(struct arena *a, const struct plan *const *plans, size_t nplans,
    struct want **wants, size_t *n);
/*
 * What PROFILE=auto means here, given the plans of profile s6: s6 when every source of it
 * can be fetched, else minimal; *why is one line that names what is missing, NULL for s6.
 */
int profile_decide(struct arena *a, const struct config *cfg, const struct plan *const *s6,
    size_t nplans, const char **profile, const char **why, struct err *e);

#endif
