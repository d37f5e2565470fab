/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_INTERACTIVE_H
#define VERIFY_GUEST_INTERACTIVE_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;

/*
 * A guest for a person: the console on the terminal, ssh on a free port of 127.0.0.1, and no
 * agent.  What the guest writes is forgotten when it ends, so the image stays what its manifest
 * says. Says how to log in, then becomes QEMU; only returns on failure.  print: writes the command
 * line to stdout instead, and returns.
 */
int interactive_boot(
    struct arena *a, const char *manifest, const char *accel, bool print, struct err *e);

#endif
