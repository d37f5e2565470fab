/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/verify_release.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/base/confine.h"
#include "build/base/log.h"
#include "build/base/user.h"
#include "build/cache/pack.h"
#include "build/command/cli.h"
#include "build/diff/fsdiff.h"
#include "build/diff/tabled.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/manifest.h"
#include "build/image/boot.h"
#include "build/image/disk.h"
#include "build/image/fatread.h"
#include "build/publish/bill.h"
#include "build/publish/legal.h"
#include "build/publish/provenance.h"
#include "build/publish/signature.h"
#include "build/publish/sums.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MOST ((size_t)64 << 20)   /* bytes of what is read as text */
#define DISK_MOST (UINT64_C(64) << 30) /* of an image, holes included */
#define DISK_MORE (UINT64_C(16) << 20) /* it may have behind its last partition */

/* what every release has, beside its images */
static const char *const always[] = { "README", "first-login", "commit", PROVENANCE_FILE,
	LEGAL_INDEX, "verify/results" };

struct image {
	const char *folder; /* below dir */
	struct manifest m;
	int fd;		  /* of the disk, unpacked */
	const char *disk; /* the same as a path */
};

struct checking {
	struct arena *a;
	const char *dir;
	struct sums sums;
	const char *commit;
	struct image *v;
	size_t n;
};

static int
read_text(struct checking *c, const char *rel, char **text, struct err *e)
{
	return beneath_read(c->a, c->dir, rel, TEXT_MOST, text, NULL, e);
}

/* a file of the list; whoever's folder it is may have changed it since it was compared */
static int
read_listed(struct checking *c, const char *rel, char **text, struct err *e)
{
	const char *told = sums_find(&c->sums, rel);
	char hex[DIGEST_HEX];

	if (read_text(c, rel, text, e) < 0)
		return -1;
	digest_bytes(*text, strlen(*text), hex);
	return told && !strcmp(told, hex) ? 0 : fail(e, "%s: changes while it is read", rel);
}

/* ---- the files, and who signed for them ---- */

static int
check_signature(
    struct checking *c, const char *list, const char *signers, const char **by, struct err *e)
{
	char *signature;
	int there = beneath_is(c->dir, SUMS_SIGNATURE, BENEATH_FILE, e);

	if (there < 0)
		return -1;
	if (!there) {
		*by = NULL;
		return signers ? fail(e, "is not signed: it has no " SUMS_SIGNATURE) : 0;
	}
	if (beneath_read(c->a, c->dir, SUMS_SIGNATURE, SIGNATURE_MOST, &signature, NULL, e) < 0)
		return -1;
	if (signature_check(c->a, list, strlen(list), signature, signers, by, e) < 0)
		return wrap(e, SUMS_SIGNATURE);
	return 0;
}

