/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources as they come: archives, unpacked; nothing appears but below the folder that is meant */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/fuzz/fuzz.h"
#include "build/source/unpack.h"

#include <dirent.h>

/* the archive and the folder, and nothing beside them */
static size_t
names(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct unpack_look look[] = { { .path = "configure" }, { .path = "src/x" } };
	struct arena *a = arena_new();
	char *archive = fuzz_file(a, "a/archive", p, n);
	char *around = arena_printf(a, "%s/a", fuzz_dir());
	char *dir = arena_printf(a, "%s/out", around);
	struct err e = { 0 };

	fuzz_failed(unpack_look(archive, 1, 64, look, 2, &e), &e);
	file_mkdirs(dir, 0700, &e);
	fuzz_failed(
	    unpack_with(archive, dir, &(struct unpack_opts){ .strip = n & 1, .most = 64 }, &e), &e);
	fuzz_must(names(around) == 2, "nothing is unpacked outside of the folder");
	fuzz_clean("a/out");
	arena_free(a);
	return 0;
}
