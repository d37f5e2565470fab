/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/standin.h"

#include "build/base/arena.h"
#include "build/image/tree.h"

#include <errno.h>
#include <sys/stat.h>

static void
add_tree(struct tree *rootfs, const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct entry n = t->v[i];

		n.path = arena_printf(
		    rootfs->a, STANDIN_DIR "/%s%s%s", t->name, *n.path ? "/" : "", n.path);
		n.uid = n.gid = 0;
		if (n.type != ENTRY_LINK)
			n.mode &= 0755;
		tree_push(rootfs, &n);
	}
}

static int
add_owners(struct tree *rootfs, const char *path, size_t layer, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : fail_errno(e, "%s", path);
	tree_push(rootfs,
	    &(struct entry){ .path = arena_printf(rootfs->a, STANDIN_DIR "/owners.%02zu", layer),
		.type = ENTRY_FILE,
		.mode = 0644,
		.from = path,
		.size = (uint64_t)st.st_size,
		.package = layer ? "overlay" : "layout" });
	return 0;
}

int
standin_add(struct tree *rootfs, const struct tree *trees, size_t n, const char *const *owners,
    size_t nowners, struct err *e)
{
	if (!tree_find(rootfs, STANDIN_DIR))
		return 0;
	for (size_t i = 0; i < n; i++)
		add_tree(rootfs, &trees[i]);
	for (size_t layer = 0; layer < nowners; layer++)
		if (add_owners(rootfs, owners[layer], layer, e) < 0)
			return -1;
	return tree_sort(rootfs, e);
}
