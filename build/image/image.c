/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/image.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/files/stamp.h"
#include "build/files/uuid.h"
#include "build/form/blockmap.h"
#include "build/image/bios.h"
#include "build/image/boot.h"
#include "build/image/disk.h"
#include "build/image/diskplan.h"
#include "build/image/filelist.h"
#include "build/image/forms.h"
#include "build/image/fs.h"
#include "build/image/overlay.h"
#include "build/image/record.h"
#include "build/image/standin.h"
#include "build/image/tree.h"
#include "build/image/vouch.h"
#include "build/plan/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* what goes in as it lies there: it is read for the key, and again when it is written */
struct input {
	const char *name, *path;
	struct stamp was;
};

/* an image on its way: what it is made of, what it will be, and what will be said of it */
struct image {
	struct arena *a;
	const struct config *cfg;
	const struct plan *plan;
	const char *dir;
	struct tree trees[4]; /* rootfs rwfs userfs extra */
	struct tree *all[4];
	char owners[DIGEST_HEX];
	struct overlays overlays;
	char extra[DIGEST_HEX]; /* of the tree; empty when there is nothing for it */
	const struct node *kernel;
	struct boot boot;
	char seed[DIGEST_HEX]; /* of all that the bytes of the disk depend on */
	char key[DIGEST_HEX];  /* of everything: the disk, the kernel, the manifest */
	struct input *inputs;
	size_t ninputs;
	struct diskplan disk;
	struct blockmap map; /* what of the disk is not free */
	struct manifest manifest;
};

enum { ROOTFS, RWFS, USERFS, EXTRA, NTREES };

static const char *const tree_names[NTREES] = { "rootfs", "rwfs", "userfs", "extra" };

static int64_t
epoch_of(const struct image *m)
{
	return strtoll(config_get(m->cfg, "EPOCH"), NULL, 10);
}

/* ---- what goes in ---- */

/* what cannot be looked at is told by who reads it */
static void
add_input(struct image *m, const char *name, const char *path)
{
	struct input *in = &m->inputs[m->ninputs];

	*in = (struct input){ .name = name, .path = path };
	m->ninputs += *path && stamp_all(path, NULL, &in->was, &(struct err){ 0 }) == 0;
}

static void
note_inputs(struct image *m)
{
	size_t n;
	const char **overlays = config_folders(m->a, m->cfg, "OVERLAY", &n);

	m->inputs = arena_array(m->a, n + 3, sizeof *m->inputs);
	for (size_t i = 0; i < n; i++)
		add_input(m, "OVERLAY", overlays[i]);
	add_input(m, "HOST_HOST_BASE", m->cfg->host_host_base);
	add_input(m, "layout", arena_printf(m->a, "%s/layout/owners", m->cfg->top));
	add_input(m, "layout", forms_init(m->a, m->cfg->top));
}

/* the key would name bytes that are not there, also when they are put back in the end */
static int
check_inputs(const struct image *m, const struct sysdeps *sd, struct err *e)
{
	struct boot boot = { 0 };

	for (size_t i = 0; i < m->ninputs; i++) {
		const struct input *in = &m->inputs[i];
		struct stamp now;

		if (stamp_all(in->path, NULL, &now, e) < 0)
			return wrap(e, "%s", in->name);
		if (strcmp(now.hex, in->was.hex))
			return fail(e, "%s: %s changed while the image was written; build again",
			    in->name, in->path);
	}
	if (boot_decide(m->a, m->cfg, sd, &boot, e) < 0)
		return -1;
	if (m->boot.bios && (!boot.bios || strcmp(boot.bios, m->boot.bios)))
		return fail(e, "BOOT: syslinux changed while the image was written; build again");
	return 0;
}

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
		any = any || beneath_type(n->store, arena_printf(a, "out/%s", tree_names[t])) ==
				 BENEATH_FOLDER;
	arena_free(a);
	return any;
}

