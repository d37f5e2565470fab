/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_GRAMMAR_H
#define VERIFY_GUEST_GRAMMAR_H

#include "build/base/err.h"

struct manifest;

/*
 * What a manifest's values may be.  A manifest is data, maybe a stranger's: its values become words
 * of QEMU's command line, parts of option lists, where a comma begins another option, and names of
 * folders.  So each of them has a grammar, and a file that is named is a regular file.  An error is
 * EXIT_USAGE: "PATH: KEY VALUE: what is allowed".
 */
int grammar_check(const struct manifest *m, const char *path, struct err *e);

#endif
