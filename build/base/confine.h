/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_CONFINE_H
#define BUILD_BASE_CONFINE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct bpf;
struct child_limit;

/*
 * What a process that reads an image can still do.  An image may be anybody's, and the parsers of
 * filesystems and of code were not all written with an enemy in mind: so they run in a child that
 * can compute, read and write what it has open, and end, and no more: no file, no socket, no
 * program, no other process.  Its memory, its time and what it writes are bounded, too.
 */
#define CONFINE_MEMORY 2048 /* MiB */
#define CONFINE_SECONDS 600 /* of processor time */
#define CONFINE_WRITES 64   /* MiB a file, unless it is the image that it changes */

/* the bounds, for this process: before it opens anything; mib: a file that it writes, at most */
void confine_limits(unsigned long long mib);
/* its system calls, for ever; what it needs is open by now */
int confine_calls(struct err *e);

/*
 * Both for a process that from here on only looks at images, and beside them, and says what it has
 * seen: it may open files for reading.
 */
int confine_reader(struct err *e);

/*
 * The same for a program that looks at an image, to be started with these: it opens files for
 * reading, and none for anything else; it may have threads.
 */
const struct bpf *confine_program(const struct child_limit **limits, size_t *n);

/* why such a process did not end by itself, from its status as waitpid gives it; on the arena */
const char *confine_trouble(struct arena *a, int status);

#endif
