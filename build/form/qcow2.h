/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_QCOW2_H
#define BUILD_FORM_QCOW2_H

#include "build/base/err.h"

/*
 * A disk image as qcow2 (version 3, clusters of 64 KiB), compressed with deflate: what QEMU since
 * 1.7 boots from, and writes to, as it is.  A cluster of zeros is none in it.  The same image gives
 * the same bytes, whichever QEMU is here, or none; only another zlib may pack otherwise.
 */

/* path is replaced when it is complete, with mode 0600: passwords are in it, as in the image */
int qcow2_write(const char *image, const char *path, struct err *e);
/* version of zlib, as "1.2.13": another one may write other bytes */
const char *qcow2_library(void);

#endif
