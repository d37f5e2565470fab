/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_OVERLAY_H
#define VERIFY_PLAY_OVERLAY_H

struct testcase;

/*
 * A disk that the test case's guest may write to, in its folder: an overlay of the image, or a copy
 * of that of the state that it is forked from; none where there is nothing to boot.  Then done is
 * called, from the loop or at once; why: it could not be made, or NULL.
 */
typedef void overlay_done(struct testcase *c, const char *why);
void overlay_make(struct testcase *c, overlay_done *done);

#endif
