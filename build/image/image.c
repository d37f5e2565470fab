/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/image.h"

#include "build/base/arena.h"
#include "build/base/beneath.h"
#include "build/base/buf.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/base/manifest.h"
#include "build/config/config.h"
#include "build/image/disk.h"
#include "build/image/diskplan.h"
#include "build/image/filelist.h"
#include "build/image/fs.h"
#include "build/plan/plan.h"
#include "build/image/record.h"
#include "build/image/tree.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* what an image is being made of */
struct content {
	struct tree trees[4]; /* rootfs rwfs userfs extra */
	struct tree *all[4];
	char owners[DIGEST_HEX];
	char extra[DIGEST_HEX]; /* of the tree; empty when there is nothing for it */
	const struct node *kernel;
};

enum { ROOTFS, RWFS, USERFS, EXTRA, NTREES };

static const char *const tree_names[NTREES] = { "rootfs", "rwfs", "userfs", "extra" };

/* ---- what goes in ---- */

/* does a package bring something for the disk: libraries don't, nor does a kernel without modules
 */
static bool
is_content(const struct node *n)
{
	struct arena *a;
	bool any = false;

	if (n->variant != VARIANT_TARGET || !n->recipe->image)
		return false;
	a = arena_new();
	for (size_t t = ROOTFS; t < EXTRA; t++)
		any = any || file_isdir(arena_printf(a, "%s/out/%s", n->store, tree_names[t]));
	arena_free(a);
	return any;
}

/* what the key needs: digests of outputs are known, only what is not from the store is read */
static int
survey(struct arena *a, const struct config *cfg, const struct plan *p, struct content *c,
    struct err *e)
{
	for (size_t i = 0; i < NTREES; i++) {
		tree_init(a, tree_names[i], &c->trees[i]);
		c->all[i] = &c->trees[i];
	}
	c->kernel = plan_find(p, "target/linux");
	if (!c->kernel)
		return fail_usage(e, "profile %s has no target/linux, so no kernel", p->profile);
	if (digest_file(arena_printf(a, "%s/layout/owners", cfg->top), c->owners, e) < 0)
		return -1;
	if (!*cfg->host_host_base)
		return 0;
	if (tree_add(&c->trees[EXTRA], cfg->host_host_base, "HOST_HOST_BASE", e) < 0 ||
	    tree_sort(&c->trees[EXTRA], e) < 0)
		return -1;
	return tree_digest(&c->trees[EXTRA], c->extra, e);
}

/* all that the bytes of the disk depend on; raise the number when fs.c or disk.c write other ones
 */
static void
seed_of(
    const struct config *cfg, const struct plan *p, const struct content *c, char hex[DIGEST_HEX])
{
	struct buf b = { 0 };

	buf_addf(&b, "lh-disk 1\nepoch %s\nprofile %s\nowners %s\nextra %s\n",
	    config_get(cfg, "EPOCH"), p->profile, c->owners, c->extra);
	for (size_t i = 0; i < NPARTITIONS; i++)
		buf_addf(&b, "%s %u\n", partitions[i].name, partition_mb(cfg, &partitions[i]));
	for (size_t i = 0; i < p->n; i++)
		if (is_content(&p->v[i]))
			buf_addf(&b, "output %s %s\n", p->v[i].id, p->v[i].output);
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
}

/* of everything: the disk, the kernel beside it, and what is said of them */
static void
key_of(
    const struct content *c, const char *seed_hex, const struct manifest *m, char hex[DIGEST_HEX])
{
	struct buf b = { 0 };

	buf_addf(&b, "lh-image 1\ndisk %s\nkernel %s\n", seed_hex, c->kernel->output);
	manifest_format(m, &b);
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
}

/* the trees, with owners, from the outputs of all packages */
static int
gather(struct arena *a, const struct config *cfg, const struct plan *p, struct content *c,
    struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t t = ROOTFS; t < EXTRA; t++)
			if (is_content(&p->v[i]) &&
			    tree_add(&c->trees[t],
				arena_printf(a, "%s/out/%s", p->v[i].store, tree_names[t]),
				p->v[i].recipe->name, e) < 0)
				return -1;
	for (size_t t = ROOTFS; t < EXTRA; t++)
		if (tree_sort(&c->trees[t], e) < 0)
			return -1;
	return owners_apply(
	    a, arena_printf(a, "%s/layout/owners", cfg->top), p->profile, c->all, NTREES, e);
}

