/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/unpack.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "build/base/path.h"
#include "build/base/utf8.h"
#include "build/files/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)
#define MIB (UINT64_C(1) << 20)
#define ENTRY 512 /* what an entry counts for beside its bytes: at least a name and an inode */
/* memory to decode with: what xz -9 has packed needs 65 MiB; who wants more makes us run out of it
 */
#define XZ_MEMORY "1GiB"

/*
 * Nothing is ever opened through a path of more than one name: folders are entered one
 * by one, never through a symlink, so that no order of entries leads outside.
 */
struct unpack {
	const char *archive;
	int fd; /* of it: what is read is one file, whatever happens to its name */
	unsigned strip;
	const char *const *only; /* patterns, or none: all */
	size_t nonly;
	bool *met; /* by pattern */
	int root;
	int dir;		  /* the folder of the entry before, mostly that of the next; -1 */
	char at[PATH_MAX];	  /* its path below root */
	const char *shown;	  /* the entry as the archive names it */
	struct unpack_look *look; /* only look at these: nothing is written, there is no root */
	size_t nlook, nseen;
	unsigned most; /* MiB; 0: any */
	uint64_t left; /* of them, in bytes */
	struct err *e;
};

static int
refuse(struct unpack *u, const char *reason)
{
	return fail(
	    u->e, "%s: refused: %s: %s", u->archive, u->shown ? u->shown : "(an entry)", reason);
}

static int
fail_here(struct unpack *u)
{
	char path[64], root[PATH_MAX];
	int why = errno;
	ssize_t n;

	if (why == ENAMETOOLONG) /* no other machine would take it */
		return refuse(u, "name too long");
	fail(u->e, "%s: %s: %s", u->archive, u->shown, strerror(why));
	u->e->code = EXIT_SYSTEM;
	snprintf(path, sizeof path, "/proc/self/fd/%d", u->root);
	n = readlink(path, root, sizeof root - 1);
	root[n > 0 ? n : 0] = '\0';
	err_full(u->e, why, root);
	return -1;
}

static int
fail_archive(struct unpack *u, struct archive *ar)
{
	const char *said = archive_error_string(ar);

	return fail(u->e, "%s: damaged, or not a tar archive: %s", u->archive,
	    said ? said : "unknown error");
}

/*
 * The path below root without "." and empty names, its first strip names cut off; "" when
 * nothing is left.  what says whose path it is.
 */
static int
clean(
    struct unpack *u, const char *path, char out[PATH_MAX], const char *absolute, const char *dots)
{
	unsigned strip = u->strip;
	size_t n = 0, len;
	const char *name;

	if (*path == '/')
		return refuse(u, absolute);
	out[0] = '\0';
	while ((name = path_next(&path, &len))) {
		if (path_is_up(name, len))
			return refuse(u, dots);
		if (strip) {
			strip--;
			continue;
		}
		if (n + len + 2 > PATH_MAX)
			return refuse(u, "name too long");
		if (n)
			out[n++] = '/';
		memcpy(out + n, name, len);
		n += len;
		out[n] = '\0';
	}
	return 0;
}

/* enters one folder, making it if need be; closes from unless it is root */
static int
enter(struct unpack *u, int from, const char *name)
{
	int fd = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), why;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(from, name, 0755) == 0 && fchmodat(from, name, 0755, 0) == 0)
			fd = openat(from, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	why = errno;
	if (fd < 0 && why == ENOTDIR) {
		struct stat st;

		if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
			refuse(u, "passes through a symlink");
		else
			refuse(u, "passes through a file");
	} else if (fd < 0) {
		errno = why;
		fail_here(u);
	}
	if (from != u->root)
		close(from);
	return fd;
}

/*
 * The folder that holds path, as a descriptor that is u's, and path's last name.  Entries
 * come folder by folder: the last one is kept.
 */
