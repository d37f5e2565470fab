/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_NAMED_H
#define VERIFY_BISECT_NAMED_H

#include "build/base/err.h"

struct arena;
struct names;

/* the scenarios, NULL-terminated, that are asked for, and the folders where they are to be */
struct named {
	const char *scenarios;
	const struct names *also;
	const char **only;
};

/*
 * They are there, as lh-verify says, which would say that they are not only when the first image is
 * built.  Whether an image meets what they require is seen when they are played.
 */
int named_check(struct arena *a, const char *lh_verify, const struct named *o, struct err *e);

#endif
