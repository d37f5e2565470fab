/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/edit.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/expect.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/gpt.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a swap area's label, from the start of the partition: mkswap(8) */
#define SWAP_LABEL 1052
#define SWAP_LABEL_SIZE 16
/* boot block and superblock of ext4, header of a swap area */
#define WIPED 8192

static int
put(struct guestfs *g, const struct edit *d, const char *text, size_t n, struct err *e)
{
	return guestfs_put(
	    g, &(struct guestfs_file){ d->file, text, n, d->mode, d->uid, d->gid }, e);
}

static int
replace(struct arena *a, struct guestfs *g, const struct edit *d, struct err *e)
{
	struct buf b = { 0 };
	struct hit h;
	char *text;
	size_t n;
	int r;

	if (guestfs_read(a, g, d->file, &text, &n, e) < 0)
		return -1;
	r = pattern_match(a, d->re, text, n, &h, e);
	if (r < 0)
		return -1;
	if (!r)
		return fail(e, "%s: /%s/ is nowhere in it", d->file, pattern_text(d->re));
	buf_add(&b, text, (size_t)h.start);
	buf_adds(&b, d->text);
	buf_add(&b, text + h.end, n - (size_t)h.end);
	r = put(g, d, b.p, b.n, e);
	buf_free(&b);
	return r;
}

static int
overwrite(struct arena *a, struct guestfs *g, const struct edit *d, struct err *e)
{
	char *text;
	size_t n;

	if (guestfs_read(a, g, d->file, &text, &n, e) < 0)
		return -1;
	if (d->offset > n || d->n > n - d->offset)
		return fail(e, "%s: has only %zu bytes", d->file, n);
	memcpy(text + d->offset, d->text, d->n);
	return put(g, d, text, n, e);
}

/* where line `at` begins; the end of the text when it is the one behind the last */
static const char *
line_at(const char *text, size_t at)
{
	while (--at && *text)
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	return at ? NULL : text;
}

static int
change_line(struct arena *a, struct guestfs *g, const struct edit *d, struct err *e)
{
	struct buf b = { 0 };
	const char *from, *behind;
	char *text;
	size_t n;
	int r;

	if (guestfs_read(a, g, d->file, &text, &n, e) < 0)
		return -1;
	from = line_at(text, d->kind == EDIT_INSERT ? d->at + 1 : d->at);
	if (!from || (d->kind == EDIT_LINE && !*from))
		return fail(e, "%s: has no line %zu", d->file, d->at);
	behind = d->kind == EDIT_INSERT ? from : line_at(from, 2);
	buf_add(&b, text, (size_t)(from - text));
	if (d->kind == EDIT_INSERT && b.n && b.p[b.n - 1] != '\n')
		buf_adds(&b, "\n");
	if (d->text)
		buf_addf(&b, "%s%s", d->text, d->kind == EDIT_LINE ? "\n" : "");
	buf_add(&b, behind, n - (size_t)(behind - text));
	r = put(g, d, b.p ? b.p : "", b.n, e);
	buf_free(&b);
	return r;
}

static int
edit_file(struct arena *a, struct guestfs *g, const struct edit *d, struct err *e)
{
	switch (d->kind) {
	case EDIT_REPLACE:
		return replace(a, g, d, e);
	case EDIT_BYTES:
		return overwrite(a, g, d, e);
	case EDIT_REMOVE:
		return guestfs_remove(g, d->file, e);
	case EDIT_LINE:
	case EDIT_INSERT:
		return change_line(a, g, d, e);
	case EDIT_SET:
		return guestfs_set(g, d->file, d->mode, d->uid, d->gid, e);
	default:
		return put(g, d, d->text, strlen(d->text), e);
	}
}

/* ---- has it changed anything ---- */

/* what a file is, as far as an edit may change it */
struct state {
	bool there;
	struct guestfs_entry entry;
	char sha256[DIGEST_HEX];
};

static int
state_of(struct arena *a, struct guestfs *g, const struct edit *d, struct state *out, struct err *e)
{
	int r = guestfs_find(a, g, d->file, &out->entry, e);

	out->there = r == 1;
	if (r <= 0 || !S_ISREG(out->entry.mode))
		return r < 0 ? -1 : 0;
	return guestfs_digest(g, out->entry.inode, out->sha256, e);
}

static int
same(const struct edit *d, struct err *e)
{
	return fail(e, "%s: is so already: nothing would be broken", d->file ? d->file : d->fs);
}

static bool
is_same(const struct state *x, const struct state *y)
{
	return x->there == y->there && x->entry.mode == y->entry.mode &&
	       x->entry.uid == y->entry.uid && x->entry.gid == y->entry.gid &&
	       !strcmp(x->sha256, y->sha256);
}

