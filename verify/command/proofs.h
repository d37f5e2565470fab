/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_COMMAND_PROOFS_H
#define VERIFY_COMMAND_PROOFS_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct scenario;

/*
 * Which service is proved to do what it is for?  services: the folder of s6-rc sources.  Each
 * longrun and oneshot there, and each that s6-linux-init and s6-rc bring themselves, has to be
 * named by the line `proves` of a scenario, which may not require it; a bundle is only a name for
 * others.  An error names all that are not, or the first line that names a service which does not
 * exist, or that has the scenario skipped when there is none.
 */
int proofs_lint(
    struct arena *a, const char *services, const struct scenario *v, size_t n, struct err *e);

#endif
