/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/seal.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/memo.h"

#include <string.h>

#define SEAL "seal"

/* of a folder's names but the seal's, and of the trees below them */
static int
digest_sealed(const char *dir, char *hex, struct err *e)
{
	struct arena *a = arena_new();
	struct buf b = { 0 };
	char **names, tree[DIGEST_HEX];
	size_t n;
	int r = file_names(a, dir, true, &names, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		if (!strcmp(names[i], SEAL))
			continue;
		r = beneath_is(dir, names[i], BENEATH_FOLDER, e);
		r = r < 0 ? -1 : digest_tree(arena_printf(a, "%s/%s", dir, names[i]), tree, e);
		buf_addf(&b, "%s %s\n", tree, names[i]);
	}
	if (r == 0)
		digest_bytes(b.n ? b.p : "", b.n, hex);
	buf_free(&b);
	arena_free(a);
	return r;
}

int
seal_put(const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	char line[DIGEST_HEX];
	int r = digest_sealed(dir, line, e);

	if (r == 0) {
		line[DIGEST_HEX - 1] = '\n';
		r = file_write(arena_printf(a, "%s/" SEAL, dir), line, DIGEST_HEX, 0444, e);
	}
	arena_free(a);
	return r;
}

int
seal_check(const char *dir, struct memo *m, struct err *e)
{
	static const struct memo_kind way = {
		.name = "sealed", .digest = digest_sealed, .until_boot = true
	};
	struct arena *a = arena_new();
	char *said, hex[DIGEST_HEX];
	int r = -1;

	if (beneath_is(dir, "", BENEATH_FOLDER, e) >= 0 &&
	    beneath_read(a, dir, SEAL, DIGEST_HEX, &said, NULL, e) == 0 &&
	    memo_digest(m, &way, dir, hex, e) == 0) {
		said[strcspn(said, "\n")] = '\0';
		r = strcmp(said, hex) ? fail(e,
					    "%s: changed since it was made: digest %.12s, "
					    "sealed with %.12s",
					    dir, hex, said)
				      : 0;
	}
	arena_free(a);
	return r;
}
