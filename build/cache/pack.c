/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/pack.h"

#include "build/base/arena.h"
#include "build/base/fd.h"
#include "build/base/utf8.h"
#include "build/files/beneath.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256 * 1024)
#define ENTRY 512 /* what an entry counts for beside its bytes: at least a name and an inode */

/* a file with more than one name, by the first */
struct twin {
	dev_t dev;
	ino_t ino;
	const char *name;
};

struct pack {
	struct arena *a;
	struct archive *ar;
	const char *file;
	char *tmp;
	int64_t when;
	mode_t mode; /* of the file */
	char *block; /* what is on its way into it */
	uint64_t unpacked;
	struct twin *twins;
	size_t ntwins;
};

static int
fail_archive(struct err *e, struct archive *ar, const char *file)
{
	const char *said = archive_error_string(ar);

	fail(e, "%s: %s", file, said ? said : "unknown error");
	err_full(e, archive_errno(ar), file);
	return -1;
}

/* ---- libraries ---- */

const char *
pack_library(void)
{
	return strchr(archive_version_string(), ' ') + 1;
}

/* not what libarchive says, which is the one that it was compiled with */
const char *
pack_zstd(void)
{
	void *found = dlsym(RTLD_DEFAULT, "ZSTD_versionString");
	const char *(*version)(void);

	if (!found)
		return "none";			  /* libarchive runs zstd(1) */
	memcpy(&version, &found, sizeof version); /* ISO C has no cast for that */
	return version();
}

/* ---- writing ---- */

static struct pack *
begin(const char *file, int64_t when, int (*format)(struct archive *), struct err *e)
{
	struct arena *a = arena_new();
	struct pack *p = arena_alloc(a, sizeof *p);
	size_t n = strlen(file);
	int fd;

	*p = (struct pack){ .a = a,
		.ar = archive_write_new(),
		.file = arena_strdup(a, file),
		.tmp = arena_printf(a, "%s.lh-XXXXXX", file), /* file_is_half_made() */
		.when = when,
		.mode = 0644,
		.block = arena_alloc(a, BLOCK) };
	format(p->ar);
	if (n > 4 && !strcmp(file + n - 4, ".zst"))
		archive_write_add_filter_zstd(p->ar);
	if (n > 3 && !strcmp(file + n - 3, ".gz")) {
		archive_write_add_filter_gzip(p->ar);
		/* without the hour */
		archive_write_set_filter_option(p->ar, "gzip", "timestamp", NULL);
		archive_write_set_bytes_in_last_block(p->ar, 1);
	}
	fd = mkstemp(p->tmp);
	if (fd < 0) {
		fail_errno(e, "%s", file);
		*p->tmp = '\0';
		pack_abandon(p);
		return NULL;
	}
	close(fd);
	if (archive_write_open_filename(p->ar, p->tmp) != ARCHIVE_OK) {
		fail_archive(e, p->ar, p->tmp);
		pack_abandon(p);
		return NULL;
	}
	return p;
}

struct pack *
pack_new(const char *file, int64_t when, struct err *e)
{
	/* the restricted form tells whole seconds */
	return begin(file, when,
	    when == PACK_OWN_TIMES ? archive_write_set_format_pax
				   : archive_write_set_format_pax_restricted,
	    e);
}

struct pack *
pack_new_cpio(const char *file, int64_t when, struct err *e)
{
	return begin(file, when, archive_write_set_format_cpio_newc, e);
}

static int
put_bytes(struct pack *p, const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r = 0;
	ssize_t n;

	if (fd < 0)
		return fail_errno(e, "%s", path);
	while (r == 0 && (n = read(fd, p->block, BLOCK)) != 0) {
		if (n < 0 && errno != EINTR)
			r = fail_errno(e, "%s", path);
		else if (n > 0 && archive_write_data(p->ar, p->block, (size_t)n) != n)
			r = fail_archive(e, p->ar, p->file);
	}
	close(fd);
	return r;
}

