/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/asbuilt.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct comparing {
	struct arena *a;
	int disk;
	const char *image; /* its name */
	struct filetable table;
	bool *met; /* each row of the table: the image has that name */
	asbuilt_found *found;
	void *arg;
	struct guestfs *g;
	const char *at; /* "rootfs:/bin/busybox", fit to be printed */
};

static void
differs(struct comparing *c, const char *member, const char *expected, const char *found)
{
	c->found(c->arg,
	    arena_printf(c->a, "%s: %s: expected %s, found %s", c->at, member, expected, found));
}

/* ---- a name ---- */

static const char *
type_name(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *name;
	} names[] = { { S_IFREG, "a file" }, { S_IFDIR, "a folder" }, { S_IFLNK, "a symlink" },
		{ S_IFIFO, "a fifo" }, { S_IFCHR, "a character device" },
		{ S_IFBLK, "a block device" }, { S_IFSOCK, "a socket" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((mode & S_IFMT) == names[i].type)
			return names[i].name;
	return "something of no type";
}

static void
compare_number(struct comparing *c, const char *member, uint64_t expected, uint64_t found)
{
	if (expected != found)
		differs(c, member, arena_printf(c->a, "%" PRIu64, expected),
		    arena_printf(c->a, "%" PRIu64, found));
}

static const char *
permissions(struct comparing *c, mode_t mode)
{
	return arena_printf(c->a, "%04o", (unsigned)mode & 07777);
}

static const char *
device(struct comparing *c, unsigned major, unsigned minor)
{
	return arena_printf(c->a, "%u:%u", major, minor);
}

/* what it holds, each type in its way; a file of another size has other bytes, unread */
static int
compare_content(struct comparing *c, const struct filetable_row *r, const struct guestfs_entry *n,
    struct err *e)
{
	char hex[DIGEST_HEX];

	if (S_ISREG(n->mode)) {
		compare_number(c, "size", r->size, n->size);
		if (r->size != n->size)
			return 0;
		if (guestfs_digest(c->g, n->inode, hex, e) < 0)
			return wrap(e, "%s", c->at);
		if (strcmp(hex, r->sha256) != 0)
			differs(c, "sha256", r->sha256, hex);
	} else if (S_ISLNK(n->mode) && strcmp(r->target, n->target) != 0) {
		differs(c, "target", filetable_escape(c->a, r->target),
		    filetable_escape(c->a, n->target));
	} else if ((S_ISCHR(n->mode) || S_ISBLK(n->mode)) &&
		   (r->major != n->major || r->minor != n->minor)) {
		differs(c, "device", device(c, r->major, r->minor), device(c, n->major, n->minor));
	}
	return 0;
}

static int
compare_row(struct comparing *c, const struct filetable_row *r, const struct guestfs_entry *n,
    struct err *e)
{
	if ((r->mode & S_IFMT) != (n->mode & S_IFMT)) {
		differs(c, "type", type_name(r->mode), type_name(n->mode));
		return 0;
	}
	if (r->mode != n->mode)
		differs(c, "mode", permissions(c, r->mode), permissions(c, n->mode));
	compare_number(c, "owner", r->uid, n->uid);
	compare_number(c, "group", r->gid, n->gid);
	if (n->xattrs)
		differs(c, "extended attributes", "none", filetable_escape(c->a, n->xattrs));
	if (n->flags)
		differs(c, "flags", "none", n->flags);
	if (!S_ISDIR(n->mode))
		compare_number(c, "names", 1, n->links);
	return compare_content(c, r, n, e);
}

static int
compare_name(struct comparing *c, const char *fs, const struct guestfs_entry *n, struct err *e)
{
	const char *name = arena_printf(c->a, "%s:%s", fs, n->path);
	const struct filetable_row *r = filetable_find(&c->table, name);
	bool *met = r ? &c->met[r - c->table.v] : NULL;

	c->at = filetable_escape(c->a, name);
	if (!r)
		differs(c, "name", "none",
		    arena_printf(c->a, "%s %04o %u:%u", type_name(n->mode),
			(unsigned)n->mode & 07777, (unsigned)n->uid, (unsigned)n->gid));
	else if (*met)
		differs(c, "name", "one", "another of the same name");
	else {
		*met = true;
		return compare_row(c, r, n, e);
	}
	return 0;
}

/* ---- a filesystem ---- */

static int
by_inode(const void *x, const void *y)
{
	const struct guestfs_entry *a = x, *b = y;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* whatever the inode says of how many names it has */
static void
find_second_names(struct comparing *c, const char *fs, struct guestfs_entry *v, size_t n)
{
	qsort(v, n, sizeof *v, by_inode);
	for (size_t i = 1; i < n; i++) {
		if (v[i].inode != v[i - 1].inode)
			continue;
		c->at = filetable_escape(c->a, arena_printf(c->a, "%s:%s", fs, v[i].path));
		differs(c, "inode", "its own",
		    arena_printf(c->a, "that of %s", filetable_escape(c->a, v[i - 1].path)));
	}
}

static int
compare_self(struct comparing *c, const struct man_part *p, struct err *e)
{
	struct guestfs_self self;

	guestfs_self(c->g, &self);
	if (self.mounts)
		return fail_usage(e,
		    "%s: was mounted for writing since it was built, and the table of files is "
		    "about an image before its first boot; build again",
		    p->name);
	c->at = p->name;
	if (strcmp(self.label, p->name) != 0)
		differs(c, "label", p->name, filetable_escape(c->a, self.label));
	if (self.read_only)
		differs(c, "filesystem", "one to write to", "one that says it is only for reading");
	return 0;
}

static int
compare_fs(struct comparing *c, const struct man_part *p, size_t *looked, struct err *e)
{
	struct guestfs_entry *v;
	size_t n = 0;
	int r;

	if (guestfs_open_fd(c->disk, c->image, p->start, 0, &c->g, e) < 0)
		return -1;
	r = compare_self(c, p, e);
	if (r == 0)
		r = guestfs_entries(c->a, c->g, &v, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = compare_name(c, p->name, &v[i], e);
	if (r == 0)
		find_second_names(c, p->name, v, n);
	*looked += n;
	if (guestfs_close(c->g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

/* ---- all of it ---- */

int
asbuilt_open(struct arena *a, const struct manifest *m, char **table, struct err *e)
{
	const char *path = manifest_path(a, m, m->files);
	char hex[DIGEST_HEX];
	size_t n;

	if (!path || !m->files_sha256)
		return fail_usage(e, "manifest: missing required key %s, which %s",
		    path ? "files-sha256" : "files",
		    path ? "has the digest of the table of files"
			 : "names the build's table of files");
	if (file_read(a, path, table, &n, e) < 0)
		return -1;
	digest_bytes(*table, n, hex);
	if (strcmp(hex, m->files_sha256) != 0)
		return fail_usage(e,
		    "%s is not the table of its manifest: sha256 %.12s, expected %.12s; build "
		    "again",
		    path, hex, m->files_sha256);
	return 0;
}

int
asbuilt_compare(struct arena *a, const struct manifest *m, const char *table, int disk,
    const char *image, asbuilt_found *found, void *arg, size_t *looked, struct err *e)
{
	struct comparing c = { .a = a, .disk = disk, .image = image, .found = found, .arg = arg };

	*looked = 0;
	if (filetable_parse(a, m->files, table, &c.table, e) < 0)
		return -1;
	c.met = arena_array(a, c.table.n + 1, sizeof *c.met);
	for (size_t i = 0; i < m->nparts; i++)
		if (!strcmp(m->parts[i].type, "ext4") &&
		    compare_fs(&c, &m->parts[i], looked, e) < 0)
			return -1;
	for (size_t i = 0; i < c.table.n; i++) {
		const struct filetable_row *r = &c.table.v[i];

		c.at = filetable_escape(a, r->name);
		if (!c.met[i])
			differs(&c, "name",
			    arena_printf(
				a, "%s of %s", type_name(r->mode), filetable_escape(a, r->package)),
			    "none");
	}
	return 0;
}
