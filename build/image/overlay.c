/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/overlay.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/image/tree.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#define MOST (sizeof((struct overlays *)0)->dirs / sizeof(char *))

/* what a folder may hold at its top; a filesystem that there is none of lies in the rootfs */
static const struct part {
	const char *name;
	enum beneath is;
	const char *size;
	size_t mb; /* where struct config has the size */
} parts[] = {
	{ "rootfs", BENEATH_FOLDER, "ROOTFS_SIZE", offsetof(struct config, rootfs_mb) },
	{ "rwfs", BENEATH_FOLDER, "RWFS_SIZE", offsetof(struct config, rwfs_mb) },
	{ "userfs", BENEATH_FOLDER, "USERFS_SIZE", offsetof(struct config, userfs_mb) },
	{ "owners", BENEATH_FILE, NULL, 0 },
};

struct weighing {
	struct arena *a;
	const struct config *cfg;
	const struct part *part;
	const char *dir;
	uint64_t bytes;
};

/* before it is read: reading a file that is nothing but a hole may take hours */
static int
weigh(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct weighing *w = arg;
	unsigned mb = *(const unsigned *)((const char *)w->cfg + w->part->mb);
	const char *path = arena_printf(w->a, "%s/%s/%s", w->dir, w->part->name, rel);

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode))
		return fail_usage(
		    e, "OVERLAY: %s: neither file, folder nor symlink; remove it", path);
	/* here, too, for the digest has none of it */
	if (tree_is_plain(path, e) < 0)
		return wrap(e, "OVERLAY");
	if (!S_ISREG(st->st_mode))
		return 0;
	w->bytes += (uint64_t)st->st_size;
	if (w->bytes >> 20 < (mb ? mb : w->cfg->rootfs_mb))
		return 0;
	return fail_usage(e,
	    "OVERLAY: %s: with it, %s needs %" PRIu64 " MiB, more than %s allows; remove it, "
	    "or set %s",
	    path, w->part->name, (w->bytes >> 20) + 1, mb ? w->part->size : "ROOTFS_SIZE",
	    mb ? w->part->size : "ROOTFS_SIZE");
}

static int
check_part(
    struct arena *a, const struct config *cfg, const char *dir, const char *name, struct err *e)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!strcmp(parts[i].name, name)) {
			struct weighing w = { .a = a, .cfg = cfg, .part = &parts[i], .dir = dir };

			if (beneath_is(dir, name, parts[i].is, e) < 0) {
				e->code = EXIT_USAGE;
				return wrap(e, "OVERLAY");
			}
			return parts[i].size ? beneath_walk(dir, name, weigh, &w, e) : 0;
		}
	return fail_usage(e,
	    "OVERLAY: %s/%s: files belong in rootfs/, rwfs/ or userfs/, and their owners in the "
	    "file owners; move it",
	    dir, name);
}

static int
read_one(struct arena *a, const struct config *cfg, const char *dir, struct memo *m,
    char hex[DIGEST_HEX], struct err *e)
{
	char **names;
	size_t n;

	if (file_names(a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_part(a, cfg, dir, names[i], e) < 0)
			return -1;
	if (memo_digest(m, &memo_plain, dir, hex, e) == 0)
		return 0;
	e->code = EXIT_USAGE; /* a device, or what may not be read */
	return wrap(e, "OVERLAY");
}

int
overlays_read(
    struct arena *a, const struct config *cfg, struct memo *m, struct overlays *out, struct err *e)
{
	size_t n;
	const char **v = config_folders(a, cfg, "OVERLAY", &n);

	*out = (struct overlays){ .n = 1 };
	out->owners[0] = arena_printf(a, "%s/layout/owners", cfg->top);
	if (n >= MOST)
		return fail_usage(e, "OVERLAY: %zu folders; at most %zu", n, MOST - 1);
	for (size_t i = 0; i < n; i++, out->n++) {
		out->dirs[out->n] = v[i];
		out->owners[out->n] = arena_printf(a, "%s/owners", v[i]);
		if (read_one(a, cfg, v[i], m, out->digests[out->n], e) < 0)
			return -1;
	}
	return 0;
}

int
overlays_lay(const struct overlays *o, struct tree *trees, size_t n, struct err *e)
{
	for (size_t layer = 1; layer < o->n; layer++)
		for (size_t i = 0; i < n; i++) {
			const char *dir =
			    arena_printf(trees[i].a, "%s/%s", o->dirs[layer], trees[i].name);

			if (tree_lay(&trees[i], dir, "overlay", layer, e) < 0)
				return wrap(e, "OVERLAY");
		}
	return 0;
}
