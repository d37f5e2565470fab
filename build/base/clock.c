/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/clock.h"

#include "build/base/arena.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

nstime
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

int
clock_poll_ms(nstime deadline)
{
	nstime left, ms;

	if (deadline == NS_NEVER)
		return -1;
	left = deadline - clock_now();
	if (left <= 0)
		return 0;
	/* rounded up, or poll would wake just before the deadline and spin */
	ms = (left + NS_PER_MS - 1) / NS_PER_MS;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

char *
clock_stamp(struct arena *a, nstime passed)
{
	int64_t seconds = passed / NS_PER_S;

	return arena_printf(a, "[%02" PRId64 ":%02" PRId64 "]", seconds / 60, seconds % 60);
}

nstime
clock_parse(const char *text)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 } };
	char *end;
	double d;

	if (*text < '0' || *text > '9') /* strtod would take signs, blanks and "inf" */
		return -1;
	d = strtod(text, &end);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (!strcmp(end, units[i].unit) && d * units[i].ns < 9e18)
			return (nstime)(d * units[i].ns);
	return -1;
}
