/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/guestfs.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 16) /* bytes read at once for a digest */
/* of one file: a hole costs an image nothing, and us memory */
#define READ_MOST (256u << 20)

struct guestfs {
	ext2_filsys fs;
	bool writable;
	char name[256]; /* for messages */
};

static int
fail_ext2(struct err *e, const char *what, errcode_t why)
{
	return fail(e, "%s: %s", what, error_message(why));
}

/* libext2fs is given a descriptor, so that it opens nothing: see confine.h */
static int
open_fs(int disk, const char *image, uint64_t offset, int flags, ext2_filsys *fs, struct err *e)
{
	int own = dup(disk); /* it closes this one */
	char options[64], name[16];
	errcode_t r;

	if (own < 0)
		return fail_errno(e, "%s", image);

	initialize_ext2_error_table();
	snprintf(options, sizeof options, "offset=%" PRIu64, offset);
	snprintf(name, sizeof name, "%d", own);
	r = ext2fs_open2(name, options, flags | EXT2_FLAG_64BITS, 0, 0, unixfd_io_manager, fs);
	if (r)
		return fail(
		    e, "%s: filesystem at %" PRIu64 ": %s", image, offset, error_message(r));
	if (ext2fs_has_feature_inline_data((*fs)->super)) {
		/* lh-build makes none; what an inode keeps within itself is not read here */
		ext2fs_free(*fs);
		return fail(e,
		    "%s: filesystem at %" PRIu64 ": has the feature inline_data, which "
		    "is not supported here",
		    image, offset);
	}
	if (flags & EXT2_FLAG_RW && ext2fs_has_feature_journal_needs_recovery((*fs)->super)) {
		ext2fs_free(*fs);
		return fail(e,
		    "%s: filesystem at %" PRIu64 ": has a journal to replay, which would "
		    "undo what is written here; run e2fsck on it first",
		    image, offset);
	}
	r = ext2fs_read_bitmaps(*fs);
	if (r) {
		ext2fs_free(*fs);
		return fail(e, "%s: filesystem at %" PRIu64 ": bitmaps: %s", image, offset,
		    error_message(r));
	}
	return 0;
}

int
guestfs_open_fd(
    int disk, const char *image, uint64_t offset, int writable, struct guestfs **out, struct err *e)
{
	struct guestfs *g;
	ext2_filsys fs;

	if (open_fs(disk, image, offset, writable ? EXT2_FLAG_RW : 0, &fs, e) < 0)
		return -1;
	g = xmalloc(sizeof *g);
	*g = (struct guestfs){ .fs = fs, .writable = writable };
	snprintf(g->name, sizeof g->name, "%s", image);
	*out = g;
	return 0;
}

int
guestfs_open(const char *image, uint64_t offset, int writable, struct guestfs **out, struct err *e)
{
	int disk = open(image, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC), r;

	if (disk < 0)
		return fail_errno(e, "%s", image);
	r = guestfs_open_fd(disk, image, offset, writable, out, e);
	close(disk);
	return r;
}