/* what the key needs: digests of outputs are known, only what is not from the store is read */
static int
survey(struct image *m, struct err *e)
{
	for (size_t i = 0; i < NTREES; i++) {
		tree_init(m->a, tree_names[i], &m->trees[i]);
		m->all[i] = &m->trees[i];
	}
	m->kernel = plan_find(m->plan, "target/linux");
	if (!m->kernel)
		return fail_usage(
		    e, "profile %s has no target/linux, so no kernel", m->plan->profile);
	if (digest_file(arena_printf(m->a, "%s/layout/owners", m->cfg->top), m->owners, e) < 0)
		return -1;
	if (overlays_read(m->a, m->cfg, m->plan->memo, &m->overlays, e) < 0)
		return -1;
	if (!*m->cfg->host_host_base)
		return 0;
	if (tree_add(&m->trees[EXTRA], m->cfg->host_host_base, "HOST_HOST_BASE", e) < 0 ||
	    tree_sort(&m->trees[EXTRA], e) < 0)
		return -1;
	return tree_digest(&m->trees[EXTRA], m->extra, e);
}

/* all that the bytes of the disk depend on; raise the number when fs.c or disk.c write other ones
 */
static void
make_seed(struct image *m)
{
	const struct plan *p = m->plan;
	struct buf b = { 0 };

	buf_addf(&b, "lh-disk 3\nepoch %s\nprofile %s\nowners %s\nextra %s\n",
	    config_get(m->cfg, "EPOCH"), p->profile, m->owners, m->extra);
	for (size_t i = 1; i < m->overlays.n; i++)
		buf_addf(&b, "overlay %s\n", m->overlays.digests[i]);
	for (size_t i = 0; i < NPARTITIONS; i++)
		buf_addf(&b, "%s %u\n", partitions[i].name,
		    partition_mb(m->cfg, *m->boot.words, &partitions[i]));
	if (*m->boot.words)
		buf_addf(&b, "boot %s %s\nkernel %s\n", m->boot.words, m->boot.kernel,
		    m->kernel->output);
	if (m->boot.bios)
		buf_addf(&b, "bios %s\n", m->boot.bios);
	for (size_t i = 0; i < p->n; i++)
		if (is_content(&p->v[i]))
			buf_addf(&b, "output %s %s\n", p->v[i].id, p->v[i].output);
	digest_bytes(b.p, b.n, m->seed);
	buf_free(&b);
}

/* of everything: the disk, the kernel beside it, and what is said of them */
static int
make_key(struct image *m, struct err *e)
{
	struct buf b = { 0 };
	int r;

	buf_addf(&b, "lh-image 2\ndisk %s\nkernel %s\n", m->seed, m->kernel->output);
	/*
	 * Not part of the seed: where two versions write the same bytes, and most do, two machines
	 * make the same image.
	 */
	buf_addf(&b, "libext2fs %s\nlibfdisk %s\n", fs_library(), disk_library());
	r = forms_depend(m->a, forms_init(m->a, m->cfg->top), &m->manifest, &b, e);
	manifest_format(&m->manifest, &b);
	digest_bytes(b.p, b.n, m->key);
	buf_free(&b);
	m->manifest.key = m->key;
	return r;
}

/* the trees, with owners, from the outputs of all packages */
static int
gather(struct image *m, struct err *e)
{
	const struct plan *p = m->plan;

	for (size_t i = 0; i < p->n; i++)
		for (size_t t = ROOTFS; t < EXTRA; t++)
			if (is_content(&p->v[i]) &&
			    tree_add(&m->trees[t],
				arena_printf(m->a, "%s/out/%s", p->v[i].store, tree_names[t]),
				p->v[i].recipe->name, e) < 0)
				return -1;
	if (overlays_lay(&m->overlays, m->trees, EXTRA, e) < 0)
		return -1;
	for (size_t t = ROOTFS; t < EXTRA; t++)
		if (tree_sort(&m->trees[t], e) < 0)
			return -1;
	if (owners_apply(m->a, m->overlays.owners, m->overlays.n, p->profile, m->all, NTREES, e) <
	    0)
		return -1;
	return standin_add(
	    &m->trees[ROOTFS], &m->trees[RWFS], EXTRA - RWFS, m->overlays.owners, m->overlays.n, e);
}

