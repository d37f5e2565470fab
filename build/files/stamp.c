/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/stamp.h"

#include "build/files/file.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* seconds: no filesystem's clock is coarser (FAT counts in twos) */
#define COARSEST 2

struct taking {
	struct digest *d;
	bool (*skip)(const char *rel);
	time_t now;
	bool settled;
};

bool
stamp_settled(const struct stat *st, time_t now)
{
	return st->st_mtim.tv_sec < now - COARSEST && st->st_ctim.tv_sec < now - COARSEST;
}

static int
add(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct taking *t = arg;
	const uint64_t told[] = {
		st->st_dev,
		st->st_ino,
		st->st_mode,
		(uint64_t)st->st_size,
		(uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec,
		(uint64_t)st->st_ctim.tv_sec,
		(uint64_t)st->st_ctim.tv_nsec,
	};

	(void)e;
	if (t->skip && t->skip(rel))
		return FILE_PRUNE;
	digest_add(t->d, rel, strlen(rel) + 1);
	digest_add(t->d, told, sizeof told);
	t->settled = t->settled && stamp_settled(st, t->now);
	return 0;
}

static int
take(const char *path, bool deep, bool (*skip)(const char *rel), struct stamp *out, struct err *e)
{
	struct taking t = { .d = digest_new(), .skip = skip, .now = time(NULL), .settled = true };
	struct stat st;
	int r = stat(path, &st) < 0 ? fail_errno(e, "%s", path) : 0;

	if (r == 0) {
		add(&t, "", &st, e);
		r = deep && S_ISDIR(st.st_mode) ? file_walk(path, add, &t, e) : 0;
	}
	digest_end(t.d, out->hex);
	out->settled = t.settled;
	return r;
}

int
stamp_one(const char *path, struct stamp *out, struct err *e)
{
	return take(path, false, NULL, out, e);
}

int
stamp_all(const char *path, bool (*skip)(const char *rel), struct stamp *out, struct err *e)
{
	return take(path, true, skip, out, e);
}
