/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_LANE_H
#define VERIFY_GUEST_LANE_H

#include "build/base/argv.h"
#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct manifest;

/*
 * A way to start a guest.  In lane "kernel" QEMU is handed the kernel and its command line; in
 * "diskless" that and its root, and there is no disk; in each other one a firmware finds the kernel
 * on the disk, as on a real machine, and whoever wants to tell the guest something has but the
 * disk's serial number to say it with.
 */
#define LANE_KERNEL "kernel"
#define LANE_DISKLESS "diskless"

/* all of them, that one first; NULL behind the last */
const char *lane_name(size_t i);
/* the lane that a guest of this manifest is in */
const char *lane_of(const struct manifest *m);
bool lane_has_firmware(const struct manifest *m);
bool lane_is_diskless(const struct manifest *m);
/* is that lane the one that is asked for, or among "firmware", which is all that have one, or
 * "all"? */
bool lane_meant(const char *asked, const char *lane);
/* is the image for that one, as its manifest says? */
bool lane_fits(const struct manifest *m, const char *lane);
/* says that it is for none that is asked for */
int lane_unfit(const char *asked, const char *manifest, struct err *e);
/* why the machine's own lane cannot be: what is not installed, which bus its firmware knows
 * nothing of, or that nothing would tell this boot from others; NULL: it can */
const char *lane_missing(struct arena *a, const struct manifest *m);
/* OPTION FILE PACKAGE [BUS...], as the manifest names a firmware: it is one that a package has
 * brought, and starts nothing from these */
bool lane_is_firmware(const char *value);
/* QEMU's option for the firmware of the manifest's lane */
void lane_push(struct argv *v, const struct manifest *m);

#endif