static struct tree *
tree_of(struct content *c, const char *name)
{
	for (size_t i = 0; i < NTREES; i++)
		if (!strcmp(tree_names[i], name))
			return &c->trees[i];
	return NULL; /* swap */
}

/* root is read-only, so what is mounted on must be there */
static int
check_mount_points(const struct tree *rootfs, struct err *e)
{
	static const char *const points[] = { "dev", "home", "proc", "run", "sys", "tmp", "var" };

	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		const struct entry *n = tree_find(rootfs, points[i]);

		if (!n || (n->type != ENTRY_DIR && n->type != ENTRY_LINK))
			return fail(e,
			    "rootfs: /%s is %s, and something has to be mounted there; layout/ "
			    "must have it",
			    points[i], n ? "no folder" : "missing");
	}
	return 0;
}

static int
check_sizes(const struct config *cfg, struct content *c, struct err *e)
{
	for (size_t i = 0; i < NPARTITIONS; i++) {
		const struct tree *t = tree_of(c, partitions[i].name);
		unsigned mb = partition_mb(cfg, &partitions[i]);
		uint64_t need;

		if (t && mb && fs_check(t, (uint64_t)mb << 20, partitions[i].variable, e) < 0)
			return -1;
		if (t && !mb && t == &c->trees[EXTRA] && *c->extra) {
			if (fs_need(t, &need, e) < 0)
				return -1;
			return fail_usage(e,
			    "HOST_HOST_BASE %s is to be copied to extra, but EXTRA_SIZE is 0; set "
			    "EXTRA_SIZE to %" PRIu64 " or more",
			    cfg->host_host_base, need);
		}
	}
	return 0;
}

/* ---- is it there ---- */

/* nobody wrote to it after the manifest, which is written last: a guest that ran on it may have */
static bool
untouched(const char *path, const struct stat *manifest)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	if (st.st_mtim.tv_sec != manifest->st_mtim.tv_sec)
		return st.st_mtim.tv_sec < manifest->st_mtim.tv_sec;
	return st.st_mtim.tv_nsec <= manifest->st_mtim.tv_nsec;
}

static bool
is_there(struct arena *a, const char *dir, const char *key)
{
	static const char *const written[] = { "disk-image.raw", "kernel", "System.map", "files",
		"rootfs", "rwfs", "userfs" };
	const char *path = arena_printf(a, "%s/manifest", dir);
	struct manifest m;
	struct err ignored;
	struct stat st;

	if (stat(path, &st) < 0 || manifest_read(a, path, &m, &ignored) < 0 || !m.key ||
	    strcmp(m.key, key))
		return false;
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		if (!untouched(arena_printf(a, "%s/%s", dir, written[i]), &st))
			return false;
	return true;
}

/* ---- writing ---- */

static int
write_parts(const struct config *cfg, const char *image, const struct diskplan *l,
    const char *seed_hex, struct content *c, struct err *e)
{
	if (disk_write(image, l->disk_uuid, l->parts, l->nparts, e) < 0)
		return -1;
	for (size_t i = 0; i < l->nparts; i++) {
		const struct disk_part *p = &l->parts[i];
		const struct tree *t = tree_of(c, p->name);
		struct fs_opts o = { .image = image,
			.offset = p->start,
			.size = p->size,
			.label = p->name,
			.epoch = strtoll(config_get(cfg, "EPOCH"), NULL, 10) };
		char name[64];

		/* not the partition's: who looks for one shall not find the other */
		snprintf(name, sizeof name, "%s filesystem", p->name);
		diskplan_uuid(seed_hex, name, o.uuid, NULL);
		if ((t ? fs_write(&o, t, e)
		       : swap_write(image, p->start, p->size, p->name, o.uuid, e)) < 0)
			return -1;
	}
	return 0;
}