static int
check_files(struct checking *c, const char *signers, const char **by, struct err *e)
{
	int there = beneath_is(c->dir, SUMS_FILE, BENEATH_FILE, e);
	struct sums are;
	char *list;

	if (there == 0)
		return fail(e, "has no " SUMS_FILE ", so it is no release");
	if (there < 0 || read_text(c, SUMS_FILE, &list, e) < 0 ||
	    check_signature(c, list, signers, by, e) < 0 || sums_parse(c->a, list, &c->sums, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (!sums_find(&c->sums, always[i]))
			return fail(e, "%s: does not list %s", SUMS_FILE, always[i]);
	return sums_of(c->a, c->dir, &are, e) < 0 ? -1 : sums_compare(&c->sums, &are, e);
}

/* ---- the images ---- */

/* a file that a manifest names is beside it, and of the digest that it tells */
static int
check_beside(const struct checking *c, const struct image *i, const char *file, const char *told,
    struct err *e)
{
	const char *is =
	    file ? sums_find(&c->sums, arena_printf(c->a, "%s/%s", i->folder, file)) : NULL;

	if (!is)
		return fail(e, "%s/manifest: names %s, which is not beside it", i->folder,
		    file ? filetable_escape(c->a, file) : "no kernel or table of files");
	return told && strcmp(is, told) != 0
		   ? fail(e, "%s/%s: is not what its manifest tells of", i->folder, file)
		   : 0;
}

static int
check_manifest(const struct checking *c, const struct image *i, struct err *e)
{
	const struct manifest *m = &i->m;

	if (m->credentials || m->npaths || m->firmware || m->initrd || m->nadded)
		return fail(e,
		    "%s/manifest: tells what no release has: credentials, paths of a "
		    "build, a firmware, an initrd or what its builder added",
		    i->folder);
	if (!m->image || !m->image_digest || !m->nsboms || !m->npackages)
		return fail(
		    e, "%s/manifest: lacks its image, packages or bills of materials", i->folder);
	if (check_beside(c, i, m->kernel, m->kernel_sha256, e) < 0 ||
	    check_beside(c, i, m->files, m->files_sha256, e) < 0 ||
	    (m->symbols && check_beside(c, i, m->symbols, m->symbols_sha256, e) < 0) ||
	    check_beside(c, i, m->kernel_config, m->kernel_config_sha256, e) < 0 ||
	    check_beside(c, i, arena_printf(c->a, "%s.zst", m->image), NULL, e) < 0)
		return -1;
	for (size_t k = 0; k < m->nforms; k++)
		if (check_beside(c, i, m->forms[k].file, m->forms[k].sha256, e) < 0)
			return -1;
	for (size_t k = 0; k < m->nsboms; k++)
		if (check_beside(c, i, m->sboms[k].file, m->sboms[k].sha256, e) < 0)
			return -1;
	return 0;
}

/* every folder that the list has a manifest of */
static int
find_images(struct checking *c, struct err *e)
{
	for (size_t i = 0; i < c->sums.n; i++) {
		const char *name = c->sums.v[i].name, *slash = strchr(name, '/');
		struct image *image;
		char *text;

		if (!slash || strcmp(slash, "/manifest") != 0)
			continue;
		c->v = arena_more(c->a, c->v, c->n, sizeof *c->v);
		image = &c->v[c->n++];
		*image =
		    (struct image){ .folder = arena_strndup(c->a, name, (size_t)(slash - name)),
			    .fd = -1 };
		if (read_listed(c, name, &text, e) < 0 ||
		    manifest_parse(c->a, name, text, &image->m, e) < 0 ||
		    check_manifest(c, image, e) < 0)
			return -1;
	}
	return c->n ? 0 : fail(e, "has no image");
}

/* ---- unpacking, by a process that can do nothing else ---- */

struct unpacking {
	int from, to;
	const char *name;
	uint64_t most;
};

static int
unpack_disk(void *arg, struct err *e)
{
	struct unpacking *u = arg;

	confine_limits((u->most >> 20) + 1);
	return confine_calls(e) < 0 ? -1 : pack_unfile(u->from, u->name, u->to, u->most, e);
}

static int
run_unpacking(struct arena *a, struct unpacking *u, struct err *e)
{
	struct child c;
	struct err failed = { 0 };
	int status;

	if (child_call(&c, unpack_disk, u, STDERR_FILENO, e) < 0 ||
	    child_call_wait(&c, &status, &failed, e) < 0)
		return -1;
	if (!WIFEXITED(status))
		return fail(e, "%s: unpacking it %s", u->name, confine_trouble(a, status));
	if (WEXITSTATUS(status) != 0) {
		*e = failed;
		return -1;
	}
	return 0;
}

/* a file without a name */
static int
nameless(struct arena *a, struct err *e)
{
	char *path = arena_printf(a, "%s/lh-image.XXXXXX", file_tmp());
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return fail_errno(e, "%s", path);
	unlink(path);
	return fd;
}

static int
unpack_image(struct checking *c, struct image *i, struct err *e)
{
	struct unpacking u = { .name = arena_printf(c->a, "%s/%s.zst", i->folder, i->m.image),
		.most = DISK_MORE };
	int r;

	for (size_t k = 0; k < i->m.nparts; k++) {
		const struct man_part *p = &i->m.parts[k];

		if (p->start > DISK_MOST || p->size > DISK_MOST - p->start)
			return fail(e, "%s/manifest: partition %s ends behind %" PRIu64 " GiB",
			    i->folder, p->name, DISK_MOST >> 30);
		if (p->start + p->size + DISK_MORE > u.most)
			u.most = p->start + p->size + DISK_MORE;
	}
	u.from = beneath_open(c->dir, u.name, BENEATH_FILE, e);
	if (u.from < 0)
		return -1;
	u.to = i->fd = nameless(c->a, e);
	i->disk = arena_printf(c->a, "/proc/self/fd/%d", i->fd);
	r = i->fd < 0 ? -1 : run_unpacking(c->a, &u, e);
	close(u.from);
	return r;
}

/* ---- what is in them ---- */

static int
check_partitions(const struct image *i, const struct disk_table *t, struct err *e)
{
	if (t->n != i->m.nparts)
		return fail(e, "%s: has %zu partitions, and its manifest tells of %zu", i->folder,
		    t->n, i->m.nparts);
	for (size_t k = 0; k < t->n; k++) {
		const struct disk_entry *is = &t->v[k];
		const struct man_part *told = manifest_part(&i->m, is->name);

		if (!told || told->start != is->start || told->size != is->size || !told->uuid ||
		    strcasecmp(told->uuid, is->uuid) != 0)
			return fail(e, "%s: partition %zu is not what its manifest tells of",
			    i->folder, k + 1);
	}
	return 0;
}

static int
check_bills(struct checking *c, const struct image *i, const struct filetable *files, struct err *e)
{
	for (size_t k = 0; k < i->m.nsboms; k++) {
		const char *name = i->m.sboms[k].file;
		char *text;

		if (read_listed(c, arena_printf(c->a, "%s/%s", i->folder, name), &text, e) < 0 ||
		    bill_check(c->a, name, text, strlen(text), &i->m, files, e) < 0)
			return -1;
	}
	return 0;
}

static bool
is_text(const struct fat_found *f, const char *text)
{
	char hex[DIGEST_HEX];

	digest_bytes(text, strlen(text), hex);
	return !strcmp(f->sha256, hex);
}

/* in what a firmware starts there is the kernel that is beside the image, and how it is found */
static int
check_boot(struct checking *c, const struct image *i, const struct man_part *p, struct err *e)
{
	const struct fat_found *kernel = NULL;
	struct fat_found *v;
	size_t n;

	if (fat_read(c->a, i->disk, p->start, p->size, &v, &n, e) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		if (!strcmp(v[k].sha256, i->m.kernel_sha256))
			kernel = &v[k];
	if (!kernel)
		return fail(e, "%s: does not have the kernel that is beside it", p->name);
	for (size_t k = 0; k < n; k++)
		if (strcmp(v[k].sha256, kernel->sha256) != 0 &&
		    !is_text(&v[k], arena_printf(c->a, BOOT_UBOOT_TEXT, kernel->path)) &&
		    !is_text(&v[k], arena_printf(c->a, BOOT_UBOOT_TEXT, "kernel")))
			return fail(e, "%s:/%s: nothing tells what it is", p->name, v[k].path);
	return 0;
}

/* a PC runs what is there before it looks at the partitions */
static int
check_boot_code(const struct image *i, struct err *e)
{
	unsigned char code[440];
	static const unsigned char none[sizeof code];

	if (pread(i->fd, code, sizeof code, 0) != (ssize_t)sizeof code)
		return fail(e, "is shorter than a boot sector");
	return memcmp(code, none, sizeof code) != 0
		   ? fail(e, "has a boot code, of which nothing tells what it is")
		   : 0;
}

/* nothing but a header: a filesystem in there would be mounted by its label */
static int
check_swap(const struct image *i, const struct man_part *p, struct err *e)
{
	enum { HEADER = 1024, REST = HEADER + 44, MAGIC = 4086 };
	static const unsigned char none[4096];
	unsigned char page[sizeof none];

	if (pread(i->fd, page, sizeof page, (off_t)p->start) != (ssize_t)sizeof page ||
	    memcmp(page, none, HEADER) != 0 || memcmp(page + REST, none, MAGIC - REST) != 0 ||
	    memcmp(page + MAGIC, "SWAPSPACE2", sizeof page - MAGIC) != 0)
		return fail(e, "%s: is no swap as lh-build makes it", p->name);
	return 0;
}

/* it is of the kind that its name is mounted as, whatever the manifest says */
static int
check_part(struct checking *c, const struct image *i, const struct man_part *p,
    const struct filetable *files, struct err *e)
{
	const struct fs_side at = { i->disk, p->start, p->size };
	const char *type = !strcmp(p->name, "swap")   ? "swap"
			   : !strcmp(p->name, "boot") ? "vfat"
						      : "ext4";

	if (strcmp(p->type, type) != 0)
		return fail(e, "%s: is %s, and not %s", p->name, p->type, type);
	return *type == 's'   ? check_swap(i, p, e)
	       : *type == 'v' ? check_boot(c, i, p, e)
			      : tabled_check(&at, p->name, files, e);
}

static int
check_disk(struct checking *c, const struct image *i, struct err *e)
{
	char hex[DIGEST_HEX], *text;
	struct disk_table parts;
	struct filetable files;

	if (digest_disk(i->disk, hex, e) < 0)
		return -1;
	if (strcmp(hex, i->m.image_digest) != 0)
		return fail(e, "is not the image that its manifest tells of");
	if (disk_read(c->a, i->disk, &parts, e) < 0 || check_partitions(i, &parts, e) < 0 ||
	    read_listed(c, arena_printf(c->a, "%s/%s", i->folder, i->m.files), &text, e) < 0 ||
	    filetable_parse(c->a, i->m.files, text, &files, e) < 0)
		return -1;
	for (size_t k = 0; k < parts.n; k++)
		if (check_part(c, i, manifest_part(&i->m, parts.v[k].name), &files, e) < 0)
			return -1;
	return check_boot_code(i, e) < 0 ? -1 : check_bills(c, i, &files, e);
}

static int
check_contents(struct checking *c, struct err *e)
{
	struct manifest *images = arena_array(c->a, c->n, sizeof *images);
	struct legal legal;
	char *text, *told, *commit;

	for (size_t i = 0; i < c->n; i++)
		images[i] = c->v[i].m;
	if (read_listed(c, "commit", &commit, e) < 0 ||
	    read_listed(c, PROVENANCE_FILE, &told, e) < 0 ||
	    read_listed(c, LEGAL_INDEX, &text, e) < 0)
		return -1;
	commit[strcspn(commit, "\n")] = '\0';
	if (!*commit || commit[strspn(commit, "0123456789abcdef")])
		return fail(e, "commit: %s: names none", filetable_escape(c->a, commit));
	c->commit = commit;
	if (legal_parse(c->a, text, &legal, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		if (legal_covers(&legal, &c->v[i].m, &c->sums, e) < 0)
			return -1;
		if (check_disk(c, &c->v[i], e) < 0)
			return wrap(e, "%s/%s", c->v[i].folder, c->v[i].m.image);
	}
	return provenance_check(told, strlen(told), &c->sums, commit, images, c->n, e);
}

/* ---- the command ---- */

static int
check_release(struct checking *c, const char *signers, struct err *e)
{
	const struct user owner = user_of(c->dir);
	const char *by;

	/* what it is told to look at is nothing for root to read, unless it is root's own */
	if (user_become(&owner, e) < 0 || check_files(c, signers, &by, e) < 0 ||
	    find_images(c, e) < 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		if (unpack_image(c, &c->v[i], e) < 0)
			return -1;
	/* from here on it is only read: libext2fs and libfdisk were not written with an enemy in
	 * mind */
	if (confine_reader(e) < 0 || check_contents(c, e) < 0)
		return -1;
	log_stdout(arena_printf(c->a, "%s: %zu images of commit %s, %zu files as listed\n%s%s\n",
	    c->dir, c->n, c->commit, c->sums.n, by ? "signed by " : "",
	    by ? by : "not signed: nothing tells who made it"));
	return 0;
}

int
verify_release_command(const struct request *rq, struct err *e)
{
	struct checking c = { .a = rq->a };
	int r;

	if (!rq->nwords)
		return fail_usage(e, "verify-release: name a released folder");
	c.dir = rq->words[0];
	if (!file_isdir(c.dir))
		return fail_usage(e, "verify-release: %s: no such folder", c.dir);
	r = check_release(&c, rq->nwords > 1 ? rq->words[1] : NULL, e);
	for (size_t i = 0; i < c.n; i++)
		if (c.v[i].fd >= 0)
			close(c.v[i].fd);
	if (r == 0)
		return 0;
	/* what is wrong there is no wrong usage of ours */
	e->code = e->code == EXIT_USAGE ? EXIT_WORK : e->code;
	return wrap(e, "verify-release: %s", c.dir);
}
