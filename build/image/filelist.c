/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/filelist.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
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
add_entry(struct arena *a, struct buf *out, const char *fs, const struct entry *n, struct err *e)
{
	char hex[DIGEST_HEX];
	struct filetable_row r = { .name = arena_printf(a, "%s:/%s", fs, n->path),
		.mode = types[n->type] | n->mode,
		.uid = n->uid,
		.gid = n->gid,
		.size = n->size,
		.major = n->major,
		.minor = n->minor,
		.target = n->type == ENTRY_LINK ? n->target : NULL,
		.package = n->package };

	if (n->type == ENTRY_FILE) {
		if (digest_file(n->from, hex, e) < 0)
			return -1;
		r.sha256 = hex;
	}
	filetable_add(out, &r);
	return 0;
}

static int
add_tree(struct arena *a, struct buf *out, const struct tree *t, struct err *e)
{
	static const struct entry lost = {
		.path = "lost+found", .type = ENTRY_DIR, .mode = 0700, .package = "lh-build"
	};

	for (size_t i = 0; i < t->n; i++)
		if (add_entry(a, out, t->name, &t->v[i], e) < 0)
			return -1;
	return add_entry(a, out, t->name, &lost, e);
}

int
filelist_write(struct tree *const *trees, size_t ntrees, const char *path, struct err *e)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	int r = 0;

	filetable_begin(&out);
	for (size_t t = 0; t < ntrees && r == 0; t++)
		r = add_tree(a, &out, trees[t], e);
	if (r == 0)
		r = file_write(path, out.p, out.n, 0644, e);
	buf_free(&out);
	arena_free(a);
	return r;
}
