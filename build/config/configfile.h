/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_CONFIGFILE_H
#define BUILD_CONFIG_CONFIGFILE_H

#include "build/base/err.h"

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
};

int configfile_read(
    struct arena *a, const struct configfile *f, struct assignments *out, struct err *e);

#endif
