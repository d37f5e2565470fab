/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_AGAIN_H
#define VERIFY_PLAY_AGAIN_H

struct arena;
struct options;

/* The commands by which a person gets back to one test case of a run that was called with o. */

/* plays it alone: "bin/lh-verify run -s ssh output/manifest" */
const char *again_run(
    struct arena *a, const struct options *o, const char *manifest, const char *scenario);

#endif
