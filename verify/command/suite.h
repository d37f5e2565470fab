/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_COMMAND_SUITE_H
#define VERIFY_COMMAND_SUITE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct options;
struct scenario;

/*
 * The scenarios of a folder, with what lies beside them there; and those of the further folders,
 * for which the same holds.
 */
struct suite {
	struct scenario *v;
	size_t n;
	const char *watches;	 /* the file of watches that hold for all of them, or NULL */
	struct scenario *booted; /* how the state is reached that `after booted` names, or NULL */
};

/* a folder that is not there, and a name that two folders have, are wrong usage */
int suite_read(struct arena *a, const struct options *o, struct suite *out, struct err *e);
/* one file as if it were in the folder */
int suite_read_one(
    struct arena *a, const struct suite *s, const char *path, struct scenario *out, struct err *e);

#endif