static int
parent(struct unpack *u, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	char part[NAME_MAX + 1];

	*name = slash ? slash + 1 : path;
	if (u->dir >= 0 && strlen(u->at) == len && !strncmp(u->at, path, len))
		return u->dir;
	if (u->dir >= 0 && u->dir != u->root)
		close(u->dir);
	u->dir = u->root;
	memcpy(u->at, path, len);
	u->at[len] = '\0';
	for (const char *s = u->at; *s;) {
		size_t n = strcspn(s, "/");

		if (n > NAME_MAX) {
			refuse(u, "name too long");
			goto lost;
		}
		memcpy(part, s, n);
		part[n] = '\0';
		u->dir = enter(u, u->dir, part);
		if (u->dir < 0)
			return -1;
		s += n + (s[n] == '/');
	}
	return u->dir;

lost:
	if (u->dir != u->root)
		close(u->dir);
	u->dir = -1;
	return -1;
}

/* what an earlier entry left under this name makes place, as tar(1) does it; a folder does not */
static int
make_room(struct unpack *u, int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno == EISDIR)
		return refuse(u, "a folder of that name exists already");
	return fail_here(u);
}

/* what little the archive has may be packed from much: it is counted before any of it is written */
static int
spend(struct unpack *u, struct archive_entry *en)
{
	la_int64_t size = archive_entry_filetype(en) == AE_IFREG ? archive_entry_size(en) : 0;

	if (size < 0)
		return refuse(u, "shorter than nothing");
	if (u->most && ENTRY + (uint64_t)size > u->left)
		return fail(u->e,
		    "%s: refused: unpacks to more than the %u MiB of UNPACK_LIMIT; raise it if "
		    "this source is so large",
		    u->archive, u->most);
	u->left -= u->most ? ENTRY + (uint64_t)size : 0;
	return 0;
}

static int
put_data(struct unpack *u, struct archive *ar, int fd, uint64_t size)
{
	const void *p;
	size_t n;
	la_int64_t at;
	int r;

	while ((r = archive_read_data_block(ar, &p, &n, &at)) == ARCHIVE_OK) {
		uint64_t to = (uint64_t)at;

		if (at < 0 || to + n > size)
			return refuse(u, "longer than it says");
		if (fd_pwrite(fd, p, n, &to) < 0)
			return fail_here(u);
	}
	return r == ARCHIVE_EOF ? 0 : fail_archive(u, ar);
}

static int
put_file(struct unpack *u, struct archive *ar, struct archive_entry *en, int dir, const char *name)
{
	mode_t mode = archive_entry_perm(en) & 0100 ? 0755 : 0644;
	struct timespec when = { .tv_sec = archive_entry_mtime(en),
		.tv_nsec = archive_entry_mtime_nsec(en) };
	int fd, r;

	if (make_room(u, dir, name) < 0)
		return -1;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_here(u);
	r = put_data(u, ar, fd, (uint64_t)archive_entry_size(en));
	if (r == 0 && archive_entry_sparse_count(en) &&
	    ftruncate(fd, archive_entry_size(en)) < 0) /* a hole at its end */
		r = fail_here(u);
	if (r == 0 && (fchmod(fd, mode) < 0 || futimens(fd, (struct timespec[]){ when, when }) < 0))
		r = fail_here(u);
	close(fd);
	return r;
}

/*
 * A symlink may lead up, then down, and not above root: as nothing is ever made behind a
 * symlink, the folders it is in are real ones and can be counted.  A ".." behind a name
 * is another matter, for the name may be a symlink.
 */
static int
check_symlink(struct unpack *u, const char *path, const char *target)
{
	size_t depth = 0;
	bool named = false;

	if (!target || !*target)
		return refuse(u, "symlink without a target");
	if (*target == '/')
		return refuse(u, "symlink to an absolute name");
	for (const char *s = path; *s; s++)
		depth += *s == '/';
	for (const char *s = target; *s;) {
		size_t n = strcspn(s, "/");

		if (n == 2 && !strncmp(s, "..", 2)) {
			if (named)
				return refuse(u, "symlink with .. after a name");
			if (depth-- == 0)
				return refuse(u, "symlink that points outside");
		} else if (n && !(n == 1 && *s == '.')) {
			named = true;
		}
		s += n;
		s += strspn(s, "/");
	}
	return 0;
}