/* an archive of a work folder, which is to come back as it was: with its holes, too */
static int
note_holes(struct archive_entry *en, const char *path, off_t size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	off_t at = 0, hole;

	if (fd < 0)
		return fail_errno(e, "%s", path);
	hole = lseek(fd, 0, SEEK_HOLE);
	while (hole >= 0 && hole < size && (at = lseek(fd, at, SEEK_DATA)) >= 0 && at < size) {
		off_t end = lseek(fd, at, SEEK_HOLE);

		if (end < 0 || end > size)
			end = size;
		archive_entry_sparse_add_entry(en, at, end - at);
		at = end;
	}
	if (hole == 0 && size && !archive_entry_sparse_count(en))
		archive_entry_sparse_add_entry(en, 0, 0); /* nothing else */
	close(fd);
	return 0;
}

/* the name under which it is in the archive already; NULL: it is not */
static const char *
first_name(struct pack *p, const struct stat *st, const char *name)
{
	if (p->when != PACK_OWN_TIMES || S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return NULL;
	for (size_t i = 0; i < p->ntwins; i++)
		if (p->twins[i].ino == st->st_ino && p->twins[i].dev == st->st_dev)
			return p->twins[i].name;
	p->twins = arena_more(p->a, p->twins, p->ntwins, sizeof *p->twins);
	p->twins[p->ntwins++] = (struct twin){ st->st_dev, st->st_ino, arena_strdup(p->a, name) };
	return NULL;
}

int
pack_add(struct pack *p, const char *path, const char *name, struct err *e)
{
	struct archive_entry *en;
	const char *first;
	char target[PATH_MAX];
	struct stat st;
	locale_t before;
	ssize_t n;
	int r = 0;

	if (lstat(path, &st) < 0)
		return fail_errno(e, "%s", path);
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode) &&
	    !S_ISFIFO(st.st_mode))
		return fail(e, "%s: not a file, folder, symlink or fifo", path);
	first = first_name(p, &st, name);
	p->unpacked += ENTRY + (S_ISREG(st.st_mode) && !first ? (uint64_t)st.st_size : 0);
	en = archive_entry_new();
	archive_entry_set_pathname(en, name);
	archive_entry_set_filetype(en, st.st_mode & S_IFMT);
	archive_entry_set_perm(en, S_ISLNK(st.st_mode) ? 0777 : st.st_mode & 07777);
	if (p->when == PACK_OWN_TIMES)
		archive_entry_set_mtime(en, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	else
		archive_entry_set_mtime(en, p->when, 0);
	archive_entry_set_size(en, S_ISREG(st.st_mode) && !first ? st.st_size : 0);
	if (first)
		archive_entry_set_hardlink(en, first);
	if (S_ISLNK(st.st_mode) && !first) {
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		archive_entry_set_symlink(en, target);
	}
	before = utf8_enter();
	if (p->when == PACK_OWN_TIMES && S_ISREG(st.st_mode) && !first)
		r = note_holes(en, path, st.st_size, e);
	/* it warns of a name that is not UTF-8, and keeps its bytes */
	if (r == 0 && archive_write_header(p->ar, en) < ARCHIVE_WARN)
		r = fail_archive(e, p->ar, name);
	else if (r == 0 && S_ISREG(st.st_mode) && !first)
		r = put_bytes(p, path, e);
	archive_entry_free(en);
	utf8_leave(before);
	return r;
}

int
pack_put(struct pack *p, const struct pack_entry *entry, struct err *e)
{
	struct archive_entry *en = archive_entry_new();
	bool device = S_ISCHR(entry->mode) || S_ISBLK(entry->mode);
	locale_t before = utf8_enter();
	int r = 0;

	archive_entry_set_pathname(en, entry->name);
	archive_entry_set_filetype(en, entry->mode & S_IFMT);
	archive_entry_set_perm(en, entry->mode & 07777);
	archive_entry_set_uid(en, entry->uid);
	archive_entry_set_gid(en, entry->gid);
	archive_entry_set_mtime(en, p->when, 0);
	archive_entry_set_size(en, S_ISREG(entry->mode) ? (int64_t)entry->size : 0);
	if (S_ISLNK(entry->mode))
		archive_entry_set_symlink(en, entry->target);
	if (device) {
		archive_entry_set_rdevmajor(en, entry->major);
		archive_entry_set_rdevminor(en, entry->minor);
	}
	if (archive_write_header(p->ar, en) < ARCHIVE_WARN)
		r = fail_archive(e, p->ar, entry->name);
	else if (S_ISREG(entry->mode))
		r = put_bytes(p, entry->path, e);
	archive_entry_free(en);
	utf8_leave(before);
	return r;
}

