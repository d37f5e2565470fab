/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_KEPTDISK_H
#define VERIFY_GUEST_KEPTDISK_H

#include "build/base/err.h"

#include <stdbool.h>

struct manifest;

/*
 * A disk of somebody's own: a copy of the image, in which what the guest writes is kept.  file is
 * raw or qcow2; *format is what QEMU is to call it, and *made says that it is not there yet.  One
 * that another image was copied to is refused: the kernel looks for root by the partition's UUID.
 */
int keptdisk_look(
    const struct manifest *m, const char *file, const char **format, bool *made, struct err *e);
/* copies the image; its holes stay holes */
int keptdisk_make(const char *image, const char *file, struct err *e);

#endif
