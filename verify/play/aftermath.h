/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_AFTERMATH_H
#define VERIFY_PLAY_AFTERMATH_H

struct testcase;

/*
 * When a test case has failed: what its guest is doing, a picture where it may have spoken on its
 * screen alone, and the guest itself, kept as it was, where there is room.  They are in the result
 * when done is called, from the loop; it is not when the test case is interrupted meanwhile.
 */
void aftermath_start(struct testcase *c, void (*done)(struct testcase *c));

#endif
