/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_OUTDIR_H
#define VERIFY_OUTDIR_H

#include "build/base/err.h"

struct arena;

/*
 * The folder of a run.  Three files in it name a result: `results`, `junit.xml` and `index.html`.
 * They go before anything of the next run can fail, so that old ones are never taken for its
 * results.
 */

/*
 * Absolute, since QEMU is run elsewhere: out, or when that is NULL OUTPUT/verify for
 * OUTPUT/TRIPLE/manifest and for OUTPUT/TRIPLE/static/manifest, where OUTPUT is one that lh-build
 * has made; for any other, `verify` beside the manifest.  Nothing has to be there yet.
 */
const char *outdir_choose(struct arena *a, const char *out, const char *manifest);
/* a folder with files that are called like results, and not from a run, is refused */
int outdir_fits(struct arena *a, const char *path, struct err *e);
/* removes what names a result, unless a run is under way; a folder that is not there has none */
int outdir_clear(struct arena *a, const char *path, struct err *e);
/* a folder that cannot be made, or not be written to, is wrong usage */
int outdir_make(const char *path, struct err *e);
/*
 * two runs in one folder would replace each other's files: the descriptor is the lock, until it is
 * closed; -1 while another lh-verify has it
 */
int outdir_lock(struct arena *a, const char *path, struct err *e);

#endif
