/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_HARDENING_H
#define VERIFY_IMAGE_HARDENING_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct elf;
struct manifest;

/*
 * What makes it hard to turn a mistake in a program, or in the kernel, into a way in: two tables of
 * measures, each with a name.  A line `differs hardening NAME REASON` of the manifest says which
 * ones an image does without; `programs` and `kernel` stand for a whole table.
 */

typedef void hardening_found(void *arg, const char *what);

/* tells each measure that a program lacks */
void hardening_program(
    const struct manifest *m, const struct elf *f, hardening_found *found, void *arg);

/*
 * text: the kernel's .config; tells each measure that it lacks, and each that it has though a
 * `differs` says otherwise.  -1: a `differs` has the name of no measure
 */
int hardening_kernel(struct arena *a, const struct manifest *m, const char *text,
    hardening_found *found, void *arg, struct err *e);

#endif
