/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_TOP_H
#define BUILD_CONFIG_TOP_H

#include "build/base/err.h"

struct arena;

/*
 * The checkout that a command works on, absolute: the one that is named (-C), or else the working
 * directory, or else the folder above the program's.
 */
int top_find(struct arena *a, const char *named, const char **out, struct err *e);

#endif
