/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_WHOLE_H
#define BUILD_FORM_WHOLE_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

/* All n bytes at a place, or an error that names the file; a file that ends before is one. */
int whole_read(int fd, void *p, size_t n, uint64_t at, const char *name, struct err *e);
int whole_write(int fd, const void *p, size_t n, uint64_t at, const char *name, struct err *e);

#endif
