/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/fd.h"
#include "build/fuzz/fuzz.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <unistd.h>

static char dir[PATH_MAX];

void
fuzz_must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "fuzz: does not hold: %s\n", what);
	abort();
}

bool
fuzz_failed(int r, const struct err *e)
{
	if (r >= 0)
		return false;
	fuzz_must(*e->msg, "an error has a text");
	fuzz_must(e->code == EXIT_WORK || e->code == EXIT_USAGE || e->code == EXIT_SYSTEM ||
		      e->code == EXIT_NOJUDGE,
	    "an error has an exit status of ours");
	return true;
}

static void
leave(void)
{
	file_remove(dir, &(struct err){ 0 });
}

const char *
fuzz_dir(void)
{
	if (!*dir) {
		snprintf(dir, sizeof dir, "%s/fuzz.XXXXXX", file_tmp());
		fuzz_must(mkdtemp(dir), "there is a place for files");
		atexit(leave);
	}
	return dir;
}

/* not by file_write: a rename costs more than most parsers do */
char *
fuzz_file(struct arena *a, const char *rel, const void *p, size_t n)
{
	char *path = arena_printf(a, "%s/%s", fuzz_dir(), rel);
	struct err e;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0) {
		file_mkparent(path, &e);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	fuzz_must(fd >= 0 && fd_write(fd, p, n, path, &e) == 0, "a file can be written");
	close(fd);
	return path;
}

void
fuzz_clean(const char *rel)
{
	char path[PATH_MAX + 128];

	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), rel);
	fuzz_must(file_remove(path, &(struct err){ 0 }) == 0, "what was made can be removed");
}
