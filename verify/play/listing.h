/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_LISTING_H
#define VERIFY_PLAY_LISTING_H

struct buf;
struct matrix;

/* What would be played, for a person and for a program that divides it among machines. */

/* "arch net scenario", and "   skip: WHY" */
void listing_text(struct buf *out, const struct matrix *m);
/*
 * {"test cases": [{"manifest": ..., "triple": ..., "arch": ..., "profile": ..., "set": ..., "net":
 * ..., "scenario": ..., "skip": WHY}]}; what an image does not have is null, as is skip where it is
 * played
 */
void listing_json(struct buf *out, const struct matrix *m);
/* for those that divide it themselves; what is skipped is left out */
/*
 * one line, {"include": [...]} with a test case's members as above: what fromJSON() makes a
 * strategy.matrix of (GitHub Actions)
 */
void listing_github(struct buf *out, const struct matrix *m);
/*
 * a child pipeline whose one job runs once a test case, by parallel:matrix (GitLab CI); its reports
 * are in runs/
 */
void listing_gitlab(struct buf *out, const struct matrix *m);
/* a script for sbatch(1), a job array with a task a test case; it says how to merge their runs */
void listing_slurm(struct buf *out, const struct matrix *m);

#endif