int
pack_file(const char *path, const char *file, struct err *e)
{
	struct pack *p = begin(file, 0, archive_write_set_format_raw, e);

	if (!p)
		return -1;
	if (pack_add(p, path, "file", e) < 0) {
		pack_abandon(p);
		return -1;
	}
	return pack_end(p, e);
}

/* n bytes of it at `at`, less whole blocks of zeros */
static int
put_block(int to, const char *block, size_t n, uint64_t at, const char *name, struct err *e)
{
	if (!*block && !memcmp(block, block + 1, n - 1))
		return 0;
	return fd_pwrite(to, block, n, &at) < 0 ? fail_errno(e, "unpack %s", name) : 0;
}

/* what a disk has that is no hole packs to a part of it; more than that was made to fill ours */
#define RATIO_MOST 100
#define KEPT_FREE (UINT64_C(64) << 20)

static int
unfile(struct archive *in, const char *name, int to, uint64_t most, struct err *e)
{
	char block[4096], last = 0;
	uint64_t at = 0, kept = 0;
	la_ssize_t n;

	while ((n = archive_read_data(in, block, sizeof block)) > 0) {
		kept += *block || memcmp(block, block + 1, (size_t)n - 1) != 0 ? (uint64_t)n : 0;
		if (kept > KEPT_FREE + RATIO_MOST * (uint64_t)archive_filter_bytes(in, -1))
			return fail(
			    e, "%s: unpacks to more than %d times its size", name, RATIO_MOST);
		if ((uint64_t)n > most - at)
			return fail(e, "%s: unpacks to more than %" PRIu64 " bytes", name, most);
		if (put_block(to, block, (size_t)n, at, name, e) < 0)
			return -1;
		at += (uint64_t)n;
		last = block[n - 1];
	}
	if (n < 0)
		return fail_archive(e, in, name);
	if (!at)
		return fail(e, "%s: is empty", name);
	/* its size, where it ends in a hole: that byte is zero then, or is written again */
	return pwrite(to, &last, 1, (off_t)at - 1) == 1 ? 0 : fail_errno(e, "unpack %s", name);
}

int
pack_unfile(int from, const char *name, int to, uint64_t most, struct err *e)
{
	struct archive *in = archive_read_new();
	struct archive_entry *en;
	int r = -1;

	archive_read_support_format_raw(in);
	archive_read_support_filter_zstd(in);
	if (archive_read_open_fd(in, from, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(in, &en) != ARCHIVE_OK)
		fail_archive(e, in, name);
	else if (archive_filter_code(in, 0) != ARCHIVE_FILTER_ZSTD)
		fail(e, "%s: not packed with zstd", name);
	else
		r = unfile(in, name, to, most, e);
	archive_read_free(in);
	return r;
}

struct walk {
	struct pack *p;
	const char *dir, *name;
};

static int
add_below(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct walk *w = arg;
	struct arena *a = arena_new();
	int r = pack_add(
	    w->p, arena_printf(a, "%s/%s", w->dir, rel), arena_printf(a, "%s/%s", w->name, rel), e);

	(void)st;
	arena_free(a);
	return r;
}

int
pack_tree(struct pack *p, const char *dir, const char *name, struct err *e)
{
	struct walk w = { p, dir, name };

	return pack_add(p, dir, name, e) < 0 ? -1 : beneath_walk(dir, "", add_below, &w, e);
}

uint64_t
pack_unpacked(const struct pack *p)
{
	return p->unpacked;
}

void
pack_private(struct pack *p)
{
	p->mode = 0600;
}

int
pack_end(struct pack *p, struct err *e)
{
	int r = archive_write_close(p->ar) == ARCHIVE_OK ? 0 : fail_archive(e, p->ar, p->file);

	if (r == 0 && (chmod(p->tmp, p->mode) < 0 || rename(p->tmp, p->file) < 0))
		r = fail_errno(e, "%s", p->file);
	pack_abandon(p);
	return r;
}

void
pack_abandon(struct pack *p)
{
	archive_write_free(p->ar);
	if (*p->tmp)
		unlink(p->tmp); /* no longer there when it has its name */
	arena_free(p->a);
}

/* ---- reading ---- */

/* does it stay below where it is put */
static bool
is_inside(const char *name)
{
	if (*name == '/' || !*name)
		return false;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !strncmp(name, "..", 2))
			return false;
		name += n + (name[n] == '/');
	}
	return true;
}

