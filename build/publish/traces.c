/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/traces.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BLOCK ((size_t)1 << 20)
#define LONGEST PATH_MAX /* of a trace */

static bool
among(const char *text, const char *const *v)
{
	while (*v && strcmp(*v, text) != 0)
		v++;
	return *v != NULL;
}

static void
add(struct traces *t, const char *text, const char *what, const char *const *own)
{
	if (!text || *text != '/' || strlen(text) < 3 || strlen(text) >= LONGEST ||
	    among(text, own) || t->n == sizeof t->v / sizeof *t->v)
		return;
	t->v[t->n++] = (struct trace){ text, what };
}

static void
add_host(struct arena *a, struct traces *t)
{
	struct utsname u;

	/* a shorter one is in any file that is large enough */
	if (uname(&u) < 0 || strlen(u.nodename) < 4 || !strcmp(u.nodename, "localhost"))
		return;
	t->v[t->n++] = (struct trace){ arena_printf(a, "@%s", u.nodename), "this machine" };
	t->v[t->n++] = (struct trace){ arena_printf(a, "\"%s\"", u.nodename), "this machine" };
}

void
traces_of(struct arena *a, const char *top, const char *output, const char *cache,
    const char *const *own, struct traces *out)
{
	const struct passwd *pw = getpwuid(getuid());
	const struct {
		const char *path, *what;
	} folders[] = { { top, "the checkout" }, { output, "OUTPUT" }, { cache, "CACHE" },
		{ getenv("HOME"), "the home folder" },
		{ pw ? arena_strdup(a, pw->pw_dir) : NULL, "the home folder" } };
	char real[PATH_MAX];

	*out = (struct traces){ 0 };
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		add(out, folders[i].path, folders[i].what, own);
		if (folders[i].path && realpath(folders[i].path, real) &&
		    strcmp(real, folders[i].path) != 0)
			add(out, arena_strdup(a, real), folders[i].what, own);
	}
	add_host(a, out);
}

/* the bytes from where on data is, with what was kept of the bytes before them */
static int
search_fd(const struct traces *t, int fd, const char *path, char *buffer, struct err *e)
{
	size_t kept = 0;
	off_t at = 0, data;

	for (;;) {
		ssize_t n = pread(fd, buffer + kept, BLOCK, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(e, "%s", path);
		if (n == 0)
			return 0;
		for (size_t i = 0; i < t->n; i++)
			if (memmem(buffer, kept + (size_t)n, t->v[i].text, strlen(t->v[i].text)))
				return fail(e,
				    "release: %s: says %s, which is %s; it is not given "
				    "away",
				    path, t->v[i].text, t->v[i].what);
		at += n;
		kept += (size_t)n;
		if (kept > LONGEST) {
			memmove(buffer, buffer + kept - LONGEST, LONGEST);
			kept = LONGEST;
		}
		data = lseek(fd, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO) /* a hole up to its end */
			return 0;
		if (data > at) {
			at = data;
			kept = 0;
		}
	}
}

int
traces_search_file(const struct traces *t, const char *path, struct err *e)
{
	int fd = file_open(path, O_NOFOLLOW, e), r;
	struct arena *a;

	if (fd < 0)
		return -1;
	a = arena_new();
	r = search_fd(t, fd, path, arena_alloc(a, BLOCK + LONGEST), e);
	arena_free(a);
	close(fd);
	return r;
}

struct searching {
	const struct traces *t;
	const char *dir;
};

static bool
is_packed(const char *name)
{
	static const char *const ends[] = { ".zst", ".xz", ".gz", ".bz2", ".qcow2" };
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) && !strcmp(name + n - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

static int
search_one(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct searching *s = arg;
	struct arena *a;
	int r;

	if (!S_ISREG(st->st_mode) || is_packed(rel))
		return 0;
	a = arena_new();
	r = traces_search_file(s->t, arena_printf(a, "%s/%s", s->dir, rel), e);
	arena_free(a);
	return r;
}

int
traces_search(const struct traces *t, const char *dir, struct err *e)
{
	struct searching s = { t, dir };

	return file_walk(dir, search_one, &s, e);
}
