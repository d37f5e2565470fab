/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_OUTCOME_H
#define VERIFY_PLAY_OUTCOME_H

struct testcase;

/*
 * What stays of a test case that has its verdict: the file `verdict` in its folder, or else it is
 * inconclusive; what `vm save` saved, or the disk of one that may be looked into; and the result,
 * copied to what outlives the test case.
 */
void outcome_keep(struct testcase *c);

#endif
