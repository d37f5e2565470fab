/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_OVERLAY_H
#define VERIFY_PLAY_OVERLAY_H

struct testcase;

/*
 * A disk that the test case's guest may write to, in its folder: an overlay of the image, or a copy
 * of that of the state that it is forked from; none where there is nothing to boot.  Then done is
 * called, from the loop or at once, unless it makes the test case inconclusive.
 */
void overlay_make(struct testcase *c, void (*done)(struct testcase *c));

#endif