static int
put_symlink(struct unpack *u, struct archive_entry *en, int dir, const char *path, const char *name,
    const char *target)
{
	struct timespec when = { .tv_sec = archive_entry_mtime(en),
		.tv_nsec = archive_entry_mtime_nsec(en) };

	if (check_symlink(u, path, target) < 0)
		return -1;
	if (make_room(u, dir, name) < 0)
		return -1;
	if (symlinkat(target, dir, name) < 0 ||
	    utimensat(dir, name, (struct timespec[]){ when, when }, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_here(u);
	return 0;
}

/* another name for a file, or for a symlink, which may lead outside from where it is now */
static int
put_hardlink(struct unpack *u, struct archive_entry *en, const char *path)
{
	char to[PATH_MAX], led[PATH_MAX];
	const char *name, *other, *target = archive_entry_hardlink(en);
	struct stat st;
	int dir, from, r = 0;
	ssize_t n;

	if (clean(u, target, to, "hard link to an absolute name", "hard link to a name with ..") <
	    0)
		return -1;
	if (!*to)
		return refuse(u, "hard link to a file that is not unpacked");
	if (!strcmp(to, path))
		return 0;
	if (parent(u, to, &other) < 0)
		return -1;
	from = fcntl(u->dir, F_DUPFD_CLOEXEC, 0);
	if (from < 0)
		return fail_here(u);
	n = readlinkat(from, other, led, sizeof led - 1);
	if (n >= 0) {
		led[n] = '\0';
		dir = parent(u, path, &name);
		r = dir < 0 ? -1 : put_symlink(u, en, dir, path, name, led);
	} else if (fstatat(from, other, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		r = refuse(u, "hard link to a file that is not in this archive");
	else if ((dir = parent(u, path, &name)) < 0 || make_room(u, dir, name) < 0)
		r = -1;
	else if (linkat(from, other, dir, name, 0) < 0)
		r = fail_here(u);
	close(from);
	return r;
}

/* a name in bytes; what cannot be said in this locale is taken as UTF-8 */
static const char *
name_of(struct archive_entry *en)
{
	const char *name = archive_entry_pathname(en);

	return name ? name : archive_entry_pathname_utf8(en);
}

/* does a pattern match the path, or a folder it is in; "a/b" can match a/b/c, not a */
static bool
matches(const char *pattern, const char *path)
{
	char head[PATH_MAX];
	size_t depth = 1, n = 0;

	for (const char *s = pattern; *s; s++)
		depth += *s == '/';
	for (; path[n]; n++)
		if (path[n] == '/' && --depth == 0)
			break;
	memcpy(head, path, n);
	head[n] = '\0';
	return fnmatch(pattern, head, FNM_PATHNAME) == 0;
}

static bool
wanted(struct unpack *u, const char *path)
{
	bool any = !u->nonly;

	for (size_t i = 0; i < u->nonly; i++)
		if (matches(u->only[i], path))
			any = u->met[i] = true;
	return any;
}

static int
put_entry(struct unpack *u, struct archive *ar, struct archive_entry *en)
{
	char path[PATH_MAX];
	const char *name;
	mode_t type = archive_entry_filetype(en);
	int dir;

	if (!u->shown)
		return refuse(u, "its name is neither text of this locale nor UTF-8");
	if (clean(u, u->shown, path, "absolute name", "name with ..") < 0)
		return -1;
	if (!archive_entry_hardlink(en) && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return refuse(u, type == AE_IFCHR || type == AE_IFBLK ? "a device"
				 : type == AE_IFIFO		      ? "a fifo"
						    : "neither file, folder nor link");
	if (!*path || !wanted(u, path)) /* the first: above what is wanted */
		return 0;
	if (archive_entry_hardlink(en))
		return put_hardlink(u, en, path);
	dir = parent(u, path, &name);
	if (dir < 0)
		return -1;
	if (type == AE_IFREG)
		return put_file(u, ar, en, dir, name);
	if (type == AE_IFLNK)
		return put_symlink(u, en, dir, path, name, archive_entry_symlink(en));
	dir = enter(u, dir == u->root ? dir : fcntl(dir, F_DUPFD_CLOEXEC, 0), name);
	if (dir < 0)
		return -1;
	close(dir);
	return 0;
}

static int
look_at(struct unpack *u, struct archive *ar, struct archive_entry *en)
{
	struct unpack_look *it = u->look;
	char path[PATH_MAX];
	struct digest *d;
	const void *p;
	size_t n;
	la_int64_t ignored;
	int r;

	if (!u->shown || archive_entry_filetype(en) != AE_IFREG || archive_entry_hardlink(en))
		return 0;
	if (clean(u, u->shown, path, "absolute name", "name with ..") < 0)
		return -1;
	while (it < u->look + u->nlook && (*it->sha256 || strcmp(it->path, path) != 0))
		it++;
	if (it == u->look + u->nlook)
		return 0;
	d = digest_new();
	while ((r = archive_read_data_block(ar, &p, &n, &ignored)) == ARCHIVE_OK) {
		digest_add(d, p, n);
		if (it->text)
			buf_add(it->text, p, n);
	}
	digest_end(d, it->sha256);
	u->nseen++;
	return r == ARCHIVE_EOF ? 0 : fail_archive(u, ar);
}

static int
put_all(struct unpack *u, struct archive *ar)
{
	struct archive_entry *en;
	int r;

	while ((!u->look || u->nseen < u->nlook) &&
	       (r = archive_read_next_header(ar, &en)) != ARCHIVE_EOF) {
		if (r == ARCHIVE_RETRY)
			continue;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) /* a warning is about what we don't use,
							     or shows in the name */
			return fail_archive(u, ar);
		u->shown = name_of(en);
		if (spend(u, en) < 0 || (u->look ? look_at(u, ar, en) : put_entry(u, ar, en)) < 0)
			return -1;
	}
	return 0;
}

/*
 * xz(1) decodes beside us, the library in turn with us; which is most of the time that a kernel
 * takes.  It has one thread: more would need tokens of the jobserver.  Without xz(1) the library
 * has to do.
 */
static bool
start_xz(const char *archive, int fd, struct child *xz)
{
	size_t n = strlen(archive);
	struct arena *a;
	struct argv v;
	bool ok;

	*xz = (struct child){ .pidfd = -1, .out = -1, .in = -1 };
	if (n < 3 || strcmp(archive + n - 3, ".xz"))
		return false;
	a = arena_new();
	v = (struct argv){ .a = a };
	argv_pushv(&v, "xz", "-dcqq", "-T1", "--memlimit-decompress=" XZ_MEMORY, "--", NULL);
	argv_pushf(&v, "/proc/self/fd/%d", fd);
	/* XZ_OPT and XZ_DEFAULTS are options, too */
	ok = child_start(xz, v.v,
		 &(struct child_opts){
		     .env = (char *[]){ NULL }, .split_err = true, .keep = &fd, .nkeep = 1 },
		 &(struct err){ 0 }) == 0;
	arena_free(a);
	return ok;
}

/*
 * what it has to say is in its exit status: the end of its output may be an early one; who only
 * looks has no use for the rest
 */
static int
end_xz(struct unpack *u, struct child *xz, bool good)
{
	char rest[512];
	int status;

	if (good && u->look) {
		child_kill(xz, SIGKILL);
		return child_wait(xz, &status, u->e);
	}
	while (good && read(xz->out, rest, sizeof rest) > 0)
		; /* padding behind the archive's end */
	if (!good)
		child_kill(xz, SIGKILL);
	if (child_wait(xz, &status, good ? u->e : &(struct err){ 0 }) < 0)
		return -1;
	if (good && status != 0)
		return fail(u->e,
		    "%s: damaged, or made to need more than " XZ_MEMORY " of memory: xz cannot "
		    "decode it",
		    u->archive);
	return good ? 0 : -1;
}

static int
unpack_to(struct unpack *u)
{
	struct archive *ar = archive_read_new();
	struct child xz;
	bool piped = start_xz(u->archive, u->fd, &xz);
	int r;

	archive_read_support_filter_gzip(ar);
	archive_read_support_filter_bzip2(ar);
	archive_read_support_filter_xz(ar);
	archive_read_support_format_tar(ar);
	r = archive_read_open_fd(ar, piped ? xz.out : u->fd, READ_SIZE);
	r = r == ARCHIVE_OK ? put_all(u, ar) : fail_archive(u, ar);
	if (piped)
		r = end_xz(u, &xz, r == 0);
	archive_read_free(ar);
	if (u->dir >= 0 && u->dir != u->root)
		close(u->dir);
	return r;
}

static int
unpack_named(struct unpack *u)
{
	locale_t before = utf8_enter();
	int r = unpack_to(u);

	utf8_leave(before);
	return r;
}

int
unpack(const char *archive, const char *dir, unsigned strip, struct err *e)
{
	return unpack_with(archive, dir, &(struct unpack_opts){ .strip = strip }, e);
}

/* opens it, and makes sure of what it is: a name is a promise, a digest is not */
static int
open_archive(struct unpack *u, const char *sha256)
{
	char path[64], hex[DIGEST_HEX];

	u->fd = file_open(u->archive, 0, u->e);
	if (u->fd < 0)
		return -1;
	if (!sha256)
		return 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d", u->fd);
	if (digest_file(path, hex, u->e) < 0)
		return -1;
	if (strcmp(hex, sha256) != 0)
		return fail(u->e, "%s: sha256 is %s, expected %s", u->archive, hex, sha256);
	return 0;
}

int
unpack_with(const char *archive, const char *dir, const struct unpack_opts *o, struct err *e)
{
	struct arena *a;
	struct unpack u = { .archive = archive,
		.strip = o->strip,
		.only = o->only,
		.nonly = o->nonly,
		.dir = -1,
		.most = o->most,
		.left = o->most * MIB,
		.e = e };
	int r = open_archive(&u, o->sha256);

	if (r == 0)
		r = file_mkdirs(dir, 0755, e);
	if (r < 0)
		goto close_archive;
	u.root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (u.root < 0) {
		r = fail_errno(e, "%s", dir);
		goto close_archive;
	}
	a = arena_new();
	u.met = arena_array(a, u.nonly + 1, sizeof *u.met);
	r = unpack_named(&u);
	for (size_t i = 0; i < u.nonly && r == 0; i++)
		if (!u.met[i])
			r = fail(e, "%s: no entry matches %s, which the recipe unpacks", archive,
			    u.only[i]);
	arena_free(a);
	close(u.root);
close_archive:
	if (u.fd >= 0)
		close(u.fd);
	return r;
}

int
unpack_look(const char *archive, unsigned strip, unsigned most, struct unpack_look *v, size_t n,
    struct err *e)
{
	struct unpack u = { .archive = archive,
		.strip = strip,
		.look = v,
		.nlook = n,
		.most = most,
		.left = most * MIB,
		.root = -1,
		.dir = -1,
		.e = e };
	int r;

	for (size_t i = 0; i < n; i++)
		v[i].sha256[0] = '\0';
	r = open_archive(&u, NULL);
	if (r == 0)
		r = unpack_named(&u);
	if (u.fd >= 0)
		close(u.fd);
	return r;
}