int
guestfs_close(struct guestfs *g, struct err *e)
{
	errcode_t r = 0;
	int result = 0;

	if (g->writable)
		r = ext2fs_flush2(g->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	if (r)
		result = fail_ext2(e, g->name, r);
	ext2fs_free(g->fs);
	free(g);
	return result;
}

/* ---- names ---- */

/* cuts "/a/b/c" into the folder "/a/b" and the name "c" */
static int
split(const char *path, char folder[PATH_MAX], const char **name, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (*path != '/' || !slash[1] || (size_t)(slash - path) >= PATH_MAX)
		return fail_usage(e, "%s: not an absolute path of a file", path);
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	*name = slash + 1;
	return 0;
}

/* links a new inode into a folder, which grows when it is full */
static errcode_t
link_new(ext2_filsys fs, ext2_ino_t dir, const char *name, ext2_ino_t ino, int type)
{
	errcode_t r = ext2fs_link(fs, dir, name, ino, type);

	if (r == EXT2_ET_DIR_NO_SPACE) {
		r = ext2fs_expand_dir(fs, dir);
		if (!r)
			r = ext2fs_link(fs, dir, name, ino, type);
	}
	return r;
}

static errcode_t
make_folder(ext2_filsys fs, ext2_ino_t parent, const char *name)
{
	errcode_t r = ext2fs_mkdir(fs, parent, 0, name);

	if (r == EXT2_ET_DIR_NO_SPACE) {
		r = ext2fs_expand_dir(fs, parent);
		if (!r)
			r = ext2fs_mkdir(fs, parent, 0, name);
	}
	return r;
}

/* the folder of that path, made where it is missing */
static int
folder_of(struct guestfs *g, const char *folder, bool make, ext2_ino_t *out, struct err *e)
{
	ext2_ino_t at = EXT2_ROOT_INO, next;
	char part[PATH_MAX];

	for (const char *p = folder; *p;) {
		size_t n;
		errcode_t r;

		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (!n)
			break;
		memcpy(part, p, n);
		part[n] = '\0';
		p += n;
		r = ext2fs_namei_follow(g->fs, EXT2_ROOT_INO, at, part, &next);
		if (r == EXT2_ET_FILE_NOT_FOUND && make) {
			r = make_folder(g->fs, at, part);
			if (!r)
				r = ext2fs_lookup(g->fs, at, part, (int)n, NULL, &next);
		}
		if (r)
			return fail(e, "%s: %.*s: %s", g->name, (int)(p - folder), folder,
			    error_message(r));
		at = next;
	}
	*out = at;
	return 0;
}

/* ---- files ---- */

static void
set_owner(struct ext2_inode *inode, const struct guestfs_file *f)
{
	inode->i_mode = (__u16)((inode->i_mode & LINUX_S_IFMT) | (f->mode & 07777));
	inode->i_uid = (__u16)f->uid;
	ext2fs_set_i_uid_high(*inode, (__u16)(f->uid >> 16));
	inode->i_gid = (__u16)f->gid;
	ext2fs_set_i_gid_high(*inode, (__u16)(f->gid >> 16));
}

static errcode_t
new_file(
    ext2_filsys fs, ext2_ino_t dir, const char *name, const struct guestfs_file *f, ext2_ino_t *ino)
{
	struct ext2_inode_large inode;
	struct ext2_inode *small = (struct ext2_inode *)&inode;
	ext2_extent_handle_t h;
	errcode_t r;

	r = ext2fs_new_inode(fs, dir, LINUX_S_IFREG | (int)f->mode, NULL, ino);
	if (!r)
		r = link_new(fs, dir, name, *ino, EXT2_FT_REG_FILE);
	if (r)
		return r;
	ext2fs_inode_alloc_stats2(fs, *ino, 1, 0);
	memset(&inode, 0, sizeof inode);
	inode.i_extra_isize = sizeof inode - EXT2_GOOD_OLD_INODE_SIZE;
	small->i_mode = LINUX_S_IFREG;
	set_owner(small, f);
	inode.i_atime = inode.i_ctime = inode.i_mtime = inode.i_crtime = (__u32)time(NULL);
	inode.i_links_count = 1;
	if (ext2fs_has_feature_extents(fs->super))
		inode.i_flags |= EXT4_EXTENTS_FL;
	r = ext2fs_write_inode_full(fs, *ino, small, sizeof inode);
	if (r || !(inode.i_flags & EXT4_EXTENTS_FL))
		return r;
	/* opening an empty extent tree writes its header */
	r = ext2fs_extent_open2(fs, *ino, small, &h);
	if (r)
		return r;
	ext2fs_extent_free(h);
	return ext2fs_write_inode(fs, *ino, small);
}

static errcode_t
write_at(ext2_filsys fs, ext2_ino_t ino, bool append, const void *p, size_t n)
{
	ext2_file_t f;
	errcode_t r = ext2fs_file_open(fs, ino, EXT2_FILE_WRITE, &f), closed;
	const char *s = p;

	if (r)
		return r;
	if (append)
		r = ext2fs_file_llseek(f, 0, EXT2_SEEK_END, NULL);
	else
		r = ext2fs_file_set_size2(f, 0);
	while (!r && n) {
		unsigned want = n > 1 << 20 ? 1 << 20 : (unsigned)n, done;

		r = ext2fs_file_write(f, s, want, &done);
		s += done;
		n -= done;
	}
	closed = ext2fs_file_close(f);
	return r ? r : closed;
}

/* what a symlink says */
static errcode_t
read_target(ext2_filsys fs, ext2_ino_t ino, struct ext2_inode *inode, char target[PATH_MAX])
{
	ext2_file_t f;
	errcode_t r;

	if (EXT2_I_SIZE(inode) >= PATH_MAX)
		return EXT2_ET_FILE_TOO_BIG;
	target[EXT2_I_SIZE(inode)] = '\0';
	if (ext2fs_is_fast_symlink(inode)) {
		memcpy(target, inode->i_block, EXT2_I_SIZE(inode));
		return 0;
	}
	r = ext2fs_file_open(fs, ino, 0, &f);
	if (r)
		return r;
	r = ext2fs_file_read(f, target, (unsigned)EXT2_I_SIZE(inode), NULL);
	ext2fs_file_close(f);
	return r;
}

/* the target of a symlink that lies in folder, as a path of the filesystem */
static errcode_t
read_link(ext2_filsys fs, ext2_ino_t ino, const char *folder, char path[PATH_MAX])
{
	struct ext2_inode inode;
	char target[PATH_MAX] = "";
	errcode_t r = ext2fs_read_inode(fs, ino, &inode);

	if (!r)
		r = read_target(fs, ino, &inode, target);
	if (!r &&
	    snprintf(path, PATH_MAX, "%s/%s", *target == '/' ? "" : folder, target) >= PATH_MAX)
		r = EXT2_ET_FILE_TOO_BIG;
	return r;
}

/*
 * The file of that path, folders above it made; *ino is 0 when it is still to be made as
 * *name in *dir.  A symlink that leads to nothing stands for what it leads to, as in open(2).
 */
static int
find_file(struct guestfs *g, const char *what, char path[PATH_MAX], ext2_ino_t *dir,
    const char **name, ext2_ino_t *ino, struct err *e)
{
	char folder[PATH_MAX];
	ext2_ino_t link;
	errcode_t r;

	for (int links = 0;; links++) {
		if (split(path, folder, name, e) < 0 || folder_of(g, folder, true, dir, e) < 0)
			return -1;
		r = ext2fs_namei_follow(g->fs, EXT2_ROOT_INO, *dir, *name, ino);
		if (r != EXT2_ET_FILE_NOT_FOUND)
			break;
		*ino = 0;
		if (ext2fs_lookup(g->fs, *dir, *name, (int)strlen(*name), NULL, &link))
			return 0;
		r = links < 8 ? read_link(g->fs, link, folder, path) : EXT2_ET_SYMLINK_LOOP;
		if (r)
			break;
	}
	return r ? fail_ext2(e, what, r) : 0;
}

/* replaces or appends; an appended file that exists keeps owner and mode */
static int
put(struct guestfs *g, const struct guestfs_file *f, bool append, struct err *e)
{
	char at[PATH_MAX], what[PATH_MAX + 300];
	struct ext2_inode inode;
	ext2_ino_t dir, ino;
	const char *name;
	bool found;
	errcode_t r = 0;

	snprintf(what, sizeof what, "%s: %s", g->name, f->path);
	if (snprintf(at, sizeof at, "%s", f->path) >= (int)sizeof at)
		return fail_usage(e, "%s: path too long", what);
	if (find_file(g, what, at, &dir, &name, &ino, e) < 0)
		return -1;
	found = ino != 0;
	if (!found)
		r = new_file(g->fs, dir, name, f, &ino);
	if (!r)
		r = ext2fs_read_inode(g->fs, ino, &inode);
	if (r)
		return fail_ext2(e, what, r);
	if (!LINUX_S_ISREG(inode.i_mode))
		return fail(e, "%s: not a file", what);
	if (found && !append) {
		set_owner(&inode, f);
		r = ext2fs_write_inode(g->fs, ino, &inode);
	}
	if (!r)
		r = write_at(g->fs, ino, append, f->bytes, f->n);
	return r ? fail_ext2(e, what, r) : 0;
}

int
guestfs_put(struct guestfs *g, const struct guestfs_file *f, struct err *e)
{
	return put(g, f, false, e);
}

int
guestfs_append(struct guestfs *g, const struct guestfs_file *f, struct err *e)
{
	return put(g, f, true, e);
}

int
guestfs_set(struct guestfs *g, const char *path, mode_t mode, uid_t uid, gid_t gid, struct err *e)
{
	const struct guestfs_file f = { .mode = mode, .uid = uid, .gid = gid };
	char what[PATH_MAX + 300];
	struct ext2_inode inode;
	ext2_ino_t ino;
	errcode_t r;

	snprintf(what, sizeof what, "%s: %s", g->name, path);
	r = ext2fs_namei_follow(g->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino);
	if (!r)
		r = ext2fs_read_inode(g->fs, ino, &inode);
	if (r)
		return fail_ext2(e, what, r);
	set_owner(&inode, &f);
	r = ext2fs_write_inode(g->fs, ino, &inode);
	return r ? fail_ext2(e, what, r) : 0;
}

int
guestfs_label(struct guestfs *g, const char *label, struct err *e)
{
	struct ext2_super_block *s = g->fs->super;
	size_t n = strlen(label);

	if (n > sizeof s->s_volume_name)
		return fail_usage(e, "%s: label %s: longer than %zu bytes", g->name, label,
		    sizeof s->s_volume_name);
	memset(s->s_volume_name, 0, sizeof s->s_volume_name);
	memcpy(s->s_volume_name, label, n);
	ext2fs_mark_super_dirty(g->fs);
	return 0;
}

void
guestfs_read_only(struct guestfs *g)
{
	ext2fs_set_feature_readonly(g->fs->super);
	ext2fs_mark_super_dirty(g->fs);
}

int
guestfs_remove(struct guestfs *g, const char *path, struct err *e)
{
	char folder[PATH_MAX], what[PATH_MAX + 300];
	struct ext2_inode inode;
	ext2_ino_t dir, ino;
	const char *name;
	errcode_t r;

	if (split(path, folder, &name, e) < 0 || folder_of(g, folder, false, &dir, e) < 0)
		return -1;
	snprintf(what, sizeof what, "%s: %s", g->name, path);
	r = ext2fs_lookup(g->fs, dir, name, (int)strlen(name), NULL, &ino);
	if (!r)
		r = ext2fs_read_inode(g->fs, ino, &inode);
	if (r)
		return fail_ext2(e, what, r);
	if (LINUX_S_ISDIR(inode.i_mode))
		return fail(e, "%s: is a folder", what);
	r = ext2fs_unlink(g->fs, dir, name, ino, 0);
	if (!r && --inode.i_links_count == 0) {
		if (ext2fs_inode_has_valid_blocks2(g->fs, &inode))
			r = ext2fs_punch(g->fs, ino, &inode, NULL, 0, ~0ULL);
		inode.i_dtime = (__u32)time(NULL);
		ext2fs_inode_alloc_stats2(g->fs, ino, -1, 0);
	}
	if (!r)
		r = ext2fs_write_inode(g->fs, ino, &inode);
	return r ? fail_ext2(e, what, r) : 0;
}

int
guestfs_read(
    struct arena *a, struct guestfs *g, const char *path, char **text, size_t *n, struct err *e)
{
	char what[PATH_MAX + 300];
	ext2_file_t f;
	ext2_ino_t ino;
	errcode_t r;
	__u64 size;
	char *p;
	size_t used = 0;

	snprintf(what, sizeof what, "%s: %s", g->name, path);
	r = ext2fs_namei_follow(g->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino);
	if (!r)
		r = ext2fs_file_open(g->fs, ino, 0, &f);
	if (r)
		return fail_ext2(e, what, r);
	r = ext2fs_file_get_lsize(f, &size);
	if (!r && size > READ_MOST) {
		ext2fs_file_close(f);
		return fail(e, "%s: has %" PRIu64 " bytes; at most %u MiB are read", what,
		    (uint64_t)size, READ_MOST >> 20);
	}
	if (r)
		size = 0;
	p = arena_alloc(a, (size_t)size + 1);
	while (!r && used < size) {
		unsigned got;

		r = ext2fs_file_read(
		    f, p + used, size - used > 1 << 20 ? 1 << 20 : (unsigned)(size - used), &got);
		used += got;
		if (!r && !got)
			break;
	}
	ext2fs_file_close(f);
	if (r)
		return fail_ext2(e, what, r);
	*text = p;
	if (n)
		*n = used;
	return 0;
}

/* ---- what there is ---- */

struct survey {
	struct arena *a;
	ext2_filsys fs;
	ext2fs_inode_bitmap seen; /* a folder that holds itself would have no end */
	const char *folder;
	struct guestfs_entry *v;
	size_t n;
	errcode_t failed;
};

struct xattr_names {
	struct arena *a;
	const char *text;
};

static int
add_xattr(char *name, char *value, size_t n, void *arg)
{
	struct xattr_names *x = arg;

	(void)value, (void)n;
	x->text = x->text ? arena_printf(x->a, "%s %s", x->text, name) : arena_strdup(x->a, name);
	return 0;
}

static errcode_t
read_xattrs(struct arena *a, ext2_filsys fs, ext2_ino_t ino, const char **names)
{
	struct xattr_names x = { .a = a };
	struct ext2_xattr_handle *h;
	errcode_t r = ext2fs_xattrs_open(fs, ino, &h);

	if (r)
		return r;
	r = ext2fs_xattrs_read(h);
	if (!r)
		r = ext2fs_xattrs_iterate(h, add_xattr, &x);
	ext2fs_xattrs_close(&h);
	*names = x.text;
	return r;
}

/*
 * What somebody may have set: not what tells how the bytes of the file are mapped.  Words for those
 * that change what a file is for.
 */
static const char *
flags_of(struct arena *a, const struct ext2_inode *inode)
{
	static const struct {
		__u32 bit;
		const char *name;
	} names[] = { { EXT2_IMMUTABLE_FL, "immutable" }, { EXT2_APPEND_FL, "append-only" } };
	__u32 flags =
	    inode->i_flags & ~(__u32)(EXT4_EXTENTS_FL | EXT2_INDEX_FL | EXT4_HUGE_FILE_FL);
	const char *text = NULL;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].bit) {
			text = text ? arena_printf(a, "%s %s", text, names[i].name) : names[i].name;
			flags &= ~names[i].bit;
		}
	if (flags)
		text =
		    arena_printf(a, "%s%s0x%x", text ? text : "", text ? " " : "", (unsigned)flags);
	return text;
}

