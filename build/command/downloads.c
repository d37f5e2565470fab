/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/downloads.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/command/gc.h"
#include "build/config/config.h"
#include "build/files/file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dropping {
	struct arena *a;
	const struct config *cfg;
	const struct downloads *d;
	const char **user;   /* by download: another OUTPUT that has it, or NULL */
	const char *unknown; /* an OUTPUT whose downloads cannot be listed, or NULL */
};

/* a regular file in CACHE/sources */
static bool
is_there(const struct dropping *g, size_t i, const char **path, off_t *size)
{
	struct stat st;

	*path = arena_printf(g->a, "%s/sources/%s", g->cfg->cache, g->d->names[i]);
	if (lstat(*path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*size = st.st_size;
	return true;
}

static size_t
count_there(const struct dropping *g)
{
	const char *path;
	size_t n = 0;
	off_t size;

	for (size_t i = 0; i < g->d->n; i++)
		n += is_there(g, i, &path, &size);
	return n;
}

/* a link to the sources of another OUTPUT, as lh-bisect makes, has none of ours */
int
downloads_list(struct arena *a, const struct config *cfg, struct downloads *out, struct err *e)
{
	const char *dir = arena_printf(a, "%s/sources", cfg->output);
	struct stat st;

	*out = (struct downloads){ 0 };
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return file_names(a, dir, false, &out->names, &out->n, e);
}

static int
look_into(void *arg, const char *output, bool there, struct err *e)
{
	struct dropping *g = arg;

	(void)e;
	if (!strcmp(output, g->cfg->output))
		return 0;
	if (!there)
		g->unknown = output;
	for (size_t i = 0; i < g->d->n; i++)
		if (file_exists(arena_printf(g->a, "%s/sources/%s", output, g->d->names[i])))
			g->user[i] = output;
	return 0;
}

static int
drop_unused(struct dropping *g, struct err *e)
{
	size_t gone = 0, left = 0;
	const char *user = NULL;
	double size = 0;

	for (size_t i = 0; i < g->d->n; i++) {
		const char *path;
		off_t bytes;

		if (!is_there(g, i, &path, &bytes))
			continue;
		if (g->user[i]) {
			user = g->user[i];
			left++;
			continue;
		}
		if (unlink(path) < 0)
			return fail_errno(e, "%s", path);
		size += (double)bytes;
		gone++;
	}
	log_info("CACHE %s: removed %zu downloads, %.1f MB", g->cfg->cache, gone, size / 1e6);
	if (left)
		log_info("CACHE %s: left %zu downloads that other OUTPUTs have, such as %s",
		    g->cfg->cache, left, user);
	log_info("CACHE %s: left what was built; lh-build gc removes what no OUTPUT needs",
	    g->cfg->cache);
	return 0;
}

int
downloads_drop(struct arena *a, const struct config *cfg, const struct downloads *d, struct err *e)
{
	struct dropping g = {
		.a = a, .cfg = cfg, .d = d, .user = arena_array(a, d->n + 1, sizeof *g.user)
	};
	struct err busy;
	int lock, r;

	/* below OUTPUT, it is gone already */
	if (!count_there(&g))
		return 0;
	if (gc_alone(a, cfg, "distclean", &lock, &busy) < 0) {
		log_warn(
		    "left %zu downloads in %s/sources: %s", count_there(&g), cfg->cache, busy.msg);
		return 0;
	}
	r = gc_each_output(a, cfg, look_into, &g, e);
	if (r == 0 && g.unknown)
		log_warn("left %zu downloads in %s/sources: OUTPUT %s, whose filesystem is not "
			 "mounted, may have them, too",
		    count_there(&g), cfg->cache, g.unknown);
	else if (r == 0)
		r = drop_unused(&g, e);
	close(lock);
	return r;
}
