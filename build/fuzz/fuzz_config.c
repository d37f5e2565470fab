/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The variables of lh-config and their values: a line is a NAME=VALUE of the command line.  The
 * file itself is read by sh; what we read is what sh gives back, and that comes here the same way.
 */
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/config/config.h"
#include "build/files/lines.h"
#include "build/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

/* a checkout that has what the defaults name, and a home without anything */
static void
checkout(struct arena *a)
{
	static const char facts[] = "short x86_64\nconsole ttyS0\n";
	static const char set[] = "musl 1.2.5\n";

	fuzz_file(a, "sysdeps/x86_64-linux-musl/facts", facts, sizeof facts - 1);
	fuzz_file(a, "recipes/sets/2026-07", set, sizeof set - 1);
	setenv("HOME", fuzz_dir(), 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_CACHE_HOME");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static bool made;
	struct arena *a = arena_new();
	struct argv args = { .a = a };
	struct config c, static_;
	struct lines l;
	struct err e = { 0 };
	char *line;

	if (!made)
		checkout(a);
	made = true;
	lines_text(a, "fuzz", arena_strndup(a, (const char *)p, n), &l);
	while ((line = lines_next(&l)))
		argv_push(&args, line);
	if (!fuzz_failed(config_read(a, fuzz_dir(), args.v, args.n, &c, &e), &e)) {
		for (size_t i = 0; i < c.nvars; i++)
			fuzz_must(!strcmp(config_get(&c, c.vars[i].name), c.vars[i].value),
			    "a variable is found by its name");
		config_with_dhcp(a, &c, false, &static_);
		config_override(&c, "musl");
		config_version(&c, "s6-rc");
	}
	arena_free(a);
	return 0;
}