/* as the kernel's new and old way of writing them down */
static void
read_device(const struct ext2_inode *inode, struct guestfs_entry *n)
{
	__u32 old = inode->i_block[0], new = inode->i_block[1];

	if (!LINUX_S_ISCHR(inode->i_mode) && !LINUX_S_ISBLK(inode->i_mode))
		return;
	n->major = old ? old >> 8 & 0xff : new >> 8 & 0xfff;
	n->minor = old ? old & 0xff : (new & 0xff) | (new >> 12 & 0xfff00);
}

static errcode_t
fill_entry(
    struct arena *a, ext2_filsys fs, ext2_ino_t ino, const char *path, struct guestfs_entry *out)
{
	struct ext2_inode inode;
	char target[PATH_MAX];
	const char *xattrs = NULL;
	errcode_t r = ext2fs_read_inode(fs, ino, &inode);
	bool link = !r && LINUX_S_ISLNK(inode.i_mode);

	if (link)
		r = read_target(fs, ino, &inode, target);
	if (!r)
		r = read_xattrs(a, fs, ino, &xattrs);
	if (r)
		return r;
	*out = (struct guestfs_entry){ .path = path,
		.mode = inode.i_mode,
		.uid = inode_uid(inode),
		.gid = inode_gid(inode),
		.size = EXT2_I_SIZE(&inode),
		.target = link ? arena_strdup(a, target) : NULL,
		.xattrs = xattrs,
		.links = inode.i_links_count,
		.flags = flags_of(a, &inode),
		.inode = ino };
	read_device(&inode, out);
	return 0;
}

