/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/tarball.h"

#include "build/base/arena.h"
#include "build/cache/pack.h"
#include "build/image/tree.h"

#include <sys/stat.h>

static const mode_t types[] = {
	[ENTRY_DIR] = S_IFDIR,
	[ENTRY_FILE] = S_IFREG,
	[ENTRY_LINK] = S_IFLNK,
	[ENTRY_FIFO] = S_IFIFO,
	[ENTRY_CHAR] = S_IFCHR,
	[ENTRY_BLOCK] = S_IFBLK,
};

static int
write_archive(const struct tree *t, struct pack *p, struct err *e)
{
	struct arena *a;
	int r = 0;

	if (!p)
		return -1;
	pack_private(p); /* the hashes of the passwords are in it */
	a = arena_new();
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct entry *n = &t->v[i];

		/* ./ is the root itself, whose owner counts too */
		r = pack_put(p,
		    &(struct pack_entry){ .name = arena_printf(a, "./%s", n->path),
			.mode = types[n->type] | n->mode,
			.uid = n->uid,
			.gid = n->gid,
			.path = n->from,
			.size = n->size,
			.target = n->target,
			.major = n->major,
			.minor = n->minor },
		    e);
	}
	arena_free(a);
	if (r == 0)
		return pack_end(p, e);
	pack_abandon(p);
	return -1;
}

int
tarball_write(const struct tree *t, const char *path, int64_t epoch, struct err *e)
{
	return write_archive(t, pack_new(path, epoch, e), e);
}

int
tarball_diskless(
    const struct tree *rootfs, const char *init, const char *path, int64_t epoch, struct err *e)
{
	struct arena *a = arena_new();
	struct tree t = { .a = a, .name = rootfs->name };
	struct stat st;
	int r = 0;

	if (lstat(init, &st) < 0)
		r = fail_errno(e, "%s", init);
	for (size_t i = 0; i < rootfs->n && r == 0; i++)
		tree_push(&t, &rootfs->v[i]);
	if (r == 0) {
		tree_push(&t, &(struct entry){ .path = "init",
				  .type = ENTRY_FILE,
				  .mode = 0755,
				  .from = init,
				  .size = (uint64_t)st.st_size,
				  .package = "layout/diskless" });
		r = tree_sort(&t, e);
	}
	if (r == 0)
		r = write_archive(&t, pack_new_cpio(path, epoch, e), e);
	arena_free(a);
	return r;
}