/* complete or not at all: the bytes are on the disk before they have their name */
static int
write_image(struct arena *a, const struct config *cfg, const char *path, const struct diskplan *l,
    const char *seed_hex, struct content *c, struct err *e)
{
	const char *tmp = arena_printf(a, "%s.tmp", path);
	int fd, r;

	if (file_remove(tmp, e) < 0) /* old bytes in its holes would be new content */
		return -1;
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail_errno(e, "%s", tmp);
	r = ftruncate(fd, (off_t)l->size) < 0 || fchmod(fd, 0644) < 0 ? fail_errno(e, "%s", tmp)
								      : 0;
	if (r == 0)
		r = write_parts(cfg, tmp, l, seed_hex, c, e);
	if (r == 0 && fdatasync(fd) < 0)
		r = fail_errno(e, "%s", tmp);
	if (close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", tmp);
	if (r == 0 && rename(tmp, path) < 0)
		r = fail_errno(e, "%s", path);
	if (r < 0)
		unlink(tmp);
	return r;
}

static int
write_kernel(
    struct arena *a, const char *dir, const struct content *c, struct manifest *m, struct err *e)
{
	static const char *const files[] = { "kernel", "System.map" };
	char *hex = arena_alloc(a, DIGEST_HEX);

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (beneath_copy(arena_printf(a, "%s/out", c->kernel->store), files[i],
			arena_printf(a, "%s/%s", dir, files[i]), 0644, e) < 0)
			return -1;
	m->kernel_sha256 = hex;
	return digest_file(arena_printf(a, "%s/kernel", dir), hex, e);
}

static int
write_all(struct arena *a, const struct config *cfg, const char *dir, const struct diskplan *l,
    const char *seed_hex, struct content *c, struct manifest *m, struct err *e)
{
	const char *image = arena_printf(a, "%s/%s", dir, m->image),
		   *manifest = arena_printf(a, "%s/manifest", dir);
	char *digest = arena_alloc(a, DIGEST_HEX);

	/* until it is written again, nothing here is vouched for */
	if (file_remove(manifest, e) < 0 || write_image(a, cfg, image, l, seed_hex, c, e) < 0)
		return -1;
	m->image_digest = digest;
	if (digest_disk(image, digest, e) < 0 || write_kernel(a, dir, c, m, e) < 0)
		return -1;
	if (filelist_write(c->all, NTREES, arena_printf(a, "%s/files", dir), e) < 0)
		return -1;
	for (size_t t = ROOTFS; t < EXTRA; t++)
		if (tree_materialise(
			&c->trees[t], arena_printf(a, "%s/%s", dir, tree_names[t]), e) < 0)
			return -1;
	return manifest_write(m, manifest, e);
}

int
image_build(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e)
{
	struct content c = { 0 };
	struct diskplan l;
	struct manifest m;
	char seed_hex[DIGEST_HEX], key[DIGEST_HEX];

	if (survey(a, cfg, p, &c, e) < 0)
		return wrap(e, "image");
	seed_of(cfg, p, &c, seed_hex);
	if (diskplan_make(cfg, seed_hex, &l, e) < 0 ||
	    record_make(a, cfg, sd, p, &l, dir, &m, e) < 0)
		return wrap(e, "image");
	key_of(&c, seed_hex, &m, key);
	m.key = key;
	if (is_there(a, dir, key)) {
		log_info("image %s/%s: up to date", dir, m.image);
		return 0;
	}
	if (gather(a, cfg, p, &c, e) < 0 || check_mount_points(&c.trees[ROOTFS], e) < 0 ||
	    check_sizes(cfg, &c, e) < 0)
		return wrap(e, "image");
	record_audit(a, cfg, c.all, NTREES, &m);
	/* what a link leads to is not ours to replace */
	if (beneath_is(dir, "", BENEATH_FOLDER, e) < 0)
		return wrap(e, "image");
	if (file_mkdirs(dir, 0755, e) < 0 || write_all(a, cfg, dir, &l, seed_hex, &c, &m, e) < 0)
		return wrap(e, "image");
	log_info("image %s/%s", dir, m.image);
	return 0;
}