static errcode_t
survey_inode(struct survey *l, ext2_ino_t ino, const char *path)
{
	struct guestfs_entry n;
	errcode_t r = fill_entry(l->a, l->fs, ino, path, &n);

	if (!r && S_ISDIR(n.mode) && ext2fs_test_inode_bitmap2(l->seen, ino))
		r = EXT2_ET_DIR_CORRUPTED;
	if (r)
		return r;
	ext2fs_mark_inode_bitmap2(l->seen, ino);
	l->v = arena_more(l->a, l->v, l->n, sizeof *l->v);
	l->v[l->n++] = n;
	return 0;
}

static int
survey_entry(ext2_ino_t dir, int entry, struct ext2_dir_entry *d, int offset, int blocksize,
    char *buf, void *arg)
{
	struct survey *l = arg;

	(void)dir;
	(void)offset;
	(void)blocksize;
	(void)buf;
	if (entry == DIRENT_DOT_FILE || entry == DIRENT_DOT_DOT_FILE)
		return 0;
	l->failed = survey_inode(l, d->inode,
	    arena_printf(l->a, "%s/%.*s", l->folder, ext2fs_dirent_name_len(d), d->name));
	return l->failed ? DIRENT_ABORT : 0;
}

int
guestfs_entries(
    struct arena *a, struct guestfs *g, struct guestfs_entry **v, size_t *n, struct err *e)
{
	struct survey l = { .a = a, .fs = g->fs, .folder = "" };
	errcode_t r = ext2fs_allocate_inode_bitmap(g->fs, "seen", &l.seen);