/* an archive on its way to the disk */
struct unpacking {
	struct archive *in, *out;
	const char *file, *dir; /* dir: without symlinks */
	bool over;
	uint64_t left; /* of what it may unpack to */
};

static int
spend(struct unpacking *u, uint64_t n, struct err *e)
{
	if (n > u->left)
		return fail(e, "%s: refused: unpacks to more than it should", u->file);
	u->left -= n;
	return 0;
}

static int
put_content(struct unpacking *u, uint64_t size, struct err *e)
{
	const void *p;
	size_t n;
	int64_t at;
	int r;

	while ((r = archive_read_data_block(u->in, &p, &n, &at)) == ARCHIVE_OK) {
		if (at < 0 || (uint64_t)at + n > size)
			return fail(e, "%s: refused: a file is longer than it says", u->file);
		if (archive_write_data_block(u->out, p, n, at) != ARCHIVE_OK)
			return fail_archive(e, u->out, u->file);
	}
	return r == ARCHIVE_EOF ? 0 : fail_archive(e, u->in, u->file);
}

/* with nothing but folders on the way to it */
static bool
in_folder(const char *dir, const char *rel)
{
	char *up = strdupa(rel), *slash = strrchr(up, '/');

	*(slash ? slash : up) = '\0';
	return beneath_type(dir, up) == BENEATH_FOLDER;
}

/* a symlink or a fifo, which libarchive makes no second name for */
static bool
is_special(const char *dir, const char *rel, const char *path)
{
	struct stat st;

	return in_folder(dir, rel) && lstat(path, &st) == 0 &&
	       (S_ISLNK(st.st_mode) || S_ISFIFO(st.st_mode));
}

/* what it is another name of has to be there, no folder, and no symlink on the way to it */
static int
put_twin(struct unpacking *u, struct archive_entry *en, struct err *e)
{
	const char *name = archive_entry_pathname(en), *first = archive_entry_hardlink(en);
	char path[PATH_MAX], to[PATH_MAX];
	bool special;

	if ((size_t)snprintf(path, sizeof path, "%s/%s", u->dir, first) >= sizeof path ||
	    (size_t)snprintf(to, sizeof to, "%s/%s", u->dir, name ? name : "") >= sizeof to)
		return fail(e, "%s: refused: a name is too long", u->file);
	special = is_inside(first) && is_special(u->dir, first, path);
	if (!name || !is_inside(name) || !is_inside(first) ||
	    (special ? !in_folder(u->dir, name) : beneath_type(u->dir, first) != BENEATH_FILE))
		return fail(e, "%s: refused: %s: unsafe path or unsupported entry type", u->file,
		    name ? name : "an entry");
	if (spend(u, ENTRY, e) < 0)
		return -1;
	if (special)
		return beneath_remove(u->dir, name, e) < 0	     ? -1
		       : linkat(AT_FDCWD, path, AT_FDCWD, to, 0) < 0 ? fail_errno(e, "%s", to)
								     : 0;
	archive_entry_set_hardlink(en, path);
	archive_entry_set_pathname(en, to);
	archive_entry_unset_size(en); /* a file's bytes would be cut to it */
	if (archive_write_header(u->out, en) != ARCHIVE_OK)
		return fail_archive(e, u->out, u->file);
	return archive_write_finish_entry(u->out) == ARCHIVE_OK ? 0
								: fail_archive(e, u->out, u->file);
}

