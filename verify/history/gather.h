/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_GATHER_H
#define VERIFY_HISTORY_GATHER_H

#include "build/base/err.h"

struct arena;
struct past;

/*
 * What is worth remembering of a finished run: its `results`, and of each image `manifest` and
 * `sizes` in its folder (verify/image/record.h).  An image without them is one of which nobody
 * knows what it was made of, which is warned of.  One run; not indexed.
 * 1: it is under way, or was killed
 */
int gather_run(struct arena *a, const char *dir, struct past *out, struct err *e);

#endif