	if (r)
		return fail_ext2(e, g->name, r);
	r = survey_inode(&l, EXT2_ROOT_INO, "/");
	for (size_t i = 0; i < l.n && !r && !l.failed; i++) {
		if (!LINUX_S_ISDIR(l.v[i].mode))
			continue;
		l.folder = i ? l.v[i].path : "";
		r = ext2fs_dir_iterate2(g->fs, l.v[i].inode, 0, NULL, survey_entry, &l);
	}
	ext2fs_free_inode_bitmap(l.seen);
	if (r || l.failed)
		return fail(e, "%s: %s/: %s", g->name, l.folder, error_message(r ? r : l.failed));
	*v = l.v;
	*n = l.n;
	return 0;
}

int
guestfs_find(
    struct arena *a, struct guestfs *g, const char *path, struct guestfs_entry *out, struct err *e)
{
	char what[PATH_MAX + 300];
	ext2_ino_t ino;
	errcode_t r = ext2fs_namei(g->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino);

	if (r == EXT2_ET_FILE_NOT_FOUND)
		return 0;
	if (!r)
		r = fill_entry(a, g->fs, ino, path, out);
	snprintf(what, sizeof what, "%s: %s", g->name, path);
	return r ? fail_ext2(e, what, r) : 1;
}

