/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_LISTING_H
#define VERIFY_PLAY_LISTING_H

struct buf;
struct matrix;
struct options;

/* What would be played, for a person and for a program that divides it among machines. */

/* the command line that asked for it, and a name for the plan, where one is made */
struct listing_how {
	const struct options *asked;
	const char *plan;
};

typedef void listing(struct buf *out, const struct matrix *m, const struct listing_how *how);

/* "arch net scenario", and "   skip: WHY" */
listing listing_text;
/*
 * {"test cases": [{"manifest": ..., "triple": ..., "arch": ..., "profile": ..., "set": ..., "net":
 * ..., "boot": LANE, "scenario": ..., "skip": WHY}]}; what an image does not have is null, as is
 * skip where it is played
 */
listing listing_json;
/* for those that divide it themselves; what is skipped is left out */
/*
 * one line, {"include": [...]} with a test case's members as above: what fromJSON() makes a
 * strategy.matrix of (GitHub Actions)
 */
listing listing_github;
/*
 * a child pipeline whose one job runs once a test case, by parallel:matrix (GitLab CI); its reports
 * are in runs/
 */
listing listing_gitlab;
/*
 * A script for sbatch(1), a job array with a task a test case, which has the plan in it.  Each
 * task's results are in a folder of their own in runs/PLAN/, a further one for each time that it is
 * begun.  Submitted again it plays what has no verdict yet.
 */
listing listing_slurm;
/* the plan alone: plan.h */
listing listing_plan;

#endif
