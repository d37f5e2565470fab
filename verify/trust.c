/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/trust.h"

#include "build/base/arena.h"
#include "build/files/manifest.h"
#include "verify/options.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum trust
trust_asked(const struct options *o)
{
	return o->trusted ? TRUST_YES : o->untrusted ? TRUST_NO : TRUST_BY_PLACE;
}

/* both are the true names of what is there */
static bool
is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '/' || (n && folder[n - 1] == '/'));
}

/* nobody but us, and root, has put anything there */
static bool
is_private(const char *folder)
{
	struct stat st;

	return stat(folder, &st) == 0 && (st.st_uid == geteuid() || st.st_uid == 0) &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

bool
trust_place(const char *path)
{
	char folder[PATH_MAX], real[PATH_MAX];
	struct arena *a = arena_new();
	const char *output;
	struct err ignored;
	bool is = realpath(path, real) && options_beside(a, "../output", &output, &ignored) == 0 &&
		  realpath(output, folder) && is_private(folder) && is_below(real, folder);

	arena_free(a);
	return is;
}

/* what is not there is somebody else's to tell */
static bool
is_outside(struct arena *a, const struct manifest *m, const char *folder, const char *file)
{
	const char *full = manifest_path(a, m, file);
	char real[PATH_MAX];

	return full && realpath(full, real) && !is_below(real, folder);
}

static int
fail_outside(struct arena *a, const struct manifest *m, const char *path, const char *key,
    const char *file, struct err *e)
{
	return fail_usage(e,
	    "%s: %s %s: is outside the manifest's folder, and this manifest is not trusted; put it "
	    "there, or say --trusted",
	    path, key, manifest_path(a, m, file));
}

static int
check_places(
    struct arena *a, struct manifest *m, const char *path, const char *folder, struct err *e)
{
	const struct {
		const char *key, *file;
	} files[] = { { "firmware", m->firmware }, { "kernel", m->kernel }, { "initrd", m->initrd },
		{ "boot-diskless", m->boot_diskless }, { "image", m->image },
		{ "symbols", m->symbols }, { "kernel-config", m->kernel_config },
		{ "files", m->files } };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (is_outside(a, m, folder, files[i].file))
			return fail_outside(a, m, path, files[i].key, files[i].file, e);
	for (size_t i = 0; i < m->nsboms; i++)
		if (is_outside(a, m, folder, m->sboms[i].file))
			return fail_outside(a, m, path, "sbom", m->sboms[i].file, e);
	/* they would be typed into the guest: maybe those of another image */
	if (is_outside(a, m, folder, m->credentials))
		m->credentials = NULL;
	return 0;
}

int
trust_settle(struct manifest *m, const char *path, enum trust asked, struct err *e)
{
	struct arena *a = arena_new();
	char real[PATH_MAX];
	int r = 0;

	if (!realpath(path, real)) {
		arena_free(a);
		return fail_errno(e, "%s", path);
	}
	m->untrusted = asked == TRUST_NO || (asked == TRUST_BY_PLACE && !trust_place(real));
	*strrchr(real, '/') = '\0';
	if (m->untrusted)
		r = check_places(a, m, path, *real ? real : "/", e);
	arena_free(a);
	return r;
}

int
trust_needed(const struct manifest *m, const char *path, const char *what, struct err *e)
{
	return m->untrusted ? fail_usage(e,
				  "%s: %s: only for an image that is trusted; if it is, "
				  "say --trusted",
				  what, path)
			    : 0;
}