static struct tree *
tree_of(struct image *m, const char *name)
{
	for (size_t i = 0; i < NTREES; i++)
		if (!strcmp(tree_names[i], name))
			return &m->trees[i];
	return NULL; /* swap boot */
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
			    "rootfs: /%s is %s, but a filesystem is mounted there; create it in "
			    "layout/",
			    points[i], n ? "not a folder" : "missing");
	}
	return 0;
}

/* not the partition's: who looks for one shall not find the other */
static void
fs_uuid(const struct image *m, const char *partition, unsigned char uuid[16])
{
	char name[64];

	snprintf(name, sizeof name, "%s filesystem", partition);
	uuid_derived(m->seed, name, uuid, NULL);
}

static int
check_sizes(struct image *m, struct err *e)
{
	for (size_t i = 0; i < NPARTITIONS; i++) {
		const struct tree *t = tree_of(m, partitions[i].name);
		unsigned mb = partition_mb(m->cfg, *m->boot.words, &partitions[i]);
		unsigned char uuid[16];
		uint64_t need;

		fs_uuid(m, partitions[i].name, uuid);
		if (t && mb && fs_check(t, uuid, (uint64_t)mb << 20, partitions[i].variable, e) < 0)
			return -1;
		if (t && !mb && t == &m->trees[EXTRA] && *m->extra) {
			if (fs_need(t, uuid, &need, e) < 0)
				return -1;
			return fail_usage(e,
			    "HOST_HOST_BASE %s is to be copied to extra, but EXTRA_SIZE is 0; set "
			    "EXTRA_SIZE to %" PRIu64 " or more",
			    m->cfg->host_host_base, need);
		}
		if (!strcmp(partitions[i].type, "esp") && mb &&
		    fat_check((uint64_t)mb << 20, m->boot.files, m->boot.n, partitions[i].variable,
			e) < 0)
			return -1;
	}
	return 0;
}

/* ---- is it there ---- */

static bool
is_there(const struct image *m)
{
	struct manifest was;

	return manifest_read(m->a, arena_printf(m->a, "%s/manifest", m->dir), &was,
		   &(struct err){ 0 }) == 0 &&
	       was.key && !strcmp(was.key, m->key) && vouch(m->a, m->plan->memo, m->dir, &was);
}

/* ---- writing ---- */

/* what is before and behind the partitions is the table's, and the boot sector's */
#define EDGE_BLOCKS ((UINT64_C(1) << 20) / MAP_BLOCK)

static int
write_boot(struct image *m, const char *image, const struct disk_part *p, struct err *e)
{
	struct fat_opts o = { .image = image,
		.offset = p->start,
		.size = p->size,
		.label = p->name,
		.epoch = epoch_of(m),
		.used = m->boot.bios ? NULL : &m->map };
	unsigned char uuid[16];

	fs_uuid(m, p->name, uuid);
	memcpy(&o.serial, uuid, sizeof o.serial);
	if (fat_write(&o, m->boot.files, m->boot.n, e) < 0)
		return -1;
	if (!m->boot.bios)
		return 0;
	o.used = &m->map;
	return bios_install(image, p->start, o.epoch, e) < 0 ? -1 : fat_used(&o, e);
}

static int
write_part(struct image *m, const char *image, const struct disk_part *p, struct err *e)
{
	const struct tree *t = tree_of(m, p->name);
	struct fs_opts o = { .image = image,
		.offset = p->start,
		.size = p->size,
		.label = p->name,
		.epoch = epoch_of(m),
		.used = &m->map };

	fs_uuid(m, p->name, o.uuid);
	if (t)
		return fs_write(&o, t, e);
	if (swap_write(image, p->start, p->size, p->name, o.uuid, e) < 0)
		return -1;
	blockmap_add(&m->map, p->start / MAP_BLOCK, 1); /* its header is a page */
	return 0;
}

