/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_CLOCK_H
#define BUILD_BASE_CLOCK_H

#include <stdint.h>

struct arena;

/* Monotonic time in nanoseconds.  Waiting has a deadline, kept in the thing that waits. */
typedef int64_t nstime;

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_NEVER INT64_MAX

nstime clock_now(void);
/* milliseconds until the deadline for poll(2), rounded up: 0 when it has passed, -1 for NS_NEVER */
int clock_poll_ms(nstime deadline);
/* "[mm:ss]", of a time that has passed, minutes as many as there are */
char *clock_stamp(struct arena *a, nstime passed);
/* "10s" "250ms" "2m" "1.5s" -> nanoseconds; -1 when it is no such thing */
nstime clock_parse(const char *text);

#endif
