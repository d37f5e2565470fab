/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PLAN_TOOLCHAIN_H
#define BUILD_PLAN_TOOLCHAIN_H

#include "build/base/err.h"

struct arena;
struct argv;
struct sysdeps;

/*
 * A cross toolchain, ours or the one CROSS_BASE names, put to the test before anything is built
 * with it.
 */
struct toolchain {
	const char *gcc;	 /* TRIPLE-gcc as the command calls it */
	const struct argv *wrap; /* words before it: the sandbox's, or none */
	int filter;		 /* which these name: file that each run reads from its beginning */
	char *const *env;
	const char *dir;    /* folder to work in; it exists */
	const char *inside; /* the same as the compiler sees it */
};

/*
 * Compiles and links a program, runs nothing: it must come out static, for the machine
 * that sd's fact `elf` tells, and not from glibc.  The message is one line.
 */
int toolchain_check(
    struct arena *a, const struct toolchain *t, const struct sysdeps *sd, struct err *e);

#endif