/* in the order of the disk, for the block map: what boots is the last of the table */
static int
write_parts(struct image *m, const char *image, struct err *e)
{
	const struct diskplan *l = &m->disk;

	if (disk_write(image, l->disk_uuid, l->parts, l->nparts, e) < 0)
		return -1;
	m->map = (struct blockmap){ .a = m->a };
	blockmap_add(&m->map, 0, EDGE_BLOCKS);
	for (size_t i = 0; i < l->nparts; i++)
		if (!strcmp(l->parts[i].type, "esp") && write_boot(m, image, &l->parts[i], e) < 0)
			return -1;
	for (size_t i = 0; i < l->nparts; i++)
		if (strcmp(l->parts[i].type, "esp") && write_part(m, image, &l->parts[i], e) < 0)
			return -1;
	blockmap_add(&m->map, l->size / MAP_BLOCK - EDGE_BLOCKS, EDGE_BLOCKS);
	return 0;
}

/* the hashes of the passwords are in it */
#define IMAGE_MODE 0600

/* complete or not at all: the bytes are on the disk before they have their name */
static int
write_image(struct image *m, const char *path, struct err *e)
{
	const char *tmp = arena_printf(m->a, "%s.tmp", path);
	int fd, r;

	if (file_remove(tmp, e) < 0) /* old bytes in its holes would be new content */
		return -1;
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, IMAGE_MODE);
	if (fd < 0)
		return fail_errno(e, "%s", tmp);
	r = ftruncate(fd, (off_t)m->disk.size) < 0 || fchmod(fd, IMAGE_MODE) < 0
		? fail_errno(e, "%s", tmp)
		: 0;
	if (r == 0)
		r = write_parts(m, tmp, e);
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
write_kernel(struct image *m, struct err *e)
{
	struct manifest *man = &m->manifest;
	const struct {
		const char *name, **sha256;
	} files[] = { { "kernel", &man->kernel_sha256 }, { "System.map", &man->symbols_sha256 },
		{ "kernel-config", &man->kernel_config_sha256 } };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *path = arena_printf(m->a, "%s/%s", m->dir, files[i].name);
		char *hex = arena_alloc(m->a, DIGEST_HEX);

		if (beneath_copy(arena_printf(m->a, "%s/out", m->kernel->store), files[i].name,
			path, 0644, e) < 0 ||
		    digest_file(path, hex, e) < 0)
			return -1;
		*files[i].sha256 = hex;
	}
	return 0;
}

/* the table of what the partitions hold, bound to the manifest by its digest */
static int
write_files(struct image *m, struct err *e)
{
	const char *path = arena_printf(m->a, "%s/%s", m->dir, m->manifest.files);
	char *hex = arena_alloc(m->a, DIGEST_HEX);
	struct tree *trees[NTREES];
	size_t n = 0;

	for (size_t i = 0; i < m->disk.nparts; i++) {
		struct tree *t = tree_of(m, m->disk.parts[i].name);

		if (t)
			trees[n++] = t;
	}
	m->manifest.files_sha256 = hex;
	return filelist_write(trees, n, path, e) < 0 ? -1 : digest_file(path, hex, e);
}

/* until it is written again, nothing here is vouched for, and no bill is of what comes */
static int
remove_words(struct image *m, const char *manifest, struct err *e)
{
	static const char *const bills[] = { "sbom.spdx.json", "sbom.cdx.json" };

	for (size_t i = 0; i < sizeof bills / sizeof *bills; i++)
		if (file_remove(arena_printf(m->a, "%s/%s", m->dir, bills[i]), e) < 0)
			return -1;
	return file_remove(manifest, e);
}

