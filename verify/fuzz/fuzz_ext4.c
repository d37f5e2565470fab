/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the filesystem of an image: its names, the bytes of its files, and all that audits look at */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/manifest.h"
#include "build/fuzz/fuzz.h"
#include "verify/image/audit.h"
#include "verify/image/guestfs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
look(struct arena *a, const char *path)
{
	struct guestfs_entry *v, found;
	struct guestfs *g;
	struct err e = { 0 };
	struct buf list = { 0 };
	size_t nv, n;
	char *text;

	if (fuzz_failed(guestfs_open(path, 0, 0, &g, &e), &e))
		return;
	if (!fuzz_failed(guestfs_entries(a, g, &v, &nv, &e), &e))
		for (size_t i = 0; i < nv && i < 100; i++) {
			fuzz_failed(guestfs_read(a, g, v[i].path, &text, &n, &e), &e);
			fuzz_failed(guestfs_find(a, g, v[i].path, &found, &e) < 0 ? -1 : 0, &e);
		}
	fuzz_failed(guestfs_list(a, g, "rootfs", &list, &e), &e);
	buf_free(&list);
	fuzz_failed(guestfs_close(g, &e), &e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const checks[] = { "static", "baseline", "modes", "paths", "files",
		"table" };
	static const char table[] = "lh-files 2\nrootfs:/ 040755 0 0 - - x\n";
	static struct man_part part = { .name = "rootfs", .type = "ext4" };
	static const char *folder = "/build/";
	static struct manifest m = { .dir = "/",
		.elf = "ELF64 X86_64",
		.refuse = "avx",
		.image = "image",
		.parts = &part,
		.nparts = 1,
		.paths = &folder,
		.npaths = 1 };
	struct arena *a = arena_new();
	struct audit audit;
	struct err e = { 0 };
	char *path, hex[DIGEST_HEX];
	int disk;

	part.size = n;
	digest_bytes(table, sizeof table - 1, hex);
	m.files = fuzz_file(a, "files", table, sizeof table - 1);
	m.files_sha256 = hex;
	path = fuzz_file(a, "image", p, n);
	look(a, path);
	disk = open(path, O_RDONLY | O_CLOEXEC);
	fuzz_failed(guestfs_unmounted(disk, path, 0, &e), &e);
	close(disk);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		fuzz_failed(audit_run(a, checks[i], &m, path, &audit, &e), &e);
	arena_free(a);
	return 0;
}