static int
put_entry(struct unpacking *u, struct archive_entry *en, struct err *e)
{
	const char *name = archive_entry_pathname(en);
	char path[PATH_MAX];
	mode_t type = archive_entry_filetype(en);
	int64_t size = type == AE_IFREG ? archive_entry_size(en) : 0;

	if (u->over && archive_entry_hardlink(en))
		return put_twin(u, en, e);
	if (!name || !is_inside(name) || archive_entry_hardlink(en) || size < 0 ||
	    (type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK && type != AE_IFIFO))
		return fail(e, "%s: refused: %s: unsafe path or unsupported entry type", u->file,
		    name ? name : "an entry");
	if ((size_t)snprintf(path, sizeof path, "%s/%s", u->dir, name) >= sizeof path)
		return fail(e, "%s: refused: a name is too long", u->file);
	if (spend(u, ENTRY, e) < 0 || spend(u, (uint64_t)size, e) < 0)
		return -1;
	archive_entry_set_pathname(en, path);
	/* libarchive takes the setuid bit from what is another's */
	archive_entry_set_uid(en, geteuid());
	archive_entry_set_gid(en, getegid());
	if (archive_write_header(u->out, en) != ARCHIVE_OK)
		return fail_archive(e, u->out, u->file);
	if (put_content(u, (uint64_t)size, e) < 0)
		return -1;
	return archive_write_finish_entry(u->out) == ARCHIVE_OK ? 0
								: fail_archive(e, u->out, u->file);
}

int
pack_open(const char *file, const char *dir, bool over, uint64_t most, struct err *e)
{
	char real[PATH_MAX]; /* of all symlinks only those above dir are to be trusted */
	struct unpacking u = { .in = archive_read_new(),
		.out = archive_write_disk_new(),
		.file = file,
		.dir = real,
		.over = over,
		.left = most };
	struct archive_entry *en;
	locale_t before = utf8_enter();
	int r, result = -1;

	archive_read_support_format_tar(u.in);
	archive_read_support_filter_zstd(u.in);
	archive_write_disk_set_options(
	    u.out, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
		       ARCHIVE_EXTRACT_SECURE_NODOTDOT | (over ? ARCHIVE_EXTRACT_UNLINK : 0));
	if (!realpath(dir, real)) {
		fail_errno(e, "%s", dir);
		goto free_both;
	}
	if (archive_read_open_filename(u.in, file, BLOCK) != ARCHIVE_OK) {
		fail_archive(e, u.in, file);
		goto free_both;
	}
	while ((r = archive_read_next_header(u.in, &en)) == ARCHIVE_OK)
		if (put_entry(&u, en, e) < 0)
			goto free_both;
	if (r != ARCHIVE_EOF)
		fail_archive(e, u.in, file);
	else if (archive_write_close(u.out) != ARCHIVE_OK) /* folders get their permissions last */
		fail_archive(e, u.out, file);
	else
		result = 0;

free_both:
	archive_read_free(u.in);
	archive_write_free(u.out);
	utf8_leave(before);
	return result;
}

int
pack_first(struct arena *a, const char *file, const char *name, size_t most, char **text, size_t *n,
    struct err *e)
{
	struct archive *in = archive_read_new();
	struct archive_entry *en;
	locale_t before = utf8_enter();
	const char *is;
	int r = -1;

	archive_read_support_format_tar(in);
	archive_read_support_filter_zstd(in);
	if (archive_read_open_filename(in, file, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(in, &en) != ARCHIVE_OK) {
		fail_archive(e, in, file);
	} else if (!(is = archive_entry_pathname(en)) || strcmp(is, name) ||
		   archive_entry_filetype(en) != AE_IFREG || archive_entry_size(en) < 0 ||
		   (uint64_t)archive_entry_size(en) > most) {
		fail(e, "%s: does not begin with %s", file, name);
	} else {
		*n = (size_t)archive_entry_size(en);
		*text = arena_alloc(a, *n + 1);
		r = archive_read_data(in, *text, *n) == (la_ssize_t)*n ? 0
								       : fail_archive(e, in, file);
	}
	archive_read_free(in);
	utf8_leave(before);
	return r;
}
