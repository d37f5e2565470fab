/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_PREPARE_H
#define VERIFY_PLAY_PREPARE_H

#include "build/base/err.h"

struct accel;
struct arena;
struct image;

/*
 * What an image's guests need before the first of them starts: its folder, a network of their own
 * when it is not trusted, an accelerator that works, and the copy with the guest agent.  wanted: as
 * for accel_choose()
 */
int prepare_image(
    struct arena *a, const char *wanted, struct image *im, struct accel *accel, struct err *e);
/* only that network */
int prepare_island(struct arena *a, struct image *im, struct err *e);
/* the network is gone */
void prepare_undo(struct image *im);

#endif
