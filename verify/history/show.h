/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_SHOW_H
#define VERIFY_HISTORY_SHOW_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;
struct night;
struct past;
struct quarantine;

/*
 * The cases as text: each with a letter a night, and below it what there is to know of one that is
 * red, flaky or in quarantine.  name: those alone (past_case_is()), each with the nights on which
 * its image changed, and what in it; NULL: all.  A name that none has is EXIT_USAGE.
 */
int show_text(struct arena *a, const struct past *p, const struct night *n,
    const struct quarantine *q, size_t nq, const char *name, struct buf *out, struct err *e);

#endif
