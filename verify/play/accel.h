/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_ACCEL_H
#define VERIFY_PLAY_ACCEL_H

#include "build/base/err.h"

struct arena;
struct image;

/*
 * KVM is used where a guest really boots under it: a /dev/kvm that hangs every guest exists, and
 * QEMU does not notice.
 */
struct accel {
	const char *name; /* "tcg", "kvm" */
	const char *why;  /* "kvm: probe guest hung", or NULL */
	const char *cpu;  /* instead of the manifest's, or NULL */
};

/* wanted: tcg, kvm or auto; auto boots a probe guest, for at most about 10 s, in the image's folder
 */
int accel_choose(
    struct arena *a, const char *wanted, const struct image *i, struct accel *out, struct err *e);

#endif
