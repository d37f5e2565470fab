/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_FD_H
#define BUILD_BASE_FD_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Open descriptors. */

/* writes all n bytes or fails; name for the message */
int fd_write(int fd, const void *p, size_t n, const char *name, struct err *e);
/* writes all n bytes at *at, which comes to stand behind what was written; -1 with errno */
int fd_pwrite(int fd, const void *p, size_t n, uint64_t *at);
/* sets FD_CLOEXEC, sets O_NONBLOCK; -1 with errno */
int fd_cloexec(int fd);
int fd_nonblock(int fd);
/* closes that one and all above it */
void fd_close_from(int first);

#endif