int
guestfs_digest(struct guestfs *g, uint32_t inode, char hex[DIGEST_HEX], struct err *e)
{
	struct digest *d;
	ext2_file_t f;
	char *piece;
	unsigned got = 0;
	errcode_t r = ext2fs_file_open(g->fs, inode, 0, &f);

	if (r)
		return fail_ext2(e, g->name, r);
	d = digest_new();
	piece = xmalloc(PIECE);
	do {
		r = ext2fs_file_read(f, piece, PIECE, &got);
		digest_add(d, piece, got);
	} while (!r && got);
	free(piece);
	digest_end(d, hex);
	ext2fs_file_close(f);
	return r ? fail_ext2(e, g->name, r) : 0;
}

void
guestfs_self(const struct guestfs *g, struct guestfs_self *out)
{
	struct ext2_super_block *s = g->fs->super;

	*out = (struct guestfs_self){ .read_only = ext2fs_has_feature_readonly(s) != 0,
		.mounts = s->s_mnt_count };
	memcpy(out->label, s->s_volume_name, sizeof s->s_volume_name);
}

static char
type_letter(mode_t mode)
{
	static const struct {
		mode_t type;
		char letter;
	} types[] = { { S_IFREG, '-' }, { S_IFDIR, 'd' }, { S_IFLNK, 'l' }, { S_IFCHR, 'c' },
		{ S_IFBLK, 'b' }, { S_IFIFO, 'p' }, { S_IFSOCK, 's' } };

	for (size_t t = 0; t < sizeof types / sizeof *types; t++)
		if ((mode & S_IFMT) == types[t].type)
			return types[t].letter;
	return '?';
}

int
guestfs_list(struct arena *a, struct guestfs *g, const char *name, struct buf *out, struct err *e)
{
	struct guestfs_entry *v;
	size_t n;

	if (guestfs_entries(a, g, &v, &n, e) < 0)
		return -1;
	for (const struct guestfs_entry *f = v; f < v + n; f++)
		buf_addf(out, "%s %s %c %04o %u:%u%s%s\n", name, f->path, type_letter(f->mode),
		    (unsigned)f->mode & 07777, (unsigned)f->uid, (unsigned)f->gid,
		    f->target ? " -> " : "", f->target ? f->target : "");
	return 0;
}

/* ---- was it left in order ---- */

int
guestfs_unmounted(int disk, const char *image, uint64_t offset, struct err *e)
{
	char what[PATH_MAX + 64];
	ext2_filsys fs;
	int r = 0;

	if (open_fs(disk, image, offset, 0, &fs, e) < 0)
		return -1;
	snprintf(what, sizeof what, "%s: filesystem at %" PRIu64, image, offset);
	if (fs->super->s_state & EXT2_ERROR_FS || fs->super->s_error_count)
		r = fail(e, "%s: the guest met %u errors in it", what, fs->super->s_error_count);
	else if (ext2fs_has_feature_journal_needs_recovery(fs->super))
		r = fail(e, "%s: has a journal to replay: it was not unmounted", what);
	else if (!(fs->super->s_state & EXT2_VALID_FS))
		r = fail(e, "%s: is not marked clean: it was not unmounted", what);
	else if (fs->super->s_last_orphan)
		r = fail(e, "%s: contains files that were deleted while open", what);
	ext2fs_free(fs);
	return r;
}
