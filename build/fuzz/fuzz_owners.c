/* SPDX-License-Identifier: GPL-2.0-or-later */
/* who owns what in the image: layout/owners, applied to two small filesystems, and its lint */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "build/image/tree.h"

#include <string.h>

static const struct entry entries[] = {
	{ .path = "bin", .type = ENTRY_DIR, .mode = 0755 },
	{ .path = "bin/su", .type = ENTRY_FILE, .mode = 0755, .from = "/dev/null" },
	{ .path = "etc", .type = ENTRY_DIR, .mode = 0755 },
	{ .path = "etc/shadow", .type = ENTRY_FILE, .mode = 0644, .from = "/dev/null" },
	{ .path = "home", .type = ENTRY_DIR, .mode = 0755 },
	{ .path = "home/guest", .type = ENTRY_DIR, .mode = 0755 },
	{ .path = "log", .type = ENTRY_DIR, .mode = 0755 },
	{ .path = "tmp", .type = ENTRY_DIR, .mode = 01777 },
};

static void
found(void *arg, const char *what)
{
	*(size_t *)arg += strlen(what);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct tree t[2], *trees[2] = { &t[0], &t[1] };
	struct err e = { 0 };
	size_t said = 0;
	const char *layout;

	fuzz_file(a, "rootfs/etc/passwd", "root:x:0:0::/:/bin/sh\n", 22);
	fuzz_file(a, "rootfs/etc/group", "root:x:0:\n", 10);
	layout = fuzz_file(a, "owners", p, n);
	for (size_t k = 0; k < 2; k++) {
		tree_init(a, k ? "rwfs" : "rootfs", &t[k]);
		for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
			tree_push(&t[k], &entries[i]);
		tree_sort(&t[k], &e);
	}
	fuzz_failed(owners_apply(a, &layout, 1, "s6", trees, 2, &e), &e);
	fuzz_failed(owners_lint(a, fuzz_dir(), found, &said, &e), &e);
	arena_free(a);
	return 0;
}
