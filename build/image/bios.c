/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/bios.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSLINUX "/usr/bin/syslinux"
#define SECTOR_CODE "/usr/lib/syslinux/mbr/gptmbr.bin"

enum { CODE_MOST = 440 }; /* what follows it in the sector is of the partition table */

static const struct {
	const char *path, *package;
} needs[] = {
	{ SYSLINUX, "syslinux" }, { SECTOR_CODE, "syslinux-common" },
	{ "/usr/bin/mcopy", "mtools" }, /* by which it reaches the filesystem */
};

int
bios_digest(char hex[DIGEST_HEX], struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	for (size_t i = 0; i < sizeof needs / sizeof *needs && r == 0; i++) {
		char one[DIGEST_HEX];

		if (!file_exists(needs[i].path))
			r = fail_usage(e, "a BIOS needs %s, of package %s; or say BOOT=efi",
			    needs[i].path, needs[i].package);
		else if ((r = digest_file(needs[i].path, one, e)) == 0)
			buf_addf(&b, "%s %s\n", needs[i].package, one);
	}
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
	return r;
}

/* the first line of what it said, or how it ended */
static int
refused(struct arena *a, struct buf *said, int status, const char *image, struct err *e)
{
	const char *line = "";

	if (said->n) {
		buf_add(said, "", 1);
		said->p[strcspn((const char *)said->p, "\n")] = '\0';
		line = arena_printf(a, ": %s", (const char *)said->p);
	}
	fail(e, "%s: " SYSLINUX ": %s%s", image, child_status_text(a, status), line);
	if (strstr(line, strerror(ENOSPC))) {
		err_full(e, ENOSPC, image);
		e->code = EXIT_SYSTEM;
	}
	return -1;
}

/* nothing of whoever builds may change what it writes: no zone of time, no .mtoolsrc */
static int
run_syslinux(struct arena *a, const char *image, uint64_t offset, int64_t epoch, struct err *e)
{
	struct argv v = { .a = a }, env = { .a = a };
	struct child_opts o = { 0 };
	struct buf said = { 0 };
	int status, r;

	argv_pushv(&v, SYSLINUX, "--install", "--offset", arena_printf(a, "%" PRIu64, offset),
	    image, NULL);
	argv_pushv(&env, "PATH=/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "TZ=UTC",
	    arena_printf(a, "SOURCE_DATE_EPOCH=%" PRId64, epoch),
	    arena_printf(a, "TMPDIR=%s", file_tmp()), NULL);
	o.env = env.v;
	r = child_run(v.v, &o, &said, &status, e);
	if (r == 0 && status)
		r = refused(a, &said, status, image, e);
	buf_free(&said);
	return r;
}

static int
write_code(struct arena *a, const char *image, struct err *e)
{
	char *code;
	size_t n;
	int fd, r = 0;

	if (file_read(a, SECTOR_CODE, &code, &n, e) < 0)
		return -1;
	if (!n || n > CODE_MOST)
		return fail(e, SECTOR_CODE ": %zu bytes, where there is room for %d", n, CODE_MOST);
	fd = open(image, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(e, "%s", image);
	if (pwrite(fd, code, n, 0) != (ssize_t)n)
		r = fail_errno(e, "%s", image);
	if (close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", image);
	return r;
}

int
bios_install(const char *image, uint64_t offset, int64_t epoch, struct err *e)
{
	struct arena *a = arena_new();
	int r = run_syslinux(a, image, offset, epoch, e);

	if (r == 0)
		r = write_code(a, image, e);
	arena_free(a);
	return r;
}
