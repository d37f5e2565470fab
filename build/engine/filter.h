/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_FILTER_H
#define BUILD_ENGINE_FILTER_H

#include "build/base/err.h"

/*
 * Which system calls a build step may make: a seccomp program.  All but those that compiling never
 * needs and attacks on a kernel start from: mounts, namespaces, modules, keys, BPF, tracing.
 */

/*
 * A file with the program, as `bwrap --seccomp` reads it: close-on-exec, at its beginning, the
 * caller's to close.  Who passes it on twice rewinds it.
 */
int filter_open(struct err *e);

#endif
