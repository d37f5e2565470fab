/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_ONE_LINE_H
#define VERIFY_SCENARIO_ONE_LINE_H

#include <stddef.h>

struct arena;

/* any bytes as one short line: blanks squeezed, the unprintable as \xHH, cut at max characters */
char *one_line(struct arena *a, const char *p, size_t n, size_t max);

#endif
