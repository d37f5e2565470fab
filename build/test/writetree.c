/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * For bench-image: what we do with a folder, and the least that anybody has to do.
 *
 *	writetree ext4 FOLDER IMAGE MIB     an ext4 filesystem of it, in place behind the first MiB
 *	writetree copy FOLDER IMAGE MIB     its files' bytes one behind the other, and nothing else
 *
 * Both end when the bytes are on the disk.
 */
#include "build/base/arena.h"
#include "build/base/err.h"
#include "build/image/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define BLOCK 4096

static int image;

static int
write_ext4(const char *dir, const char *path, uint64_t mib, struct err *e)
{
	struct fs_opts o = {
		.image = path, .offset = MIB, .size = mib * MIB, .label = "bench", .epoch = 1
	};
	struct arena *a = arena_new();
	struct tree t;
	int r;

	memset(o.uuid, 7, sizeof o.uuid);
	tree_init(a, "bench", &t);
	r = tree_add(&t, dir, "bench", e);
	if (r == 0)
		r = tree_sort(&t, e);
	if (r == 0)
		r = fs_check(&t, o.uuid, o.size, "MIB", e);
	if (r == 0)
		r = fs_write(&o, &t, e);
	arena_free(a);
	return r;
}

static int
copy_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	static char buf[1 << 20];
	static off_t at;
	int fd;
	ssize_t n;

	(void)where;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof buf)) > 0) {
		if (pwrite(image, buf, (size_t)n, at) != n)
			break;
		at += (n + BLOCK - 1) / BLOCK * BLOCK;
	}
	close(fd);
	return n != 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct err e = { 0 };
	uint64_t mib = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
	int r;

	if (argc != 5 || !mib || (strcmp(argv[1], "ext4") != 0 && strcmp(argv[1], "copy") != 0)) {
		fprintf(stderr, "usage: writetree ext4|copy FOLDER IMAGE MIB\n");
		return EXIT_USAGE;
	}
	image = open(argv[3], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (image < 0 || ftruncate(image, (off_t)((mib + 1) * MIB)) < 0)
		r = fail_errno(&e, "%s", argv[3]);
	else if (!strcmp(argv[1], "ext4"))
		r = write_ext4(argv[2], argv[3], mib, &e);
	else if (nftw(argv[2], copy_file, 64, FTW_PHYS) != 0)
		r = fail_errno(&e, "%s", argv[2]);
	else
		r = 0;
	if (r == 0 && fdatasync(image) < 0)
		r = fail_errno(&e, "%s", argv[3]);
	if (r < 0)
		fprintf(stderr, "writetree: %s\n", e.msg);
	return r < 0 ? e.code : 0;
}