static int
change_file(struct arena *a, struct guestfs *g, const struct edit *d, struct err *e)
{
	struct state before = { 0 }, after = { 0 };
	struct edit own = *d;

	if (state_of(a, g, d, &before, e) < 0)
		return -1;
	if (d->kind == EDIT_ADD && before.there)
		return fail(e, "%s: is there already, and not to be added", d->file);
	if (d->kind != EDIT_ADD && !before.there)
		return fail(e, "%s: there is no such file", d->file);
	if (d->kind != EDIT_REMOVE && before.there && S_ISLNK(before.entry.mode))
		return fail(e, "%s: is a symlink, to %s; remove it, and add a file", d->file,
		    before.entry.target);
	if (before.there && d->kind != EDIT_SET) {
		own.uid = before.entry.uid;
		own.gid = before.entry.gid;
	}
	if (edit_file(a, g, &own, e) < 0 || state_of(a, g, d, &after, e) < 0)
		return -1;
	return is_same(&before, &after) ? same(d, e) : 0;
}

/* of a filesystem as a whole */
static int
change_self(struct guestfs *g, const struct edit *d, struct err *e)
{
	struct guestfs_self self;

	guestfs_self(g, &self);
	if (d->kind == EDIT_LABEL)
		return strcmp(self.label, d->text) ? guestfs_label(g, d->text, e) : same(d, e);
	if (self.read_only)
		return same(d, e);
	guestfs_read_only(g);
	return 0;
}

static int
edit_filesystem(struct arena *a, const struct edit *d, uint64_t at, const char *disk, struct err *e)
{
	struct guestfs *g;
	int r;

	if (guestfs_open(disk, at, 1, &g, e) < 0)
		return -1;
	r = d->file ? change_file(a, g, d, e) : change_self(g, d, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

/* bytes of the disk that belong to no file; n is at most WIPED */
static int
write_raw(
    const struct edit *d, const char *disk, uint64_t at, const void *p, size_t n, struct err *e)
{
	int fd = open(disk, O_RDWR | O_CLOEXEC), r = 0;
	char before[WIPED];

	if (fd < 0)
		return fail_errno(e, "%s", disk);
	if (pread(fd, before, n, (off_t)at) != (ssize_t)n)
		r = fail(e, "%s: ends within partition %s", disk, d->fs);
	else if (!memcmp(before, p, n))
		r = same(d, e);
	else if (pwrite(fd, p, n, (off_t)at) != (ssize_t)n)
		r = fail_errno(e, "%s", disk);
	if (close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", disk);
	return r;
}

/* in the whole of a partition, which is no ext4 */
static int
poke(struct arena *a, const struct edit *d, const struct man_part *p, const char *disk,
    struct err *e)
{
	char *bytes = arena_alloc(a, p->size);
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	const char *at;

	if (fd < 0)
		return fail_errno(e, "%s", disk);
	if (pread(fd, bytes, p->size, (off_t)p->start) != (ssize_t)p->size) {
		close(fd);
		return fail(e, "%s: ends within partition %s", disk, d->fs);
	}
	close(fd);
	at = memmem(bytes, p->size, d->was, d->n);
	if (!at)
		return fail(e, "%s: these bytes are nowhere in it", d->fs);
	return write_raw(d, disk, p->start + (uint64_t)(at - bytes), d->text, d->n, e);
}

static int
edit(struct arena *a, const struct edit *d, const struct manifest *m, const char *disk,
    struct err *e)
{
	static const char nothing[WIPED];
	const struct man_part *p = manifest_part(m, d->fs);
	char label[SWAP_LABEL_SIZE] = "";

	if (!p)
		return fail_usage(e, "the image has no partition %s", d->fs);
	if (d->kind == EDIT_WIPE)
		return write_raw(d, disk, p->start, nothing, sizeof nothing, e);
	if (d->kind == EDIT_UUID)
		return strcmp(p->uuid, d->text) ? gpt_set_uuid(disk, p->start, d->text, e)
						: same(d, e);
	if (d->kind == EDIT_POKE)
		return poke(a, d, p, disk, e);
	if (strcmp(p->type, "swap"))
		return edit_filesystem(a, d, p->start, disk, e);
	if (d->kind != EDIT_LABEL)
		return fail(e, "%s: has no files", d->fs);
	memcpy(label, d->text, strnlen(d->text, sizeof label - 1));
	return write_raw(d, disk, p->start + SWAP_LABEL, label, sizeof label, e);
}

int
edit_copy(const struct edit *v, size_t n, const struct manifest *m, const char *from,
    const char *to, struct err *e)
{
	struct arena *a;
	int r = 0;

	if (file_copy(from, to, 0644, e) < 0)
		return -1;
	a = arena_new();
	for (size_t i = 0; i < n && r == 0; i++) {
		r = edit(a, &v[i], m, to, e);
		if (r < 0 && v[i].path)
			wrap(e, "%s:%u", v[i].path, v[i].line);
	}
	arena_free(a);
	return r;
}
