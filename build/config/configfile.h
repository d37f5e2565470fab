/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_CONFIGFILE_H
#define BUILD_CONFIG_CONFIGFILE_H

#include "build/base/err.h"
#include "build/base/user.h"

#include <stddef.h>

struct arena;

struct assignment {
	const char *name, *value;
};

struct assignments {
	struct assignment *v;
	size_t n;
};

/*
 * One lh-config: sh runs it, in dir and with nothing in its environment but `given`,
 * and tells what it set.  The first nfixed of given are for the file to read, not to
 * change: its own assignments to them, where they begin a line, are put out of the way,
 * so that what it derives from TRIPLE follows the command line's TRIPLE.  A mistake in
 * the file is EXIT_USAGE, "shown:LINE: what sh said".
 */
struct configfile {
	const char *path, *shown, *dir;
	struct assignments given;
	size_t nfixed;
	struct user owner; /* found out: whose word it is, when root reads it */
};

int configfile_read(struct arena *a, struct configfile *f, struct assignments *out, struct err *e);

#endif
