/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/test/checkout.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/test/harness.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *rel, *text;
} files[] = {
	{ "sysdeps/x86_64-linux-musl/facts", CHECKOUT_FACTS("x86_64", "gcc", "ELF64 X86_64") },
	{ "sysdeps/x86_64-linux-musl/kernel.conf", "CONFIG_64BIT=y\n" },
	{ "sysdeps/i486-linux-musl/facts", CHECKOUT_FACTS("i486", "gcc", "ELF32 386") },
	{ "sysdeps/README", "not a triple\n" },
	{ "sysdeps/default", "# what is meant\nx86_64-linux-musl\n" },
	{ "recipes/sets/2026-07", "# newest\none 1.0\ntwo 2.0\n" },
	{ "recipes/sets/2024-10", "one 0.9\n" },
	{ "recipes/profiles/s6", "target/two\n" },
	{ "home/.keep", "" },
};

void
checkout_file(struct arena *a, const char *top, const char *rel, const char *text)
{
	char *path = arena_printf(a, "%s/%s", top, rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

char *
checkout_new(struct arena *a)
{
	char *top = arena_printf(a, "%s/top", test_dir());

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		checkout_file(a, top, files[i].rel, files[i].text);
	setenv("HOME", arena_printf(a, "%s/home", top), 1);
	for (size_t i = 0; config_name(i); i++)
		unsetenv(config_name(i));
	for (char **v = environ; *v;) {
		char *name = arena_strndup(a, *v, strcspn(*v, "="));

		if (config_of_package(name, NULL))
			unsetenv(name); /* those behind it move here */
		else
			v++;
	}
	unsetenv("XDG_CACHE_HOME");
	unsetenv("XDG_CONFIG_HOME");
	return top;
}
