/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_SITE_H
#define VERIFY_HISTORY_SITE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct measures;
struct past;
struct quarantine;

/*
 * The history as a folder of pages that need no server and no script: index.html, the nights, the
 * last one first; night-DATE.html, the cases of a night and its message; case-NAME.html, a case
 * through all nights; package-NAME.html, its versions; boot-PLACE.html, the phases of an image's
 * boot.  In the names / is _.  Pages of an earlier site in that folder are replaced, and no others
 * are touched; a folder with another index.html is wrong usage.
 */
int site_write(struct arena *a, const struct past *p, const struct measures *m,
    const struct quarantine *q, size_t nq, const char *dir, struct err *e);

#endif
