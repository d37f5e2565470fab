/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_COMMAND_COMMAND_H
#define VERIFY_COMMAND_COMMAND_H

#include "build/base/err.h"

struct arena;
struct matrix;
struct options;

/* The commands that are not the picture in main.c.  All return the exit status, or -1 with e. */

/* what would be played on the given images */
int command_matrix(struct arena *a, struct options *o, struct err *e);
/* the scenarios that there are; given images, the same as matrix */
int command_list(struct arena *a, struct options *o, struct err *e);
/* are all scenarios, or the given files, well-formed? */
int command_lint(struct arena *a, struct options *o, struct err *e);
/* several runs as one report */
int command_merge(struct arena *a, struct options *o, struct err *e);
/* the mutation score of one image: what its scenarios refuse of what can be broken in it */
int command_mutants(struct arena *a, struct options *o, struct err *e);
/* which mutants of a folder there are, without a guest: 1 when one cannot be made of its image */
int command_made(struct arena *a, const struct options *o, const struct matrix *m, struct err *e);
/* are consoles as those that a file was learned from? */
int command_transcript(struct arena *a, struct options *o, struct err *e);
/* a page on 127.0.0.1 that shows what passes in a run */
int command_watch(struct arena *a, struct options *o, struct err *e);
/* what is remembered of earlier runs: add, show, night, site */
int command_history(struct arena *a, struct options *o, struct err *e);
/*
 * --words, on stdout: what may stand in a scenario and in a manifest, as options_words() has it.
 * OF is `scenario`, `requires`, `watch` or `manifest`.
 */
void command_words(struct arena *a);
/* a scenario line by line, its guest's console on this terminal */
int command_step(struct arena *a, struct options *o, struct err *e);
/* a guest that was kept as it was when its test case failed */
int command_resume(struct arena *a, struct options *o, struct err *e);
/* a scenario from what somebody does with a guest */
int command_record(struct arena *a, struct options *o, struct err *e);
/* a manifest for files of others, on stdout, by what they begin with */
int command_init(struct arena *a, struct options *o, struct err *e);
/* becomes QEMU, with the console on this terminal */
int command_boot(struct arena *a, struct options *o, struct err *e);

#endif
