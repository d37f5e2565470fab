/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_PICTURE_H
#define VERIFY_GUEST_PICTURE_H

#include <stdbool.h>

struct arena;
struct guest;
struct loop;

/*
 * A picture of what the guest's screen shows, as QEMU draws it, in a file of ours; format is "png"
 * or "ppm".  done is called once, from the loop, within 3 s: why is NULL, and the file is whole, or
 * why there is none.
 */
typedef void picture_done(void *arg, const char *why);

void picture_take(struct arena *a, struct loop *l, struct guest *g, const char *path,
    const char *format, picture_done *done, void *arg);

#endif