static int
write_all(struct image *m, const struct sysdeps *sd, struct err *e)
{
	const struct forms forms = { .dir = m->dir,
		.image = arena_printf(m->a, "%s/%s", m->dir, m->manifest.image),
		.trees = m->all,
		.map = &m->map,
		.init = forms_init(m->a, m->cfg->top),
		.epoch = epoch_of(m) };
	const char *image = forms.image, *manifest = arena_printf(m->a, "%s/manifest", m->dir);
	char *digest = arena_alloc(m->a, DIGEST_HEX);

	/* what a link leads to is not ours to replace */
	if (beneath_is(m->dir, "", BENEATH_FOLDER, e) < 0)
		return -1;
	if (file_mkdirs(m->dir, 0755, e) < 0 || remove_words(m, manifest, e) < 0 ||
	    write_image(m, image, e) < 0)
		return -1;
	m->manifest.image_digest = digest;
	if (digest_disk(image, digest, e) < 0 || write_kernel(m, e) < 0)
		return -1;
	if (write_files(m, e) < 0)
		return -1;
	for (size_t t = ROOTFS; t < EXTRA; t++)
		if (tree_materialise(
			&m->trees[t], arena_printf(m->a, "%s/%s", m->dir, tree_names[t]), e) < 0)
			return -1;
	if (forms_write(m->a, &forms, &m->manifest, e) < 0)
		return -1;
	if (check_inputs(m, sd, e) < 0)
		return -1;
	/* what it vouches for is on the disk before it is */
	if (file_sync_all(m->dir, e) < 0)
		return -1;
	return manifest_write(&m->manifest, manifest, e);
}

/* what it will be: its key says whether it is there already */
static int
decide(struct image *m, const struct sysdeps *sd, struct err *e)
{
	if (survey(m, e) < 0 || boot_decide(m->a, m->cfg, sd, &m->boot, e) < 0)
		return -1;
	make_seed(m);
	if (diskplan_make(m->cfg, *m->boot.words, m->seed, &m->disk, e) < 0 ||
	    record_make(m->a, m->cfg, sd, m->plan, &m->disk, m->dir, &m->manifest, e) < 0 ||
	    record_added(m->a, m->cfg, m->plan->memo, &m->overlays, &m->manifest, e) < 0)
		return -1;
	record_boot(sd, &m->boot, &m->manifest);
	forms_decide(m->a, config_get(m->cfg, "FORMS"), &m->manifest);
	if (m->manifest.boot_diskless && (m->cfg->swap_mb || m->cfg->extra_mb))
		return fail_usage(e, "FORMS has cpio, whose guest has no disk: SWAP_SIZE and "
				     "EXTRA_SIZE have to be 0");
	return make_key(m, e);
}

/* all that goes in, checked before the first byte */
static int
stage(struct image *m, struct err *e)
{
	if (boot_fill(m->a, m->cfg, m->kernel->store, &m->boot, e) < 0 || gather(m, e) < 0 ||
	    check_mount_points(&m->trees[ROOTFS], e) < 0 || check_sizes(m, e) < 0)
		return -1;
	record_audit(m->a, m->cfg, m->all, NTREES, &m->manifest);
	return 0;
}

int
image_is_there(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e)
{
	struct image m = { .a = a, .cfg = cfg, .plan = p, .dir = dir };

	return decide(&m, sd, e) < 0 ? wrap(e, "image") : is_there(&m);
}

int
image_build(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, struct err *e)
{
	struct image m = { .a = a, .cfg = cfg, .plan = p, .dir = dir };

	note_inputs(&m);
	if (decide(&m, sd, e) < 0)
		return wrap(e, "image");
	if (is_there(&m))
		return 0;
	if (stage(&m, e) < 0 || write_all(&m, sd, e) < 0)
		return wrap(e, "image");
	log_info("image %s/%s", dir, m.manifest.image);
	return 0;
}
