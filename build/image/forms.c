/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/forms.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/cache/pack.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/form/bmap.h"
#include "build/form/qcow2.h"
#include "build/image/tarball.h"

#include <stdbool.h>
#include <string.h>

static int
write_tar(const struct forms *f, size_t tree, const char *path, struct err *e)
{
	return tarball_write(f->trees[tree], path, f->epoch, e);
}

static int
write_qcow2(const struct forms *f, size_t tree, const char *path, struct err *e)
{
	(void)tree;
	return qcow2_write(f->image, path, e);
}

static int
write_bmap(const struct forms *f, size_t tree, const char *path, struct err *e)
{
	(void)tree;
	return bmap_write(f->image, f->map, path, e);
}

static int
write_cpio(const struct forms *f, size_t tree, const char *path, struct err *e)
{
	return tarball_diskless(f->trees[tree], f->init, path, f->epoch, e);
}

/* what has a say in the bytes of a form: another version may write others */
enum library { LIBARCHIVE = 1, LIBZSTD = 2, ZLIB = 4 };

static const struct {
	enum library is;
	const char *name;
	const char *(*version)(void);
} libraries[] = {
	{ LIBARCHIVE, "libarchive", pack_library },
	{ LIBZSTD, "libzstd", pack_zstd },
	{ ZLIB, "zlib", qcow2_library },
};

/* a file each, in the order they are written and told */
static const struct form {
	const char *word, *file;
	size_t tree; /* of forms.trees */
	int (*write)(const struct forms *f, size_t tree, const char *path, struct err *e);
	unsigned libraries;
	unsigned bytes; /* raise it when we write other ones of the same image; 0: never yet */
} forms[] = {
	{ "tar", "rootfs.tar", 0, write_tar, LIBARCHIVE, 0 },
	{ "tar", "rwfs.tar", 1, write_tar, LIBARCHIVE, 0 },
	{ "tar", "userfs.tar", 2, write_tar, LIBARCHIVE, 0 },
	{ "tar.zst", "rootfs.tar.zst", 0, write_tar, LIBARCHIVE | LIBZSTD, 0 },
	{ "tar.zst", "rwfs.tar.zst", 1, write_tar, LIBARCHIVE | LIBZSTD, 0 },
	{ "tar.zst", "userfs.tar.zst", 2, write_tar, LIBARCHIVE | LIBZSTD, 0 },
	{ "qcow2", "disk-image.qcow2", 0, write_qcow2, ZLIB, 2 },
	{ "bmap", "disk-image.bmap", 0, write_bmap, 0, 0 },
	{ "cpio", "diskless.cpio.gz", 0, write_cpio, LIBARCHIVE | ZLIB, 0 },
};

#define NFORMS (sizeof forms / sizeof *forms)

static struct man_form *
line_of(const struct manifest *m, const struct form *f)
{
	for (size_t i = 0; i < m->nforms; i++)
		if (!strcmp(m->forms[i].file, f->file))
			return &m->forms[i];
	return NULL;
}

void
forms_decide(struct arena *a, const char *words, struct manifest *m)
{
	for (size_t i = 0; i < NFORMS; i++) {
		char *rest = arena_strdup(a, words), *word;

		while ((word = word_next(&rest))) {
			if (strcmp(word, forms[i].word) != 0)
				continue;
			m->forms = arena_more(a, m->forms, m->nforms, sizeof *m->forms);
			m->forms[m->nforms++] =
			    (struct man_form){ forms[i].word, forms[i].file, NULL };
			if (forms[i].write == write_cpio)
				m->boot_diskless = forms[i].file;
			break;
		}
	}
}

const char *
forms_init(struct arena *a, const char *top)
{
	return arena_printf(a, "%s/layout/diskless/init", top);
}

int
forms_depend(
    struct arena *a, const char *init, const struct manifest *m, struct buf *key, struct err *e)
{
	char *hex = arena_alloc(a, DIGEST_HEX);
	unsigned used = 0;

	for (size_t i = 0; i < NFORMS; i++)
		if (line_of(m, &forms[i]))
			used |= forms[i].libraries;
	for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
		if (used & libraries[i].is)
			buf_addf(key, "%s %s\n", libraries[i].name, libraries[i].version());
	for (size_t i = 0; i < NFORMS; i++) {
		if (!line_of(m, &forms[i]))
			continue;
		if (forms[i].bytes)
			buf_addf(key, "%s %u\n", forms[i].word, forms[i].bytes);
		if (forms[i].write != write_cpio)
			continue;
		if (digest_file(init, hex, e) < 0)
			return -1;
		buf_addf(key, "init %s\n", hex);
	}
	return 0;
}

int
forms_write(struct arena *a, const struct forms *f, struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < NFORMS; i++) {
		const char *path = arena_printf(a, "%s/%s", f->dir, forms[i].file);
		struct man_form *line = line_of(m, &forms[i]);
		char *hex = arena_alloc(a, DIGEST_HEX);

		/* one that nobody asked for is of another image, or half of one */
		if (!line) {
			if (file_remove(path, e) < 0 ||
			    file_remove(arena_printf(a, "%s.tmp", path), e) < 0)
				return -1;
			continue;
		}
		if (forms[i].write(f, forms[i].tree, path, e) < 0 || digest_file(path, hex, e) < 0)
			return -1;
		line->sha256 = hex;
	}
	return 0;
}
