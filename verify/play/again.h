/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_AGAIN_H
#define VERIFY_PLAY_AGAIN_H

struct arena;
struct image;
struct options;
struct testcase_result;

/* The commands by which a person gets back to one test case of a run that was called with o. */

/* plays it alone: "bin/lh-verify run -s ssh output/manifest" */
const char *again_run(
    struct arena *a, const struct options *o, const struct image *i, const char *scenario);

/*
 * the same without the program, `run` and its folder: "-s ssh output/manifest"; it plays there what
 * the matrix that was asked for has here
 */
const char *again_words(
    struct arena *a, const struct options *o, const struct image *i, const char *scenario);

/* opens its guest where it failed: resume, or step up to there; NULL: there is none */
const char *again_open(struct arena *a, const struct options *o, const struct image *i,
    const struct testcase_result *r);

#endif
