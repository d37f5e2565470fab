/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_DROPROOT_H
#define VERIFY_DROPROOT_H

#include "build/base/err.h"

/*
 * Nothing here needs root, and QEMU least of all.  Started as root, we become the owner of the
 * folder that path (a file, or a folder) is in, or of the nearest above it that is there; when that
 * is root, too, we stay what we are, with a warning.  Before anything else is done.  out: a folder
 * to write to, or NULL; where path is there and out is not, it is made for the owner, who may not
 * be able to.
 */
int droproot_to_owner_of(const char *path, const char *out, struct err *e);
/* the same for what starts no QEMU: root's own files are root's to read, without a warning */
int droproot_to_read(const char *path, struct err *e);

#endif
