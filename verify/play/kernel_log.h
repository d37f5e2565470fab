/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_KERNEL_LOG_H
#define VERIFY_PLAY_KERNEL_LOG_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct scenario;
struct watch;

/*
 * What the kernel itself has logged.  Any program may write the words of a panic to the console,
 * and to /dev/kmsg too; but the log marks what a program wrote there, and a program cannot take the
 * mark away.  So the log says whether the kernel has said what the console shows.
 */
struct kernel_log {
	unsigned long tainted; /* as /proc/sys/kernel/tainted has it */
	struct kernel_record {
		unsigned level;	  /* 0 emergency .. 3 error .. 7 debug */
		const char *text; /* one line, its stamp in front */
	} * v;
	size_t n;
};

#define KERNEL_LOG_ERROR 3
#define KERNEL_LOG_ALL 7

/* for the guest's shell; what they print is for kernel_log_read() */
extern const char kernel_log_command[]; /* takes a kernel whose /proc is missing for untainted */
extern const char kernel_log_at_end[];	/* mounts /proc where it is missing */
/* a log without one record of the kernel is an error: it is none */
int kernel_log_read(
    struct arena *a, const char *out, size_t n, struct kernel_log *log, struct err *e);
/*
 * the first record of that level or a worse one that w matches and no `allow` of the scenario
 * excuses, or NULL
 */
const char *kernel_log_find(struct arena *a, const struct kernel_log *log, const struct scenario *s,
    const struct watch *w, unsigned level);

#endif
